"""The clients of a simulated bank: who they are, with whom they live, what they earn.

For `simulator`. Main types: `People`, `Newcomers`, `Parties`; main functions: `make_newcomers`,
`make_people`. Residents, newcomers and clients abroad draw every trait of
their honest life from one law; look-alikes alone tell them apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from qonys.core.draws import uniform
from qonys.core.errors import DataError, Fault
from qonys.oversight._sim_spec import BANDS, PROFILES, Spec

RESIDENT, NEWCOMER, ABSENT = 0, 1, 2
EMPLOYEE, FREELANCER, PENSIONER, BENEFITS, STUDENT, TRADER, IRREGULAR = range(len(PROFILES))
NEVER = -(10**6)  #: A day that did not come.


@dataclass(frozen=True)
class Newcomers:
    """Events of people who came: a register's or a microsimulation's, or made here.

    Parameters
    ----------
    person : ndarray of int64
        Their numbers.
    arrival, number_issued, account_opened : ndarray of datetime64[D]
        Days, in this order.
    status : ndarray of str
        ``permanent``, or another word for who stays for a time.
    citizenship : ndarray of str
        ISO 3166 codes of three letters.
    """

    person: np.ndarray
    arrival: np.ndarray
    number_issued: np.ndarray
    account_opened: np.ndarray
    status: np.ndarray
    citizenship: np.ndarray

    def __post_init__(self) -> None:
        columns = [np.asarray(value) for value in vars(self).values()]
        faults = []
        if len({len(column) for column in columns}) > 1:
            faults.append(Fault("columns of different length", "newcomers"))
        elif len(np.unique(self.person)) < len(self.person):
            faults.append(Fault("a person stands twice", "newcomers", None, "person"))
        elif not (
            (self.arrival <= self.number_issued) & (self.number_issued <= self.account_opened)
        ).all():
            faults.append(Fault("expected arrival, number, account in this order", "newcomers"))
        if faults:
            raise DataError(faults)

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True)
class Parties:
    """Numbers of all who send and receive: clients first, then others by pool.

    Parameters
    ----------
    clients : int
        How many own clients.
    pools : Mapping of str to (int, int)
        First number and size, by prefix of the name.
    """

    clients: int
    pools: Mapping[str, tuple[int, int]]

    def pick(self, pool: str, draws: np.ndarray) -> np.ndarray:
        """Members of a pool.

        Parameters
        ----------
        pool : str
            Its prefix.
        draws : ndarray, in [0, 1)
            One a member.
        """
        first, size = self.pools[pool]
        return (first + draws * size).astype(np.int64)

    def names(self) -> list[str]:
        """Names in the order of their numbers."""
        found = [f"KZ{number:07d}" for number in range(self.clients)]
        for pool, (_, size) in self.pools.items():
            found += [f"{pool}-{number:05d}" for number in range(size)]
        return found


@dataclass(frozen=True)
class People:
    """Clients, one account each, as columns; days count from the first of the period.

    Parameters
    ----------
    group, band, profile : ndarray of int
        Resident, newcomer or abroad; numbers in `BANDS` and `PROFILES`.
    resident : ndarray of bool
        By law, whatever the group.
    citizenship : ndarray of str
        ISO 3166 codes.
    opened, arrived, issued : ndarray of int64
        Days; `NEVER` for who did not arrive.
    newcomer : ndarray of int64
        Row of the newcomers' table, -1 for others.
    income, activity : ndarray of float64
        KZT a month; factor of all uses of the account.
    balance, overdraft : ndarray of int64
        At the start and permitted, in hundredths.
    employer, payday : ndarray of int64
        Number of a party, and day of the month.
    household, first, size : ndarray of int64
        Number of the household; first place and number of its members in `kin`.
    kin, circle, place : ndarray of int64
        Clients in the order of households, and of acquaintance; a client's place in it.
    """

    group: np.ndarray
    band: np.ndarray
    profile: np.ndarray
    resident: np.ndarray
    citizenship: np.ndarray
    opened: np.ndarray
    arrived: np.ndarray
    issued: np.ndarray
    newcomer: np.ndarray
    income: np.ndarray
    activity: np.ndarray
    balance: np.ndarray
    overdraft: np.ndarray
    employer: np.ndarray
    payday: np.ndarray
    household: np.ndarray
    first: np.ndarray
    size: np.ndarray
    kin: np.ndarray
    circle: np.ndarray
    place: np.ndarray

    def __len__(self) -> int:
        return len(self.group)


def normal(draws: np.ndarray) -> np.ndarray:
    """Standard normal values of uniform draws.

    Parameters
    ----------
    draws : ndarray, in [0, 1)
        The draws.
    """
    return np.asarray(ndtri(np.clip(draws, 1e-9, 1 - 1e-9)))


def choose(draws: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Numbers of categories.

    Parameters
    ----------
    draws : ndarray, in [0, 1)
        One a choice.
    weights : ndarray
        Of the categories; they need not sum to 1.
    """
    ends = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(ends, draws, side="right"), len(ends) - 1)


