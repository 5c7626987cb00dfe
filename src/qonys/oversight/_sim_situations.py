"""Honest situations that look like a mule's: gifts, collections, crews, first months.

For `simulator`. Main functions: `make_look_alikes`, `add_look_alike_day`. Wages sent home or
drawn in cash stand with the wages in `_sim_honest`; shared addresses and telephones in
`_sim_devices`.
"""

from collections.abc import Callable, Mapping

import numpy as np

from qonys.core.draws import uniform
from qonys.oversight._sim_honest import buy, machine, machine_fee
from qonys.oversight._sim_ledger import HOUR, OTHER_BANK
from qonys.oversight._sim_lives import Lives
from qonys.oversight._sim_people import (
    ABSENT,
    EMPLOYEE,
    FREELANCER,
    IRREGULAR,
    NEWCOMER,
    STUDENT,
    TRADER,
    People,
)
from qonys.oversight._sim_spec import Spec

_NAMES = (
    "new_account",
    "first_months",
    "new_sim_device",
    "dormitory",
    "family_phone",
    "remit_payday",
    "payday_cash",
    "student_gifts",
    "group_rent",
    "marketplace_seller",
    "crew_leader",
    "charity",
)
LOOK_ALIKES = tuple(sorted(_NAMES))


def make_look_alikes(spec: Spec, people: People) -> dict[str, np.ndarray]:
    """Which clients live in which situation, mules as often as others of their kind.

    Parameters
    ----------
    spec : Spec
        Parameters.
    people : People
        The clients.

    Returns
    -------
    dict of str to ndarray of bool
        By look-alike.
    """
    n, ids = len(people), np.arange(len(people))
    most = spec.whole("look_alikes.most")
    count = np.zeros(n, dtype=np.int64)
    can = _can(spec, people)
    found = {}
    for name in _NAMES:
        key = f"look_alikes.{name}"
        rate = np.ones(n)
        if f"{key}.newcomers" in spec.values or f"{key}.residents" in spec.values:
            rates = [spec.values.get(f"{key}.{who}", 0.0) for who in ("residents", "newcomers")]
            rate = np.where(people.group == NEWCOMER, rates[1], rates[0])
        keys = people.household if name == "family_phone" else ids
        lives = (
            (uniform(spec.seed, name, "", keys) < rate) & can.get(name, True) & (count < most)
        )
        found[name] = lives
        count += lives
    return found


def _can(spec: Spec, people: People) -> dict[str, np.ndarray]:
    """Of whom a situation can be."""
    employed = people.profile == EMPLOYEE
    recent = -spec.number("look_alikes.first_months.days")
    came = people.group == NEWCOMER
    return {
        "new_account": people.opened >= -spec.number("look_alikes.new_account.days"),
        "first_months": came & (people.arrived >= recent),
        "new_sim_device": ~came | (people.opened >= -30),
        "dormitory": people.group != ABSENT,
        "family_phone": people.size > 1,
        "remit_payday": employed,
        "payday_cash": employed,
        "student_gifts": people.profile == STUDENT,
        "crew_leader": np.isin(people.profile, (FREELANCER, TRADER, IRREGULAR, EMPLOYEE)),
    }


def add_look_alike_day(lives: Lives) -> None:
    """Add what clients in a situation mean to do on the day that has begun.

    Parameters
    ----------
    lives : Lives
        The day.
    """
    for name, behave in _SITUATIONS.items():
        behave(lives, lives.live & lives.look_alikes[name])


def _gifts(lives: Lives, purpose: str, who: np.ndarray, key: str) -> None:
    """Transfers from strangers or relatives, half of them clients here."""
    amount, time = lives.between(purpose, who, key), lives.clock(purpose, who)
    giver = (lives.draw(f"{purpose} giver", who) * len(lives.people)).astype(np.int64)
    here = (
        (lives.draw(f"{purpose} here", who) < lives.spec.number("look_alikes.givers_here"))
        & lives.live[giver]
        & (giver != who)
    )
    lives.rows.add(
        time[here], giver[here], who[here], "p2p", "transfer", amount=amount[here], unit=500
    )
    at = ~here
    lives.rows.add(
        time[at],
        lives.others(purpose, who[at]),
        who[at],
        "p2p",
        "transfer",
        amount=amount[at],
        unit=500,
    )


def _first_months(lives: Lives, inside: np.ndarray) -> None:
    """Relatives send money, and much is bought."""
    key = "look_alikes.first_months"
    inside = inside & (lives.day <= lives.people.arrived + lives.spec.number(f"{key}.days"))
    who = lives.hits("first gifts", lives.spec.number(f"{key}.gifts"), inside)
    amount = lives.between("first gifts", who, f"{key}.gift")
    sender = lives.parties.pick("ABROAD", lives.draw("first sender", who))
    lives.rows.add(
        lives.clock("first gifts", who),
        sender,
        who,
        "abroad",
        "transfer",
        amount=amount,
        unit=1000,
    )
    buy(
        lives, "settling", lives.hits("settling", lives.spec.number(f"{key}.purchases"), inside)
    )


