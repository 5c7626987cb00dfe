"""Honest lives in a simulated bank: what everybody does, newcomer or not.

For `simulator`. Main function: `add_honest_day`. These behaviours know no group: residents,
newcomers and clients abroad draw them from one law.
"""

from collections.abc import Callable

import numpy as np

from qonys.core.draws import uniform
from qonys.oversight._sim_ledger import (
    CASH,
    FAR,
    FREE,
    HOUR,
    OTHER_BANK,
    OVERDRAW,
    OWN_PHONE,
    SHRINK,
    STRANGER,
)
from qonys.oversight._sim_lives import Lives
from qonys.oversight._sim_people import (
    BENEFITS,
    EMPLOYEE,
    FREELANCER,
    IRREGULAR,
    PENSIONER,
    STUDENT,
    TRADER,
    normal,
)


def add_honest_day(lives: Lives) -> None:
    """Add what clients mean to do on the day that has begun.

    Parameters
    ----------
    lives : Lives
        The day.
    """
    for behave in _BEHAVIOURS:
        behave(lives)


def _wages(lives: Lives) -> None:
    """Wages on the employer's payday, and what some do with them within a day."""
    paid = lives.live & (lives.people.profile == EMPLOYEE)
    who = np.flatnonzero(paid & np.isin(lives.people.payday, lives.paid_days))
    employer = lives.people.employer[who]
    time = lives.clock("wage", employer, "work")
    time += np.floor(900 * lives.draw("wage minute", who)).astype(np.int64)
    noise = lives.spec.number("base.wage_noise") * normal(lives.draw("wage", who))
    amount = lives.people.income[who] * (1 + np.clip(noise, -0.3, 0.3))
    lives.rows.add(time, employer, who, "salary", "wage", amount=amount)
    _after_payday(lives, who, time, amount)


def _after_payday(lives: Lives, who: np.ndarray, time: np.ndarray, wage: np.ndarray) -> None:
    sends = lives.look_alikes["remit_payday"][who]
    chosen, wage_of, at = who[sends], wage[sends], time[sends]
    at = at + (
        HOUR * lives.between("remit when", chosen, "look_alikes.remit_payday.hours")
    ).astype(np.int64)
    part = lives.between("remit", chosen, "look_alikes.remit_payday.part")
    home = uniform(lives.spec.seed, "home abroad", "", chosen)
    lives.rows.add(
        at,
        chosen,
        lives.parties.pick("ABROAD", home),
        "abroad",
        "remittance",
        amount=wage_of * part,
        unit=1000,
        mode=SHRINK,
        fee=FAR,
    )
    cashes = lives.look_alikes["payday_cash"][who]
    chosen, wage_of, at = who[cashes], wage[cashes], time[cashes]
    at = at + (
        HOUR * lives.between("payday cash when", chosen, "look_alikes.payday_cash.hours")
    ).astype(np.int64)
    part = lives.between("payday cash", chosen, "look_alikes.payday_cash.part")
    lives.rows.add(
        at,
        chosen,
        machine(lives, "payday cash", chosen),
        "atm",
        "withdrawal",
        amount=wage_of * part,
        unit=1000,
        mode=SHRINK,
        fee=machine_fee(lives, "payday cash", chosen),
    )


def _benefits(lives: Lives) -> None:
    """Pensions, benefits and stipends."""
    profile = lives.people.profile
    gets = np.isin(profile, (PENSIONER, BENEFITS, STUDENT)) & lives.live
    who = np.flatnonzero(gets & (lives.monthly["benefit"] == lives.month_day))
    part = np.where(profile[who] == STUDENT, lives.spec.number("base.stipend"), 1.0)
    state = lives.parties.pools["GOV"][0] + (profile[who] == STUDENT)
    lives.rows.add(
        lives.clock("benefit", who, "work"),
        state,
        who,
        "salary",
        "benefit",
        amount=lives.people.income[who] * part,
    )