def make_newcomers(spec: Spec) -> Newcomers:
    """Newcomers after Kazakhstan's figures, so many as the spec asks for.

    Parameters
    ----------
    spec : Spec
        Parameters.
    """
    count = round(spec.accounts * spec.number("newcomer_share"))
    ids = np.arange(count)

    def draw(purpose: str) -> np.ndarray:
        """One draw a newcomer."""
        return uniform(spec.seed, f"newcomer {purpose}", "", ids)

    waits = [
        -np.log1p(-draw(name)) * spec.number(f"people.{name}_wait")
        for name in ("number", "account")
    ]
    issued, opened = np.cumsum(np.floor(waits).astype(np.int64), axis=0)
    last = np.int64(spec.days * 0.9)
    before = spec.number("newcomer_years") * 365
    arrival = np.floor(draw("arrival") * (before + last) - before).astype(np.int64)
    # Who would open an account after the period came earlier.
    arrival = np.minimum(arrival, last - opened)
    chosen = {}
    for name in ("status", "citizenship"):
        words = spec.names(f"people.{name}")
        weights = np.array([spec.number(f"people.{name}.{word}") for word in words])
        chosen[name] = np.array(words)[choose(draw(name), weights)]
    return Newcomers(
        ids + 1,
        spec.start + arrival,
        spec.start + arrival + issued,
        spec.start + arrival + opened,
        chosen["status"],
        chosen["citizenship"],
    )


def make_parties(spec: Spec) -> Parties:
    """Whom clients pay and are paid by.

    Parameters
    ----------
    spec : Spec
        Parameters.
    """
    n = spec.accounts
    sizes = {
        "EMP": round(n / spec.number("people.employer_size")) + 1,
        "SHOP": n // 25 + 5,
        "UTIL": 12,
        "GOV": 2,
        "ATM": n // 250 + 2,
        "CDM": n // 500 + 2,
        "BANK": 3,  # fees, overdrafts, money lent
        "OTHER": 4 * n,
        "ABROAD": n,
        "CRYPTO": 6,
        "CLINIC": 20,
    }
    firsts = n + np.concatenate([[0], np.cumsum(list(sizes.values()))])
    pools = {
        name: (int(first), size)
        for (name, size), first in zip(sizes.items(), firsts, strict=False)
    }
    return Parties(n, pools)