def _group_rent(lives: Lives, inside: np.ndarray) -> None:
    """One collects a flat's rent from those who share it and pays within hours."""
    who = np.flatnonzero(inside & (lives.monthly["group_rent"] == lives.month_day))
    key = "look_alikes.group_rent"
    if not len(who):
        return
    low, high = lives.spec.pair(f"{key}.payers")
    payers = (low + uniform(lives.spec.seed, "flat", "", who) * (high + 1 - low)).astype(int)
    each = lives.spec.pair(f"{key}.each")
    rent = each[0] + uniform(lives.spec.seed, "rent", "", who) * (each[1] - each[0])
    purse = lives.rows.purse(np.zeros(len(who)))
    who_pays, number = np.repeat(np.arange(len(who)), payers), _counted(payers)
    collector = who[who_pays]
    time = lives.start + (
        HOUR * (9 + 8 * lives.draw("flat when", collector * 64 + number))
    ).astype(np.int64)
    people = lives.people
    mate = people.circle[(people.place[collector] + 20 + number) % len(people)]
    known = uniform(lives.spec.seed, "flatmate", "", collector * 64 + number)
    away = lives.parties.pick("OTHER", known)
    mate = np.where(
        lives.live[mate]
        & (known < lives.spec.number("look_alikes.givers_here"))
        & (mate != collector),
        mate,
        away,
    )
    lives.rows.add(
        time,
        mate,
        collector,
        "p2p",
        "transfer",
        amount=rent[who_pays],
        unit=500,
        into=purse[who_pays],
    )
    landlord = lives.parties.pick("OTHER", uniform(lives.spec.seed, "flat owner", "", who))
    pays = lives.start + (HOUR * (18 + 5 * lives.draw("flat paid", who))).astype(np.int64)
    lives.rows.add(
        pays, who, landlord, "p2p", "payment", share=1.0, out_of=purse, fee=OTHER_BANK
    )


def _student_gifts(lives: Lives, inside: np.ndarray) -> None:
    """Many small gifts to a student."""
    key = "look_alikes.student_gifts"
    who = lives.hits("gifts", lives.spec.number(f"{key}.rate"), inside)
    _gifts(lives, "gifts", who, f"{key}.gift")


def _marketplace_seller(lives: Lives, inside: np.ndarray) -> None:
    """Strangers pay a seller."""
    key = "look_alikes.marketplace_seller"
    for number in range(2):
        name = f"sale {number}"
        _gifts(
            lives,
            name,
            lives.hits(name, lives.spec.number(f"{key}.rate"), inside),
            f"{key}.price",
        )


def _crew_leader(lives: Lives, inside: np.ndarray) -> None:
    """A crew's pay comes, and is drawn in cash within hours."""
    due = (lives.day + np.floor(14 * lives.always("crew")).astype(np.int64)) % 14 == 0
    who = np.flatnonzero(inside & due)
    key = "look_alikes.crew_leader"
    purse = lives.rows.purse(lives.between("crew kept", who, f"{key}.kept"))
    client = lives.parties.pick("EMP", uniform(lives.spec.seed, "crew client", "", who))
    time = lives.start + (HOUR * (9 + 4 * lives.draw("crew", who))).astype(np.int64)
    lives.rows.add(
        time,
        client,
        who,
        "p2p",
        "payment",
        into=purse,
        unit=1000,
        amount=lives.between("crew", who, f"{key}.pay"),
    )
    for number, share in enumerate((0.5, 1.0)):
        later = lives.between(f"crew cash {number}", who, f"{key}.hours")
        time = time + (HOUR * later).astype(np.int64)
        lives.rows.add(
            time,
            who,
            machine(lives, "crew", who),
            "atm",
            "withdrawal",
            share=share,
            out_of=purse,
            unit=1000,
            fee=machine_fee(lives, f"crew {number}", who),
        )


def _charity(lives: Lives, inside: np.ndarray) -> None:
    """Strangers give for a clinic, which is paid at the end."""
    key = "look_alikes.charity"
    low, high = lives.spec.pair(f"{key}.days")
    first = np.floor(lives.always("charity") * max(lives.spec.days - high, 1))
    length = np.floor(low + (high - low) * lives.always("charity length"))
    on = inside & (lives.day >= first) & (lives.day < first + length)
    for number in range(lives.spec.whole(f"{key}.gifts")):
        name = f"charity {number}"
        _gifts(lives, name, lives.hits(name, 1.0, on), f"{key}.gift")
    who = np.flatnonzero(inside & (lives.day == first + length))
    clinic = lives.parties.pick("CLINIC", lives.draw("clinic", who))
    lives.rows.add(
        lives.clock("clinic", who, "work"),
        who,
        clinic,
        "p2p",
        "payment",
        share=lives.spec.number(f"{key}.passed"),
        fee=OTHER_BANK,
    )


def _counted(counts: np.ndarray) -> np.ndarray:
    """0, 1, 2 and so on for each count."""
    ends = np.cumsum(counts)
    return np.asarray(np.arange(ends[-1]) - np.repeat(ends - counts, counts))


_SITUATIONS: Mapping[str, Callable[[Lives, np.ndarray], None]] = {
    "first_months": _first_months,
    "group_rent": _group_rent,
    "student_gifts": _student_gifts,
    "marketplace_seller": _marketplace_seller,
    "crew_leader": _crew_leader,
    "charity": _charity,
}
