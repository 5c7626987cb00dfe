"""Who is a mule in a simulated bank, in which ring, from when, and what that ends.

For `simulator`. Main types: `Ring`, `Plan`; main function: `plan_mules`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qonys.core.draws import uniform
from qonys.oversight._sim_lives import Life
from qonys.oversight._sim_people import ABSENT, NEVER, NEWCOMER, People
from qonys.oversight._sim_spec import Spec

_TAIL = 4  #: Days before the end by which a ring has begun.


@dataclass(frozen=True)
class Ring:
    """Mules who are used together.

    Parameters
    ----------
    number : int
        From 0.
    typology : str
        Name of the shape of the paths.
    members : tuple of int
        Clients; the first is the source, hub or recruiter where there is one.
    begin : int
        Day of the first use.
    controller : int
        Who holds the telephones of the accounts, -1 where holders keep theirs.
    """

    number: int
    typology: str
    members: tuple[int, ...]
    begin: int
    controller: int


@dataclass(frozen=True)
class Plan:
    """All rings, and what they leave of honest lives.

    Parameters
    ----------
    rings : tuple of Ring
        In the order of their numbers.
    life : Life
        When accounts are used honestly.
    """

    rings: tuple[Ring, ...]
    life: Life

    @property
    def mules(self) -> np.ndarray:
        """Clients who are mules, in order."""
        return np.array(sorted(one for ring in self.rings for one in ring.members), dtype=int)


def plan_mules(spec: Spec, people: People) -> Plan:
    """Who is a mule, in which ring, from when.

    Parameters
    ----------
    spec : Spec
        Parameters.
    people : People
        The clients.
    """
    mules = _recruit(spec, people)
    rings: list[Ring] = []
    for number, (typology, members) in enumerate(_rings(spec, mules)):
        rng = generator(spec, "plan", number)
        begin = _begin(spec, people, typology, members, rng)
        handed = typology == "dormant" or rng.random() < spec.number("mules.handed_over")
        count = max(1, int(len(mules) * 0.4 / spec.number("mules.controllers")))
        controller = int(rng.integers(count)) if handed else -1
        rings.append(Ring(number, typology, members, begin, controller))
    return Plan(tuple(rings), _lives(spec, people, rings))


def generator(spec: Spec, purpose: str, number: int) -> np.random.Generator:
    """Draws of a ring, whatever other rings do.

    Parameters
    ----------
    spec : Spec
        Parameters.
    purpose : str
        What is drawn.
    number : int
        The ring's.
    """
    key = uniform(spec.seed, f"ring {purpose}", "", np.array([number]))[0]
    return np.random.Generator(np.random.PCG64(int(key * 2**53)))


def _recruit(spec: Spec, people: People) -> np.ndarray:
    """Mules, in a drawn order: the asked share of non-residents as far as the caps let it."""
    count = round(len(people) * spec.number("mule_share"))
    weight = spec.numbers("mules.recruited")[people.profile]
    draws = uniform(spec.seed, "recruited", "", np.arange(len(people)))
    with np.errstate(divide="ignore"):
        rank = -np.log1p(-draws) / weight
    usable = (people.opened <= spec.days * 0.7) & (weight > 0)
    outside = round(count * spec.number("mules.nonresident_share"))
    newcomers = int((people.group == NEWCOMER).sum() * spec.number("mules.newcomer_cap"))
    absent = int((people.group == ABSENT).sum() * spec.number("mules.absent_cap"))
    chosen: list[np.ndarray] = []
    left = outside
    for group, cap in ((NEWCOMER, newcomers), (ABSENT, absent)):
        pool = np.flatnonzero(usable & ~people.resident & (people.group == group))
        chosen.append(pool[np.argsort(rank[pool], kind="stable")][: min(cap, left)])
        left -= len(chosen[-1])
    pool = np.flatnonzero(usable & people.resident & (people.group != NEWCOMER))
    rest = count - sum(len(part) for part in chosen)
    chosen.append(pool[np.argsort(rank[pool], kind="stable")][:rest])
    found = np.concatenate(chosen)
    return found[np.argsort(uniform(spec.seed, "ring order", "", found), kind="stable")]


def _rings(spec: Spec, mules: np.ndarray) -> list[tuple[str, tuple[int, ...]]]:
    """Mules dealt to typologies, always to the one that lacks most of its share."""
    names = spec.names("typologies")
    weights = np.array([spec.number(f"typologies.{name}.weight") for name in names])
    asked = weights / weights.sum() * len(mules)
    ends = {name: spec.pair(f"typologies.{name}.size") for name in names}
    given, at = np.zeros(len(names)), 0
    found: list[tuple[str, tuple[int, ...]]] = []
    while at < len(mules):
        left = len(mules) - at
        fits = np.array([ends[name][0] <= left for name in names]) & (weights > 0)
        if not fits.any():
            break  # the last few do not fill a ring: they stay honest
        # What is not begun yet goes first, so that a small bank has every shape it can.
        lack = np.where(fits, (asked - given) + np.where(given == 0, weights, 0), -np.inf)
        which = int(np.argmax(lack))
        low, high = ends[names[which]]
        draw = uniform(spec.seed, "ring size", names[which], np.array([len(found)]))[0]
        size = min(int(low + draw * (high + 1 - low)), left)
        found.append((names[which], tuple(int(one) for one in mules[at : at + size])))
        given[which] += size
        at += size
    return found


def _begin(
    spec: Spec,
    people: People,
    typology: str,
    members: Sequence[int],
    rng: np.random.Generator,
) -> int:
    """First day of a ring; drift moves typologies to the beginning or the end."""
    opened = int(people.opened[list(members)].max())
    last = spec.days - _TAIL
    first = max(opened + 1, int(spec.days * 0.35) if typology == "dormant" else 2)
    if opened >= 0 and typology != "dormant":
        last = min(last, opened + 30)  # opened for the purpose
    slope = spec.number(f"typologies.{typology}.drift") * spec.number("drift")
    u = float(rng.random())
    x = np.log1p(u * np.expm1(slope)) / slope if abs(slope) > 1e-6 else u
    return int(min(first + x * max(last - first, 0), spec.days - 2))


def _lives(spec: Spec, people: People, rings: Sequence[Ring]) -> Life:
    n = len(people)
    until = np.full(n, spec.days + 1)
    quiet_from, quiet_until = np.full(n, NEVER), np.full(n, NEVER)
    low, high = spec.pair("typologies.dormant.silence")
    for ring in rings:
        rng = generator(spec, "life", ring.number)
        for one in ring.members:
            silent = ring.controller >= 0 or people.opened[one] >= 0
            if ring.typology == "dormant":
                quiet_from[one] = ring.begin - int(low + rng.random() * (high - low))
                quiet_until[one] = until[one] = ring.begin
            elif silent and rng.random() < spec.number("mules.silent"):
                until[one] = ring.begin
    return Life(until, quiet_from, quiet_until)
