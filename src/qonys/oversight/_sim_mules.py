"""Paths of the money of a simulated bank's mules, by typology.

For `simulator`. Main function: `add_mules`. Money that comes to a mule fills a purse; what
leaves it is a share of the purse, so that in equals out, fees and what is kept, whatever the
victims could pay.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from qonys.oversight._sim_ledger import (
    CASH,
    DAY,
    FAR,
    FREE,
    HOUR,
    MINUTE,
    OTHER_BANK,
    SHRINK,
    STRANGER,
    Intentions,
)
from qonys.oversight._sim_people import Parties, People
from qonys.oversight._sim_plan import Plan, Ring, generator
from qonys.oversight._sim_spec import Spec

_QUARTERS = np.linspace(0, 1, 5)


class _Paths:
    """Adds the rows of one ring.

    Parameters
    ----------
    spec, people, parties, ring
        What it is made of.
    victims : ndarray of int
        Clients whose money may be taken.
    rows : Intentions
        Gives purses.
    """

    def __init__(
        self,
        spec: Spec,
        people: People,
        parties: Parties,
        ring: Ring,
        victims: np.ndarray,
        rows: Intentions,
    ) -> None:
        self.spec, self.people, self.parties, self.ring = spec, people, parties, ring
        self.victims, self.rows = victims, rows
        self.rng = generator(spec, "paths", ring.number)
        self.age = ring.begin / spec.days  # how far drift has come
        self.found: list[dict[str, Any]] = []
        self.collectors = [int(parties.pick("OTHER", self.rng.random(1))[0]) for _ in range(3)]

    # ------------------------------------------------------------ draws

    def between(self, key: str) -> float:
        low, high = self.spec.pair(f"mules.{key}")
        return low + (high - low) * float(self.rng.random())

    def whole(self, key: str) -> int:
        low, high = self.spec.pair(key)
        return int(self.rng.integers(int(low), int(high) + 1))

    def spread(self, key: str) -> float:
        median, spread = self.spec.pair(f"mules.{key}")
        return median * float(np.exp(spread * self.rng.standard_normal()))

    def pace(self, quick: bool = False) -> tuple[float, float]:
        """Least and most seconds from in to out, for an operation; quicker with drift."""
        weights = self.spec.numbers("mules.speeds")
        weights = weights * np.exp(self.spec.number("drift") * self.age * np.array([1, 0, -1]))
        if quick:
            weights[2] = 0 if weights[:2].sum() else weights[2]
        speed = int(self.rng.choice(3, p=weights / weights.sum()))
        name, unit = (("minutes", MINUTE), ("hours", HOUR), ("nights", DAY))[speed]
        low, high = self.spec.pair(f"mules.{name}")
        return low * unit, high * unit

    def gap(self, pace: tuple[float, float]) -> int:
        return max(int(pace[0] + (pace[1] - pace[0]) * self.rng.random()), MINUTE)

    def moment(self, day: float) -> int:
        hour = np.interp(self.rng.random(), _QUARTERS, self.spec.numbers("clocks.mules"))
        return int(int(day) * DAY + hour * HOUR)

    def moments(self) -> list[int]:
        """When the ring is used: its first day, then here and there while it lives."""
        life = max(self.spread("life") * (1 - 0.5 * self.spec.number("drift") * self.age), 1)
        count = max(1, round(self.spread("operations")))
        days = np.sort(self.rng.random(count - 1)) * life
        room = self.spec.days * DAY - 3 * HOUR
        found = [self.moment(self.ring.begin + day) for day in (0.0, *days)]
        return [found[0], *(one for one in found[1:] if one < room)]

    # ------------------------------------------------------------ money

    def purse(self, key: str = "kept") -> int:
        return int(self.rows.purse(np.array([self.between(key)]))[0])

    def add(
        self,
        time: int,
        sender: int,
        receiver: int,
        channel: str = "p2p",
        kind: str = "transfer",
        **more: Any,
    ) -> None:
        self.found.append(
            {
                "time": time,
                "sender": sender,
                "receiver": receiver,
                "channel": channel,
                "kind": kind,
                "ring": self.ring.number,
                **more,
            }
        )

    def steal(
        self,
        mule: int,
        purse: int,
        time: int,
        count: int = 0,
        amount: float = 0.0,
        within: int = 30 * MINUTE,
    ) -> int:
        """Victims send money; says when the last did."""
        count = count or self.whole("mules.victims")
        low, high = self.spec.pair("mules.inflow_ends")
        at = [time, *(time + int(within * self.rng.random()) for _ in range(count - 1))]
        for number, moment in enumerate(at):
            taken = amount or min(max(self.spread("inflow"), low), high)
            # The first is of another bank, so that something comes for certain.
            own = number > 0 and len(self.victims) > 0
            own = own and self.rng.random() < self.spec.number("mules.own_victims") * count / (
                count - 1
            )
            victim = (
                int(self.rng.choice(self.victims))
                if own
                else int(self.parties.pick("OTHER", self.rng.random(1))[0])
            )
            self.add(moment, victim, mule, amount=taken, unit=1000, mode=SHRINK, into=purse)
        return max(at)

    def shares(self, parts: int) -> list[float]:
        """Shares of what is left, so that parts are near equal and nothing stays."""
        found = [min((0.75 + 0.5 * self.rng.random()) / (parts - i), 0.9) for i in range(parts)]
        return [*found[:-1], 1.0]

    def send(
        self,
        mule: int,
        purse: int,
        time: int,
        to: Sequence[tuple[int, int]],
        pace: tuple[float, float],
    ) -> list[int]:
        """Send a purse on to others with theirs (-1 for none); says when each got it."""
        moments = []
        for (receiver, into), share in zip(to, self.shares(len(to)), strict=True):
            time += self.gap(pace)
            fee = OTHER_BANK if receiver >= len(self.people) else FREE
            self.add(
                time, mule, receiver, share=share, out_of=purse, into=into, unit=100, fee=fee
            )
            moments.append(time)
            pace = (MINUTE, min(pace[1], 20 * MINUTE))
        return moments

    def collect(
        self, mule: int, purse: int, time: int, pace: tuple[float, float], parts: int = 0
    ) -> None:
        """Send a purse to collectors at other banks."""
        parts = parts or int(self.rng.integers(1, 3))
        chosen = [(int(self.rng.choice(self.collectors)), -1) for _ in range(parts)]
        self.send(mule, purse, time, chosen, pace)

    def cash(self, mule: int, purse: int, time: int, pace: tuple[float, float]) -> None:
        """Draw a purse from machines."""
        for share in self.shares(int(self.rng.integers(1, 4))):
            time += self.gap(pace)
            machine = int(self.parties.pick("ATM", self.rng.random(1))[0])
            strange = self.rng.random() < self.spec.number("base.cash.other_machine")
            self.add(
                time,
                mule,
                machine,
                "atm",
                "withdrawal",
                share=share,
                out_of=purse,
                unit=1000,
                fee=CASH if strange else FREE,
            )
            pace = (MINUTE, 10 * MINUTE)

    def leave(self, mule: int, purse: int, time: int, pace: tuple[float, float]) -> None:
        """Send a purse abroad or to an exchange of coins."""
        far = self.rng.random() < self.spec.number("typologies.exit.abroad")
        pool = "ABROAD" if far else "CRYPTO"
        receiver = int(self.parties.pick(pool, self.rng.random(1))[0])
        self.add(
            time + self.gap(pace),
            mule,
            receiver,
            "abroad" if far else "p2p",
            "remittance" if far else "payment",
            share=1.0,
            out_of=purse,
            unit=100,
            fee=FAR if far else OTHER_BANK,
        )

    def end(self, mule: int, purse: int, time: int, pace: tuple[float, float]) -> None:
        """One of the ways out."""
        way = (self.collect, self.cash, self.leave)[int(self.rng.integers(3))]
        way(mule, purse, time, pace)

    # ------------------------------------------------------------ typologies

    def one(self, out: Callable[..., None]) -> None:
        """One account: money in from victims, and out."""
        (mule,) = self.ring.members
        for number, time in enumerate(self.moments()):
            purse = self.purse()
            last = self.steal(mule, purse, time)
            out(mule, purse, last, self.pace(quick=number == 0))

    def transit(self) -> None:
        self.one(self.collect)

    def cash_out(self) -> None:
        self.one(self.cash)

    def exit(self) -> None:
        self.one(self.leave)

    def cash_in(self) -> None:
        """Strangers put cash on the account, which sends it on."""
        (mule,) = self.ring.members
        low, high = self.spec.pair("mules.inflow_ends")
        for number, time in enumerate(self.moments()):
            purse, last = self.purse(), time
            for _ in range(self.whole("typologies.cash_in.deposits")):
                machine = int(self.parties.pick("CDM", self.rng.random(1))[0])
                amount = min(max(self.spread("inflow") * 0.7, low), high)
                self.add(
                    last,
                    machine,
                    mule,
                    "cash_in",
                    "deposit",
                    amount=amount,
                    unit=1000,
                    into=purse,
                    phone=STRANGER,
                )
                last += int(2 * HOUR * self.rng.random()) + MINUTE
            self.collect(mule, purse, last, self.pace(quick=number == 0))

    def dormant(self) -> None:
        """A silent account is handed over, tried with a little, then used hard for days."""
        (mule,) = self.ring.members
        start = self.moment(self.ring.begin)
        tried = int(self.parties.pick("OTHER", self.rng.random(1))[0])
        self.add(start, tried, mule, amount=1000 + 4000 * self.rng.random(), unit=100)
        count = max(2, round(self.spread("operations")))
        for number in range(count):
            time = start + 2 * HOUR + int(number * DAY * (0.2 + 0.5 * self.rng.random()))
            purse = self.purse()
            last = self.steal(mule, purse, time)
            self.collect(mule, purse, last, (2 * MINUTE, 2 * HOUR))

    def many_banks(self) -> None:
        """This bank's part of an account holder at many banks: little, week after week."""
        (mule,) = self.ring.members
        cap, start = (
            self.spec.number("typologies.many_banks.weekly_cap"),
            self.moment(self.ring.begin),
        )
        for week in range(self.whole("typologies.many_banks.weeks")):
            purse, count = self.purse(), int(self.rng.integers(1, 4))
            amount = cap * (0.5 + 0.45 * self.rng.random()) / count
            last = self.steal(mule, purse, start + week * 7 * DAY, count, amount)
            self.collect(mule, purse, last, self.pace(quick=week == 0))

    def splitting(self) -> None:
        """Day after day a large sum, split into many small ones."""
        (mule,) = self.ring.members
        _, high = self.spec.pair("mules.inflow_ends")
        for day in range(self.whole("typologies.splitting.days")):
            purse, time = self.purse(), self.moment(self.ring.begin + day)
            amount = high * (0.35 + 0.6 * self.rng.random())
            last = self.steal(mule, purse, time, 1, amount)
            to = [
                (int(self.parties.pick("OTHER", self.rng.random(1))[0]), -1)
                for _ in range(self.whole("typologies.splitting.parts"))
            ]
            self.send(mule, purse, last, to, (10 * MINUTE, HOUR))

    def chain(self) -> None:
        """Money goes from mule to mule, each keeping a little."""
        for time in self.moments():
            self._hops(time, list(self.ring.members))

    def cycle(self) -> None:
        """Money comes back to the one that began, and then leaves."""
        for time in self.moments():
            self._hops(time, [*self.ring.members, self.ring.members[0]])

    def _hops(self, time: int, path: list[int]) -> None:
        pace, purse = self.pace(quick=True), self.purse("kept_hop")
        time = self.steal(path[0], purse, time)
        for sender, receiver in pairwise(path):
            into = self.purse("kept_hop" if receiver != path[-1] else "kept")
            time = self.send(sender, purse, time, [(receiver, into)], pace)[-1]
            purse = into
        self.end(path[-1], purse, time, pace)

    def gather_scatter(self) -> None:
        """Many victims pay a hub, which pays many."""
        hub, *own = self.ring.members
        for time in self.moments():
            pace, purse = self.pace(quick=True), self.purse()
            last = self.steal(
                hub, purse, time, self.whole("typologies.gather_scatter.victims"), 0.0, 3 * HOUR
            )
            to = [(one, self.purse()) for one in own]
            to += [(one, -1) for one in self.collectors[: max(3, 5 - len(own))]]
            for (one, into), at in zip(to, self.send(hub, purse, last, to, pace), strict=True):
                if into >= 0:
                    self.end(one, into, at, pace)

    def scatter_gather(self) -> None:
        """One pays several, who all pay one."""
        source, *middle, sink = self.ring.members
        for time in self.moments():
            pace, purse, end = self.pace(quick=True), self.purse("kept_hop"), self.purse()
            last = self.steal(source, purse, time, self.whole("mules.victims") + 1)
            to = [(one, self.purse("kept_hop")) for one in middle]
            got = self.send(source, purse, last, to, pace)
            done = [
                self.send(one, into, at, [(sink, end)], pace)[-1]
                for (one, into), at in zip(to, got, strict=True)
            ]
            self.end(sink, end, max(done), pace)

    def bipartite(self) -> None:
        """Each of one half pays each of the other."""
        half = len(self.ring.members) // 2
        sources, sinks = self.ring.members[:half], self.ring.members[half:]
        for time in self.moments():
            pace, done = self.pace(quick=True), []
            to = [(sink, self.purse()) for sink in sinks]
            for source in sources:
                purse = self.purse("kept_hop")
                last = self.steal(source, purse, time + int(HOUR * self.rng.random()))
                done += self.send(source, purse, last, to, pace)
            for sink, into in to:
                self.end(sink, into, max(done), pace)

    def recruiter(self) -> None:
        """Recruits pay what they got to the one who recruited them."""
        hub, *recruits = self.ring.members
        used_share = self.spec.number("typologies.recruiter.used")
        for number, time in enumerate(self.moments()):
            pace, end, done = self.pace(quick=True), self.purse(), []
            used = [one for one in recruits if number == 0 or self.rng.random() < used_share]
            for one in used or recruits[:1]:
                purse = self.purse()
                last = self.steal(one, purse, time + int(3 * HOUR * self.rng.random()))
                done += self.send(one, purse, last, [(hub, end)], pace)
            self.end(hub, end, max(done), pace)