def _jobs(lives: Lives) -> None:
    """Freelancers and day workers are paid by clients, here, elsewhere and in cash."""
    free = lives.live & (lives.people.profile == FREELANCER)
    who = lives.hits("freelance", lives.spec.number("base.freelance.rate"), free)
    amount = lives.part("freelance", who, lives.spec.number("base.freelance.amount"))
    abroad = lives.draw("freelance abroad", who) < lives.spec.number("base.freelance.abroad")
    client = np.where(
        abroad,
        lives.parties.pick("ABROAD", lives.draw("freelance far", who)),
        lives.others("freelance", who, 12),
    )
    time = lives.clock("freelance", who)
    for far in (False, True):
        at = abroad == far
        lives.rows.add(
            time[at],
            client[at],
            who[at],
            "abroad" if far else "p2p",
            "payment",
            amount=amount[at],
            unit=100,
        )
    day_work = lives.live & (lives.people.profile == IRREGULAR)
    who = lives.hits("irregular", lives.spec.number("base.irregular.rate"), day_work)
    amount, time = (
        lives.part("irregular", who, lives.spec.number("base.irregular.amount")),
        lives.clock("irregular", who),
    )
    cash = lives.draw("irregular cash", who) < lives.spec.number("base.irregular.cash")
    # Who paid put it in himself, half the time.
    strange = lives.draw("irregular payer", who) < 0.5
    for phone, at in ((STRANGER, cash & strange), (OWN_PHONE, cash & ~strange)):
        _deposit(lives, who[at], time[at], amount[at], phone)
    at = ~cash
    lives.rows.add(
        time[at],
        lives.others("irregular", who[at], 6),
        who[at],
        "p2p",
        "transfer",
        amount=amount[at],
        unit=500,
    )


def _support(lives: Lives) -> None:
    """Money from home to students."""
    student = lives.live & (lives.people.profile == STUDENT)
    who = lives.hits("support", lives.spec.number("base.family_support.rate"), student)
    lives.rows.add(
        lives.clock("support", who),
        lives.others("support", who, 3),
        who,
        "p2p",
        "transfer",
        amount=lives.part("support", who, lives.spec.number("base.family_support.amount")),
        unit=500,
    )


def _purchases(lives: Lives) -> None:
    """Shops, by card or by telephone."""
    base = "base.purchases"
    rate = lives.spec.number(f"{base}.rate") * lives.people.activity
    rate = rate * (lives.spec.number(f"{base}.weekend") if lives.weekend else 1.0)
    who = lives.hits("purchase", rate, lives.live)
    buy(lives, "purchase", who)
    who = lives.hits("large", lives.spec.number("base.large.rate"), lives.live)
    lives.rows.add(
        lives.clock("large", who),
        who,
        _shop(lives, "large", who),
        "merchant",
        "purchase",
        share=lives.between("large", who, "base.large.part"),
    )


def buy(lives: Lives, purpose: str, who: np.ndarray) -> None:
    """Add purchases, by card or by telephone.

    Parameters
    ----------
    lives : Lives
        The day.
    purpose : str
        What is bought.
    who : ndarray of int
        Clients.
    """
    base = "base.purchases"
    amount = lives.part(
        purpose, who, lives.spec.number(f"{base}.amount"), lives.spec.number(f"{base}.spread")
    )
    time, shop = lives.clock(purpose, who), _shop(lives, purpose, who)
    online = lives.draw(f"{purpose} online", who) < lives.spec.number(f"{base}.online")
    for channel, at in (("merchant", online), ("card", ~online)):
        lives.rows.add(time[at], who[at], shop[at], channel, "purchase", amount=amount[at])


def _shop(lives: Lives, purpose: str, who: np.ndarray) -> np.ndarray:
    return lives.parties.pick("SHOP", lives.draw(f"{purpose} shop", who) ** 2)


def machine(lives: Lives, purpose: str, who: np.ndarray) -> np.ndarray:
    """Machines that clients draw cash from.

    Parameters
    ----------
    lives : Lives
        The day.
    purpose : str
        What the cash is for.
    who : ndarray of int
        Clients.
    """
    return lives.parties.pick("ATM", lives.draw(f"{purpose} atm", who))


def machine_fee(lives: Lives, purpose: str, who: np.ndarray) -> np.ndarray:
    """Kinds of fee of withdrawals: some are from another bank's machine.

    Parameters
    ----------
    lives : Lives
        The day.
    purpose : str
        What the cash is for.
    who : ndarray of int
        Clients.
    """
    other = lives.spec.number("base.cash.other_machine")
    return np.where(lives.draw(f"{purpose} fee", who) < other, CASH, FREE)


