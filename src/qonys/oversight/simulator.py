"""A bank of invented clients: whose account is a mule's is known, so alerts can be scored.

For whoever tries rules and rankings, and for the command line. Main types: `Spec`, `Newcomers`,
`Simulated`; main functions: `read_spec`, `simulate`, `write`. Money moves within the day, is
conserved, and no balance falls below zero but by a permitted overdraft, which is a row. Honest
residents and newcomers live by one law; situations that look like a mule's are listed. It does
not imitate any one bank: every parameter has its source or says that it is assumed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from qonys.core.draws import uniform
from qonys.oversight._sim_devices import Seen, make_devices, seen_devices
from qonys.oversight._sim_honest import add_honest_day
from qonys.oversight._sim_ledger import Intentions, Settled, settle_all
from qonys.oversight._sim_lives import Lives
from qonys.oversight._sim_mules import add_mules
from qonys.oversight._sim_people import (
    NEVER,
    NEWCOMER,
    Newcomers,
    People,
    make_newcomers,
    make_parties,
    make_people,
)
from qonys.oversight._sim_plan import Plan, plan_mules
from qonys.oversight._sim_situations import (
    LOOK_ALIKES,
    add_look_alike_day,
    make_look_alikes,
)
from qonys.oversight._sim_spec import BANDS, Spec, read_spec
from qonys.oversight.tables import CHANNELS, KINDS

__all__ = ["LOOK_ALIKES", "Newcomers", "Simulated", "Spec", "read_spec", "simulate", "write"]
CURRENCY = "KZT"


@dataclass(frozen=True)
class Simulated:
    """A simulated bank.

    Parameters
    ----------
    transactions, accounts, labels : DataFrame
        With the columns of a bank's files; labels are the truth, less the noise asked for.
    newcomers : DataFrame
        person, account, citizenship, status, arrival, number_issued, account_opened.
    look_alikes : DataFrame
        account, look_alike: honest situations; mules live in them as often as others do.
    paths : DataFrame
        transaction_id, ring, typology, from_purse, to_purse: the truth about every row of a
        mule's money. Into a purse goes what comes out of it, its fees, and what is kept.
    balances : DataFrame
        account, opening, closing.
    spec : Spec
        What it was made of.
    """

    transactions: pl.DataFrame
    accounts: pl.DataFrame
    labels: pl.DataFrame
    newcomers: pl.DataFrame
    look_alikes: pl.DataFrame
    paths: pl.DataFrame
    balances: pl.DataFrame
    spec: Spec

    def summary(self) -> dict[str, Any]:
        """Counts, and the shares that were reached where those asked for could not be."""
        joined = self.accounts.join(self.labels, on="account")
        mules = joined.filter("mule")
        came = joined.filter(pl.col("arrived") != "")
        return {
            "accounts": joined.height,
            "transactions": self.transactions.height,
            "mules": mules.height,
            "nonresident_share_of_mules": _share(mules["residency"] == "non-resident"),
            "mule_share_of_newcomers": _share(came["mule"]),
            "newcomers": came.height,
            "look_alike_accounts": self.look_alikes["account"].n_unique(),
            "typologies": _counts(mules["typology"]),
            "look_alikes": _counts(self.look_alikes["look_alike"]),
        }


def _share(column: pl.Series) -> float:
    return round(float(column.sum()) / len(column), 4) if len(column) else 0.0


def _counts(column: pl.Series) -> dict[str, int]:
    counted = column.filter(column != "").value_counts().sort(column.name)
    return dict(counted.iter_rows())


def simulate(spec: Spec, newcomers: Newcomers | None = None) -> Simulated:
    """A bank through its period.

    Parameters
    ----------
    spec : Spec
        Parameters; the same give the same bank.
    newcomers : Newcomers, optional
        Who came, from a register or a microsimulation; made after Kazakhstan's figures where
        not given.

    Raises
    ------
    DataError
        Where there are more newcomers than accounts.
    """
    newcomers = make_newcomers(spec) if newcomers is None else newcomers
    parties = make_parties(spec)
    people = make_people(spec, newcomers, parties)
    plan = plan_mules(spec, people)
    look_alikes = make_look_alikes(spec, people)
    rows = Intentions()
    lives = Lives(spec, people, parties, plan.life, look_alikes, rows)
    for day in range(spec.days):
        lives.begin(day)
        add_honest_day(lives)
        add_look_alike_day(lives)
    add_mules(spec, people, parties, plan, rows)
    settled = settle_all(spec, parties, rows, people.balance, people.overdraft)
    devices = make_devices(spec, people, look_alikes, plan)
    seen = seen_devices(spec, people, devices, settled)
    names = pl.Series("account", parties.names(), dtype=pl.String)
    transactions = _transactions(spec, settled, seen, names)
    clients = names.head(len(people))
    listed = _accounts(spec, people, clients)
    return Simulated(
        transactions,
        listed,
        _labels(spec, plan, settled, clients),
        _newcomers(newcomers, people, clients),
        _look_alikes(look_alikes, clients),
        _paths(plan, settled, transactions["transaction_id"]),
        pl.DataFrame(
            {
                "account": clients,
                "opening": settled.opening / 100,
                "closing": settled.closing / 100,
            }
        ),
        spec,
    )


def _moments(spec: Spec, seconds: np.ndarray) -> pl.Series:
    """Texts of moments, ISO 8601 without a zone."""
    days, rest = np.divmod(seconds, 86400)
    dates = pl.Series(np.datetime_as_string(spec.start + np.arange(spec.days)))
    clock = [f"T{one // 3600:02d}:{one // 60 % 60:02d}:{one % 60:02d}" for one in range(86400)]
    return dates.gather(days) + pl.Series(clock).gather(rest)


def _transactions(spec: Spec, settled: Settled, seen: Seen, names: pl.Series) -> pl.DataFrame:
    def words(numbers: np.ndarray, listed: list[str]) -> pl.Series:
        """Words by number, empty for -1."""
        return pl.Series([*listed, ""]).gather(np.where(numbers < 0, len(listed), numbers))

    count = len(settled.time)
    digits = pl.Series(np.arange(1, count + 1)).cast(pl.String).str.zfill(9)
    return pl.DataFrame(
        {
            "time": _moments(spec, settled.time),
            "transaction_id": "T" + digits,
            "amount": settled.amount / 100,
            "currency": pl.repeat(CURRENCY, count, eager=True),
            "sender": names.gather(settled.sender),
            "receiver": names.gather(settled.receiver),
            "channel": words(settled.channel, list(CHANNELS)),
            "kind": words(settled.kind, list(KINDS)),
            "sender_device": words(seen.device, seen.devices),
            "sender_ip": words(seen.ip, seen.ips),
            "sender_phone_hash": words(seen.phone, seen.phones),
        }
    )


def _dates(spec: Spec, days: np.ndarray) -> list[str]:
    """Texts of days; empty for one that did not come."""
    known = days > NEVER
    texts = np.datetime_as_string(spec.start + np.where(known, days, 0))
    return list(np.where(known, texts, ""))


def _accounts(spec: Spec, people: People, clients: pl.Series) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "account": clients,
            "opened": _dates(spec, people.opened),
            "residency": np.where(people.resident, "resident", "non-resident"),
            "citizenship": people.citizenship,
            "age_band": np.array(BANDS)[people.band],
            "arrived": _dates(spec, people.arrived),
            "iin_issued": _dates(spec, people.issued),
        }
    )


def _labels(spec: Spec, plan: Plan, settled: Settled, clients: pl.Series) -> pl.DataFrame:
    """The truth, with the noise that was asked for: a draw of its own for each account."""
    n = len(clients)
    mine = np.full(n, -1)
    names = [ring.typology for ring in plan.rings]
    for ring in plan.rings:
        mine[list(ring.members)] = ring.number
    first = np.full(n, np.iinfo(np.int64).max)
    used = settled.ring >= 0
    for party in (settled.sender[used], settled.receiver[used]):
        own = (party < n) & (mine[np.minimum(party, n - 1)] == settled.ring[used])
        np.minimum.at(first, party[own], settled.time[used][own])
    mule = (mine >= 0) & (first < spec.days * 86400)
    draws = uniform(spec.seed, "noise", "", np.arange(n))
    missed = mule & (draws < spec.number("noise.missed"))
    wrong = ~mule & (draws < spec.number("noise.wrong"))
    told = mule & ~missed
    moments = _moments(spec, np.where(told, first, 0))
    return pl.DataFrame(
        {
            "account": clients,
            "mule": told | wrong,
            "typology": np.where(told, np.array([*names, ""])[mine], ""),
            "first_mule_time": pl.select(
                pl.when(pl.Series(told)).then(moments).otherwise(pl.lit(""))
            ).to_series(),
        }
    )


def _newcomers(newcomers: Newcomers, people: People, clients: pl.Series) -> pl.DataFrame:
    account = np.full(len(newcomers), "", dtype=object)
    came = people.group == NEWCOMER
    account[people.newcomer[came]] = clients.to_numpy()[came]
    days = {
        name: np.datetime_as_string(getattr(newcomers, name))
        for name in ("arrival", "number_issued", "account_opened")
    }
    return pl.DataFrame(
        {
            "person": newcomers.person,
            "account": pl.Series(list(account), dtype=pl.String),
            "citizenship": pl.Series(list(newcomers.citizenship), dtype=pl.String),
            "status": pl.Series(list(newcomers.status), dtype=pl.String),
            **{name: pl.Series(list(texts), dtype=pl.String) for name, texts in days.items()},
        }
    )


def _look_alikes(look_alikes: Mapping[str, np.ndarray], clients: pl.Series) -> pl.DataFrame:
    parts = [
        pl.DataFrame(
            {"account": clients.gather(np.flatnonzero(look_alikes[name]))}
        ).with_columns(look_alike=pl.lit(name))
        for name in LOOK_ALIKES
    ]
    return pl.concat(parts).sort("account", "look_alike")


def _paths(plan: Plan, settled: Settled, ids: pl.Series) -> pl.DataFrame:
    at = np.flatnonzero(settled.ring >= 0)
    names = [ring.typology for ring in plan.rings]
    return pl.DataFrame(
        {
            "transaction_id": ids.gather(at),
            "ring": settled.ring[at],
            "typology": pl.Series(names, dtype=pl.String).gather(settled.ring[at]),
            "from_purse": settled.out_of[at],
            "to_purse": settled.into[at],
        }
    )


def write(simulated: Simulated, folder: Path) -> list[Path]:
    """Write a simulated bank's files, each beside its place first.

    Parameters
    ----------
    simulated : Simulated
        The bank.
    folder : Path
        Made where it is not there.

    Returns
    -------
    list of Path
        What was written: transactions.parquet (and .csv where the parameter ``csv`` says so),
        accounts, labels, newcomers, look_alikes, paths and balances as CSV, spec.json.
    """
    from qonys.observations.export import replacing

    written = []
    spec = simulated.spec
    for name in (field.name for field in fields(simulated) if field.name != "spec"):
        frame: pl.DataFrame = getattr(simulated, name)
        forms = ["parquet", "csv"][: 2 if spec.values["csv"] else 1]
        for form in forms if name == "transactions" else ["csv"]:
            path = folder / f"{name}.{form}"
            with replacing(path) as beside:
                if form == "csv":
                    frame.write_csv(beside, float_precision=2)
                else:
                    frame.write_parquet(beside)
            written.append(path)
    told = {"parameters": dict(spec.values), "reached": simulated.summary()}
    path = folder / "spec.json"
    with replacing(path) as beside:
        beside.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return [*written, path]
