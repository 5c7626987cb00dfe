"""Intentions of a simulated bank's clients, and what the ledger makes of them.

For `simulator`, `_sim_honest` and `_sim_mules`. Main types: `Intentions`, `Settled`; main
function: `settle_all`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qonys.oversight._sim_kernels import DECLINE, OVERDRAW, SHRINK, settle
from qonys.oversight._sim_people import Parties
from qonys.oversight._sim_spec import Spec
from qonys.oversight.tables import CHANNELS, KINDS

__all__ = ["DAY", "DECLINE", "HOUR", "MINUTE", "OVERDRAW", "SHRINK", "Intentions", "Settled"]
MINUTE, HOUR, DAY = 60, 3600, 86400
FREE, OTHER_BANK, CASH, FAR = range(4)  #: Kinds of fees.
OWN_PHONE, STRANGER = (
    -2,
    -3,
)  #: Whose number a cash deposit names: the receiver's, a stranger's.
_COLUMNS = {
    "time": np.int64,
    "sender": np.int32,
    "receiver": np.int32,
    "amount": np.int64,
    "share": np.float32,
    "unit": np.int32,
    "mode": np.int8,
    "channel": np.int8,
    "kind": np.int8,
    "fee": np.int8,
    "out_of": np.int32,
    "into": np.int32,
    "ring": np.int32,
    "phone": np.int8,
}
_USUAL: dict[str, Any] = {
    "amount": 0,
    "share": 0.0,
    "unit": 1,
    "mode": DECLINE,
    "fee": FREE,
    "out_of": -1,
    "into": -1,
    "ring": -1,
    "phone": -1,
}


@dataclass
class Intentions:
    """Rows that wait to be settled, added in any order.

    Parameters
    ----------
    chunks : list of dict of str to ndarray
        What was added.
    kept : list of ndarray
        Part that stays, by purse.
    purses : int
        How many there are.
    """

    chunks: list[dict[str, np.ndarray]] = field(default_factory=list)
    kept: list[np.ndarray] = field(default_factory=list)
    purses: int = 0

    def purse(self, kept: np.ndarray) -> np.ndarray:
        """New purses.

        Parameters
        ----------
        kept : ndarray
            Part that stays, one a purse.
        """
        first = self.purses
        self.purses += len(kept)
        self.kept.append(np.asarray(kept, dtype=np.float64))
        return np.arange(first, self.purses)

    def add(
        self, time: np.ndarray, sender: Any, receiver: Any, channel: str, kind: str, **more: Any
    ) -> None:
        """Add rows.

        Parameters
        ----------
        time : ndarray, seconds since the start
            When, one a row.
        sender, receiver : ndarray or int
            Parties.
        channel, kind : str
            Words of `CHANNELS` and `KINDS`.
        **more : ndarray or number
            Other columns: ``amount`` (KZT) or ``share``, ``unit`` (KZT), ``mode``, ``fee``,
            ``out_of``, ``into``, ``ring``, ``phone``.
        """
        if not len(time):
            return
        row = {
            **_USUAL,
            **more,
            "time": time,
            "sender": sender,
            "receiver": receiver,
            "channel": CHANNELS.index(channel),
            "kind": KINDS.index(kind),
        }
        self._take(row, len(time))

    def extend(self, rows: list[dict[str, Any]]) -> None:
        """Add rows one by one, each as what `add` takes.

        Parameters
        ----------
        rows : list of dict
            Each with ``time``, ``sender``, ``receiver``, ``channel``, ``kind`` and more.
        """
        if not rows:
            return
        filled = [{**_USUAL, **row} for row in rows]
        chunk = {name: [row[name] for row in filled] for name in _COLUMNS}
        chunk["channel"] = [CHANNELS.index(str(word)) for word in chunk["channel"]]
        chunk["kind"] = [KINDS.index(str(word)) for word in chunk["kind"]]
        self._take(chunk, len(rows))

    def _take(self, columns: Mapping[str, Any], count: int) -> None:
        """Keep rows whose columns are arrays, lists or single values; money in hundredths."""
        unit = np.asarray(columns["unit"], dtype=np.int64)
        amount = np.asarray(columns["amount"], dtype=np.float64)
        whole = np.maximum(np.round(amount / unit), 1).astype(np.int64) * unit * 100
        cut = {**columns, "unit": unit * 100, "amount": np.where(amount > 0, whole, 0)}
        self.chunks.append(
            {
                name: np.broadcast_to(np.asarray(cut[name]).astype(kind_of), count)
                for name, kind_of in _COLUMNS.items()
            }
        )


@dataclass(frozen=True)
class Settled:
    """What was paid, in the order of time; fees and overdrafts are rows of their own.

    Parameters
    ----------
    time, amount : ndarray of int64
        Seconds since the start; hundredths.
    sender, receiver : ndarray of int32
        Parties.
    channel, kind, phone : ndarray of int8
        As in the intentions.
    ring, out_of, into : ndarray of int32
        Ring of mules and purses, -1 for none.
    opening, closing : ndarray of int64
        Balances by client, hundredths.
    """

    time: np.ndarray
    amount: np.ndarray
    sender: np.ndarray
    receiver: np.ndarray
    channel: np.ndarray
    kind: np.ndarray
    phone: np.ndarray
    ring: np.ndarray
    out_of: np.ndarray
    into: np.ndarray
    opening: np.ndarray
    closing: np.ndarray


def settle_all(
    spec: Spec,
    parties: Parties,
    intentions: Intentions,
    balance: np.ndarray,
    overdraft: np.ndarray,
) -> Settled:
    """Settle all intentions of the period in the order of time.

    Parameters
    ----------
    spec : Spec
        Parameters.
    parties : Parties
        Who sends and receives.
    intentions : Intentions
        Rows; emptied, for they are large.
    balance, overdraft : ndarray of int64
        By client, hundredths.
    """
    rows = {
        name: np.concatenate([chunk[name] for chunk in intentions.chunks]) for name in _COLUMNS
    }
    intentions.chunks.clear()
    order = np.argsort(rows["time"], kind="stable")
    order = order[(rows["time"][order] >= 0) & (rows["time"][order] < spec.days * DAY)]
    rows = {name: column[order] for name, column in rows.items()}
    pairs = [spec.pair(f"fees.{name}") for name in ("other_bank", "cash", "abroad")]
    fees = np.array([(0.0, 0.0), *((rate, least * 100) for rate, least in pairs)])
    kept = np.concatenate([*intentions.kept, np.zeros(1)])
    closing = balance.copy()
    paid, fee, lent, back = settle(
        parties.clients,
        rows["sender"],
        rows["receiver"],
        rows["amount"],
        rows["share"],
        rows["unit"],
        rows["mode"],
        rows["fee"],
        rows["out_of"],
        rows["into"],
        fees,
        kept,
        closing,
        overdraft,
    )
    return _with_own_rows(rows, parties, paid, fee, lent, back, balance, closing)


def _with_own_rows(
    rows: dict[str, np.ndarray],
    parties: Parties,
    paid: np.ndarray,
    fee: np.ndarray,
    lent: np.ndarray,
    back: np.ndarray,
    opening: np.ndarray,
    closing: np.ndarray,
) -> Settled:
    """Paid rows, with the bank's own: lent before, fee and money paid back after."""
    bank = parties.pools["BANK"][0]
    parts = []
    for step, (amount, sender, receiver, kind) in enumerate(
        (
            (lent, bank + 1, rows["sender"], "overdraft"),
            (paid, rows["sender"], rows["receiver"], ""),
            (fee, rows["sender"], bank, "payment"),
            (back, rows["receiver"], bank + 1, "overdraft"),
        )
    ):
        at = np.flatnonzero(amount > 0)
        part = {
            name: rows[name][at]
            for name in ("time", "channel", "kind", "phone", "ring", "out_of", "into")
        }
        for name, who in (("sender", sender), ("receiver", receiver)):
            part[name] = (
                who[at] if isinstance(who, np.ndarray) else np.full(len(at), who, np.int32)
            )
        part["amount"] = amount[at]
        part["order"] = at * 4 + step
        if kind:
            part["kind"][:] = KINDS.index(kind)
            part["into"][:] = -1
        if kind == "overdraft":
            part["ring"][:] = part["out_of"][:] = -1
            part["channel"][:] = CHANNELS.index("card")
        parts.append(part)
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(whole.pop("order"), kind="stable")
    return Settled(
        **{name: column[order] for name, column in whole.items()},
        opening=opening,
        closing=closing,
    )