def _transfers(lives: Lives) -> None:
    """Transfers to household, friends and other banks, and from other banks."""
    rate = lives.spec.number("base.p2p.rate") * lives.people.activity
    who = lives.hits("p2p", rate, lives.live)
    amount = lives.part(
        "p2p", who, lives.spec.number("base.p2p.amount"), lives.spec.number("base.p2p.spread")
    )
    people = lives.people
    ends = np.cumsum(lives.spec.numbers("base.p2p.to"))
    whom = lives.draw("p2p whom", who) * ends[-1]
    next_one = 1 + np.floor(lives.draw("p2p kin", who) * (people.size[who] - 1))
    at_home = lives.seat[who] - people.first[who]
    kin = people.kin[
        people.first[who] + (at_home + next_one.astype(np.int64)) % people.size[who]
    ]
    alone = people.size[who] == 1
    receiver = np.where((whom < ends[0]) & ~alone, kin, lives.friends("p2p", who))
    elsewhere = lives.others("p2p", who, 4)
    receiver = lives.open_or_other(receiver, elsewhere)
    receiver = np.where(whom < ends[1], receiver, elsewhere)
    time = lives.clock("p2p", who)
    outside = receiver >= len(people)
    for out in (False, True):
        at = outside == out
        lives.rows.add(
            time[at],
            who[at],
            receiver[at],
            "p2p",
            "transfer",
            amount=amount[at],
            unit=500,
            fee=OTHER_BANK if out else 0,
        )
    who = lives.hits("p2p in", lives.spec.number("base.p2p_in.rate"), lives.live)
    amount = lives.part(
        "p2p in",
        who,
        lives.spec.number("base.p2p.amount"),
        lives.spec.number("base.p2p.spread"),
    )
    lives.rows.add(
        lives.clock("p2p in", who),
        lives.others("p2p in", who, 4),
        who,
        "p2p",
        "transfer",
        amount=amount,
        unit=500,
    )


def _cash(lives: Lives) -> None:
    """Cash taken and put in."""
    rate = lives.spec.number("base.cash.rate") * lives.people.activity
    who = lives.hits("cash", rate, lives.live)
    amount = lives.part("cash", who, lives.spec.number("base.cash.amount"))
    atm = machine(lives, "cash", who)
    lives.rows.add(
        lives.clock("cash", who),
        who,
        atm,
        "atm",
        "withdrawal",
        amount=amount,
        unit=1000,
        fee=machine_fee(lives, "cash", who),
    )
    who = lives.hits("deposit", lives.spec.number("base.deposit.rate"), lives.live)
    amount = lives.part("deposit", who, lives.spec.number("base.deposit.amount"))
    _deposit(lives, who, lives.clock("deposit", who), amount)
    # The first money on an account that opens today.
    who = np.flatnonzero((lives.people.opened == lives.day) & (lives.life.until > lives.day))
    _deposit(
        lives,
        who,
        lives.clock("opening", who, "work"),
        lives.part("opening", who, lives.spec.number("base.opening")),
    )


def _deposit(
    lives: Lives, who: np.ndarray, time: np.ndarray, amount: np.ndarray, phone: int = OWN_PHONE
) -> None:
    machine = lives.parties.pick("CDM", lives.draw("deposit machine", who))
    lives.rows.add(
        time, machine, who, "cash_in", "deposit", amount=amount, unit=1000, phone=phone
    )


def _monthly_things(lives: Lives) -> None:
    """Bills, rent and savings, each on its day."""
    for number in range(lives.spec.whole("base.bills.count")):
        name = f"bill {number}"
        who = np.flatnonzero(lives.live & (lives.monthly[name] == lives.month_day))
        amount = lives.part(name, who, lives.spec.number("base.bills.amount"), 0.3)
        company = uniform(lives.spec.seed, name, "", who)
        lives.rows.add(
            lives.clock(name, who),
            who,
            lives.parties.pick("UTIL", company),
            "utility",
            "bill",
            amount=amount,
            mode=OVERDRAW,
        )
    rents = lives.always("rents") < lives.spec.number("base.rent.share")
    who = np.flatnonzero(lives.live & rents & (lives.monthly["rent"] == lives.month_day))
    _pay_rent(lives, who)
    saves = lives.always("saves") < lives.spec.number("base.savings.share")
    who = np.flatnonzero(lives.live & saves & (lives.monthly["savings"] == lives.month_day))
    lives.rows.add(
        lives.clock("savings", who),
        who,
        lives.others("savings", who, 1),
        "p2p",
        "transfer",
        share=lives.spec.number("base.savings.part"),
        unit=1000,
        fee=OTHER_BANK,
    )


