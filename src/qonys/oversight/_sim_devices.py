"""Telephones, numbers and network addresses of a simulated bank's clients.

For `simulator`. Main type: `Devices`; main functions: `make_devices`, `seen_devices`. A change
holds from its moment on: a new telephone, a SIM lost, an account handed over (telephone, number
and place at once). Addresses are from ranges that belong to nobody (RFC 1918, 6598).
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from qonys.core.draws import uniform
from qonys.oversight._sim_ledger import DAY, OWN_PHONE, STRANGER, Settled
from qonys.oversight._sim_people import NEWCOMER, People, choose
from qonys.oversight._sim_plan import Plan, Ring
from qonys.oversight._sim_spec import Spec
from qonys.oversight.tables import CHANNELS

_BY_TELEPHONE = ("p2p", "merchant", "abroad", "utility")
_SPAN = 1 << 31  #: Above every moment, below 0 and above, in seconds.
_EVER = -(1 << 30)
_RANGES = ((10, 0), (100, 64), (172, 16))  #: Homes, carrier, work.


@dataclass(frozen=True)
class Devices:
    """What clients use, from when; in the order of client and moment.

    Parameters
    ----------
    client : ndarray of int64
        Whose.
    since : ndarray of int64
        Seconds since the start.
    device, phone, home : ndarray of int64
        Numbers of telephone, SIM and address at home.
    fixed : ndarray of bool
        Used from that place alone.
    """

    client: np.ndarray
    since: np.ndarray
    device: np.ndarray
    phone: np.ndarray
    home: np.ndarray
    fixed: np.ndarray


def make_devices(
    spec: Spec, people: People, look_alikes: dict[str, np.ndarray], plan: Plan
) -> Devices:
    """First telephones and every change of the period.

    Parameters
    ----------
    spec : Spec
        Parameters.
    people : People
        Clients.
    look_alikes : dict of str to ndarray of bool
        Situations.
    plan : Plan
        Which accounts are handed over, and when.
    """
    n, ids = len(people), np.arange(len(people))
    shared = look_alikes["family_phone"]
    device = np.where(shared, people.kin[people.first], ids)
    home = _homes(spec, people, look_alikes["dormitory"])
    parts: list[tuple[np.ndarray, ...]] = [
        (ids, np.full(n, _EVER), device, device, home, np.zeros(n, dtype=bool))
    ]
    handed = {one: ring for ring in plan.rings if ring.controller >= 0 for one in ring.members}
    free = ~shared & ~np.isin(ids, list(handed))
    # A new telephone now and then, with the old number.
    rate = 1 - np.exp(-spec.number("devices.renewal") * spec.days / 365)
    new = np.flatnonzero(free & (uniform(spec.seed, "renewal", "", ids) < rate))
    when = uniform(spec.seed, "renewal when", "", new) * spec.days * DAY
    parts.append(
        (new, when.astype(np.int64), n + new, new, home[new], np.zeros(len(new), dtype=bool))
    )
    # Telephone and number: after arrival, or lost.
    new = np.flatnonzero(look_alikes["new_sim_device"] & free)
    first = np.maximum(people.opened[new], 0)
    span = np.where(people.group[new] == NEWCOMER, 30, spec.days - first)
    first = np.where(people.group[new] == NEWCOMER, people.opened[new], first)
    day = first + uniform(spec.seed, "new sim when", "", new) * span
    parts.append(
        (
            new,
            (day * DAY).astype(np.int64),
            2 * n + new,
            n + new,
            home[new],
            np.zeros(len(new), dtype=bool),
        )
    )
    if handed:
        parts.append(_handed_over(spec, handed, n, home.max() + 1))
    whole = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((whole[1], whole[0]))
    return Devices(*(column[order] for column in whole))


def _handed_over(
    spec: Spec, handed: dict[int, Ring], n: int, first: int
) -> tuple[np.ndarray, ...]:
    who = np.array(sorted(handed))
    begin = np.array([handed[one].begin for one in who]) * DAY
    controller = np.array([handed[one].controller for one in who])
    sim = 2 * n + who  # a new SIM an account, in the controller's telephones
    telephone = 3 * n + controller * 2 + (uniform(spec.seed, "slot", "", who) < 0.5)
    return who, begin, telephone, sim, first + controller, np.ones(len(who), dtype=bool)


def _homes(spec: Spec, people: People, dormitory: np.ndarray) -> np.ndarray:
    """Address of each home: a household's, or a dormitory's."""
    home = people.household.copy()
    who = np.flatnonzero(dormitory)
    if len(who):
        low, high = spec.pair("look_alikes.dormitory.size")
        # Those who came from one country live together, mostly.
        order = np.lexsort((uniform(spec.seed, "bed", "", who), people.citizenship[who]))
        sizes = low + uniform(spec.seed, "beds", "", np.arange(len(who))) * (high + 1 - low)
        ends = np.cumsum(np.floor(sizes))
        house = np.searchsorted(ends, np.arange(len(who)), side="right")
        home[who[order]] = home.max() + 1 + house
    return home


@dataclass(frozen=True)
class Seen:
    """What the bank sees of each row, by number; -1 where nothing.

    Parameters
    ----------
    device, ip, phone : ndarray of int64
        Numbers.
    devices, ips, phones : list of str
        Their names.
    """

    device: np.ndarray
    ip: np.ndarray
    phone: np.ndarray
    devices: list[str]
    ips: list[str]
    phones: list[str]


def seen_devices(spec: Spec, people: People, devices: Devices, settled: Settled) -> Seen:
    """Telephone, address and number of the client who sends.

    Parameters
    ----------
    spec : Spec
        Parameters.
    people : People
        Clients.
    devices : Devices
        Who uses what from when.
    settled : Settled
        Rows.
    """
    n = len(people)
    by_telephone = np.isin(settled.channel, [CHANNELS.index(one) for one in _BY_TELEPHONE])
    by_telephone &= settled.sender < n
    who = np.where(settled.phone == OWN_PHONE, settled.receiver, settled.sender)
    known = by_telephone | (settled.phone == OWN_PHONE)
    at = np.full(len(who), -1)
    key = devices.client * _SPAN + devices.since
    mine = who[known].astype(np.int64) * _SPAN + settled.time[known]
    at[known] = np.searchsorted(key, mine, side="right") - 1
    device = np.where(by_telephone, devices.device[at], -1)
    phone = np.where(known, devices.phone[at], -1)
    strange = settled.phone == STRANGER
    strangers = int(3 * n)
    phone[strange] = strangers + np.arange(strange.sum())
    homes = int(devices.home.max()) + 1
    ip, count = _places(spec, people, settled, devices.home[at], devices.fixed[at], homes)
    ip = np.where(by_telephone, ip, -1)
    return Seen(
        device,
        ip,
        phone,
        [f"DV-{_hashed(spec.seed, 'device', i)}" for i in range(int(devices.device.max()) + 1)],
        _addresses(homes, *count),
        [_hashed(spec.seed, "phone", i) for i in range(int(phone.max(initial=0)) + 1)],
    )


def _places(
    spec: Spec,
    people: People,
    settled: Settled,
    home: np.ndarray,
    fixed: np.ndarray,
    homes: int,
) -> tuple[np.ndarray, tuple[int, int]]:
    """Address of each row: home, the carrier's of that day, or work."""
    n = len(people)
    who = np.minimum(settled.sender, n - 1).astype(np.int64)
    carrier = max(round(n / spec.number("devices.carrier")), 2)
    employers = people.employer - people.employer.min()
    place = choose(
        uniform(spec.seed, "place", "", who * _SPAN + settled.time),
        spec.numbers("devices.places"),
    )
    day = uniform(spec.seed, "carrier", "", who * 4096 + settled.time // DAY)
    moving = homes + (day * carrier).astype(np.int64)
    work = homes + carrier + employers[who]
    place = np.where((place == 2) & (people.profile[who] != 0), 1, place)
    ip = np.choose(place, (home, moving, work))
    return np.where(fixed, home, ip), (carrier, int(employers.max()) + 1)


def _addresses(*counts: int) -> list[str]:
    """Names of addresses: homes and controllers, carrier, work."""
    found = []
    for (first, second), count in zip(_RANGES, counts, strict=False):
        for number in range(count):
            high = second + number // 65536
            found.append(f"{first}.{high}.{number // 256 % 256}.{number % 256}")
    return found


def _hashed(seed: int, what: str, number: int) -> str:
    return hashlib.blake2b(f"{seed}/{what}/{number}".encode(), digest_size=8).hexdigest()