TYPOLOGIES: dict[str, Callable[[_Paths], None]] = {
    "transit": _Paths.transit,
    "cash_out": _Paths.cash_out,
    "cash_in": _Paths.cash_in,
    "dormant": _Paths.dormant,
    "many_banks": _Paths.many_banks,
    "splitting": _Paths.splitting,
    "exit": _Paths.exit,
    "chain": _Paths.chain,
    "cycle": _Paths.cycle,
    "gather_scatter": _Paths.gather_scatter,
    "scatter_gather": _Paths.scatter_gather,
    "bipartite": _Paths.bipartite,
    "recruiter": _Paths.recruiter,
}


def add_mules(
    spec: Spec, people: People, parties: Parties, plan: Plan, rows: Intentions
) -> None:
    """Add what mules and their victims do.

    Parameters
    ----------
    spec : Spec
        Parameters.
    people : People
        Clients.
    parties : Parties
        Others.
    plan : Plan
        Rings.
    rows : Intentions
        Takes the rows.
    """
    honest = people.opened < 0
    honest[plan.mules] = False
    victims = np.flatnonzero(honest & people.resident)
    for ring in plan.rings:
        paths = _Paths(spec, people, parties, ring, victims, rows)
        TYPOLOGIES[ring.typology](paths)
        rows.extend(paths.found)