def _pay_rent(lives: Lives, who: np.ndarray) -> None:
    amount = lives.people.income[who] * lives.spec.number("base.rent.amount")
    own = uniform(lives.spec.seed, "landlord here", "", who) < lives.spec.number(
        "base.rent.own"
    )
    own &= len(lives.landlords) > 0
    time = lives.clock("rent", who)
    pick = uniform(lives.spec.seed, "landlord", "", who)
    at = np.flatnonzero(own)
    landlord = lives.landlords[(pick[at] * len(lives.landlords)).astype(np.int64)]
    at, landlord = at[landlord != who[at]], landlord[landlord != who[at]]
    lives.rows.add(
        time[at],
        who[at],
        landlord,
        "p2p",
        "payment",
        amount=amount[at],
        unit=1000,
        mode=OVERDRAW,
    )
    at = np.flatnonzero(~own)
    lives.rows.add(
        time[at],
        who[at],
        lives.parties.pick("OTHER", pick[at]),
        "p2p",
        "payment",
        amount=amount[at],
        unit=1000,
        mode=OVERDRAW,
        fee=OTHER_BANK,
    )


def _abroad(lives: Lives) -> None:
    """Rare transfers abroad and to exchanges of coins, of anybody."""
    who = lives.hits("coins", lives.spec.number("base.coins.rate"), lives.live)
    lives.rows.add(
        lives.clock("coins", who),
        who,
        lives.parties.pick("CRYPTO", lives.draw("coins where", who)),
        "p2p",
        "payment",
        amount=lives.part("coins", who, lives.spec.number("base.coins.amount")),
        unit=500,
        fee=OTHER_BANK,
    )
    base = "base.remittance"
    who = lives.hits("remittance", lives.spec.number(f"{base}.rate"), lives.live)
    home = uniform(lives.spec.seed, "home abroad", "", who)
    amount = lives.part("remittance", who, lives.spec.number(f"{base}.amount"))
    lives.rows.add(
        lives.clock("remittance", who),
        who,
        lives.parties.pick("ABROAD", home),
        "abroad",
        "remittance",
        amount=amount,
        unit=1000,
        fee=FAR,
    )


def _trade(lives: Lives) -> None:
    """Small traders are paid by transfer, and pay suppliers."""
    if len(lives.traders):
        who = lives.hits("trade", lives.spec.number("base.trade.rate"), lives.live)
        near = (0.5 + 0.1 * normal(lives.draw("trade whom", who)) + who / len(lives.people)) % 1
        trader = lives.traders[(near * len(lives.traders)).astype(np.int64)]
        who, trader = who[trader != who], trader[trader != who]
        amount = lives.part(
            "trade",
            who,
            lives.spec.number("base.trade.amount"),
            lives.spec.number("base.trade.spread"),
        )
        lives.rows.add(
            lives.clock("trade", who), who, trader, "p2p", "transfer", amount=amount, unit=50
        )
    sells = (lives.people.profile == TRADER) | lives.look_alikes["marketplace_seller"]
    who = lives.hits("supply", lives.spec.number("base.suppliers.rate"), lives.live & sells)
    lives.rows.add(
        lives.clock("supply", who, "work"),
        who,
        lives.others("supply", who, 5),
        "p2p",
        "payment",
        share=lives.between("supply", who, "base.suppliers.part"),
        unit=100,
        fee=OTHER_BANK,
    )


_BEHAVIOURS: tuple[Callable[[Lives], None], ...] = (
    _wages,
    _benefits,
    _jobs,
    _support,
    _purchases,
    _transfers,
    _cash,
    _monthly_things,
    _abroad,
    _trade,
)