def make_people(spec: Spec, newcomers: Newcomers, parties: Parties) -> People:
    """Clients: newcomers, clients abroad and residents, with one law of honest life.

    Parameters
    ----------
    spec : Spec
        Parameters.
    newcomers : Newcomers
        Who came; those with an account before the end become clients.
    parties : Parties
        Employers among them.

    Raises
    ------
    DataError
        Where there are more newcomers than accounts.
    """
    n, ids = spec.accounts, np.arange(spec.accounts)

    def draw(purpose: str) -> np.ndarray:
        """One draw a client."""
        return uniform(spec.seed, purpose, "", ids)

    kept = np.flatnonzero(newcomers.account_opened < spec.start + spec.days)
    absent = round(n * spec.number("absent_share"))
    if len(kept) + absent > n:
        way_out = "Raise accounts, or lower absent_share."
        raise DataError(
            Fault(
                "more newcomers and clients abroad than accounts",
                "newcomers",
                value=f"{len(kept)} + {absent} > {n}",
                way_out=way_out,
            )
        )
    shuffled = np.argsort(draw("group"), kind="stable")
    group = np.zeros(n, dtype=np.int8)
    came, away = shuffled[: len(kept)], shuffled[len(kept) : len(kept) + absent]
    group[came], group[away] = NEWCOMER, ABSENT
    row = np.full(n, -1)
    row[came] = kept
    band = choose(draw("band"), spec.numbers("people.bands"))
    profile = _by_band(draw("profile"), band, spec)
    dates = _dates(spec, newcomers, group, row, draw)
    words = spec.names("people.citizenship")
    weights = np.array([spec.number(f"people.citizenship.{word}") for word in words])
    citizenship = np.full(n, "KAZ", dtype="<U3")
    citizenship[away] = np.array(words)[choose(draw("citizenship"), weights)[away]]
    citizenship[came] = newcomers.citizenship[kept]
    resident = group == RESIDENT
    resident[came] = newcomers.status[kept] == "permanent"
    median = spec.numbers("people.income")[profile]
    income = median * np.exp(spec.number("people.income_spread") * normal(draw("income")))
    level, spread = spec.pair("people.balance")
    balance = income * level * np.exp(spread * normal(draw("balance")))
    permitted = np.isin(profile, (EMPLOYEE, PENSIONER))
    permitted &= draw("overdraft") < spec.number("base.overdraft.share")
    employer = parties.pick("EMP", draw("employer") ** 1.5)
    paydays = spec.numbers("people.paydays").astype(np.int64)
    paid = uniform(spec.seed, "payday", "", employer)
    circle = np.argsort(draw("circle"), kind="stable")
    place = np.empty(n, dtype=np.int64)
    place[circle] = ids
    return People(
        group=group,
        band=band,
        profile=profile,
        resident=resident,
        citizenship=citizenship,
        opened=dates[0],
        arrived=dates[1],
        issued=dates[2],
        newcomer=row,
        income=income,
        activity=np.exp(spec.number("people.activity_spread") * normal(draw("activity"))),
        balance=np.where(dates[0] < 0, np.floor(balance) * 100, 0).astype(np.int64),
        overdraft=(permitted * income * spec.number("base.overdraft.limit") * 100).astype(
            np.int64
        ),
        employer=employer,
        payday=paydays[(paid * len(paydays)).astype(np.int64)],
        **_households(spec, group, draw),
        circle=circle,
        place=place,
    )


def _by_band(draws: np.ndarray, band: np.ndarray, spec: Spec) -> np.ndarray:
    """Ways of life by age."""
    table = np.array([spec.numbers(f"people.profiles.{name}") for name in PROFILES])
    profile = np.zeros(len(band), dtype=np.int64)
    for number in range(len(BANDS)):
        chosen = band == number
        profile[chosen] = choose(draws[chosen], table[:, number])
    return profile


def _dates(
    spec: Spec,
    newcomers: Newcomers,
    group: np.ndarray,
    row: np.ndarray,
    draw: Callable[[str], np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days of opening, of arrival and of the number, from the start of the period."""
    last = int(spec.days * 0.9)
    years = spec.number("people.opened_years")
    before = np.where(group == ABSENT, min(years, spec.number("newcomer_years")), years) * 365
    opened = np.floor(draw("opened") * (before + last) - before).astype(np.int64)
    # Citizens have their number since long; clients abroad took theirs on a visit.
    back = np.where(group == ABSENT, 30, 20 * 365)
    issued = opened - 1 - np.floor(draw("issued") * back).astype(np.int64)
    arrived = np.full(len(group), NEVER)
    came = group == NEWCOMER
    for days, column in (
        (opened, newcomers.account_opened),
        (arrived, newcomers.arrival),
        (issued, newcomers.number_issued),
    ):
        days[came] = (column[row[came]] - spec.start).astype(np.int64)
    return opened, arrived, issued


def _households(
    spec: Spec, group: np.ndarray, draw: Callable[[str], np.ndarray]
) -> dict[str, np.ndarray]:
    """Households, each within one group."""
    n = len(group)
    kin = np.lexsort((draw("kin"), group))
    sizes = 1 + choose(draw("household"), spec.numbers("people.household"))
    ends = np.cumsum(sizes)
    number = np.searchsorted(ends, np.arange(n), side="right")
    # A household ends where a group does.
    number += np.concatenate([[0], np.cumsum(np.diff(group[kin]) != 0)])
    number = np.unique(number, return_inverse=True)[1]
    counts = np.bincount(number, minlength=1)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    household = np.empty(n, dtype=np.int64)
    household[kin] = number
    return {
        "household": household,
        "first": starts[household],
        "size": counts[household],
        "kin": kin,
    }
