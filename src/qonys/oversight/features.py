"""What was known of each transaction the moment before it: windows, pairs, devices.

For rules and rankings. Main functions: `compute`, `windows_of`, `names`. The
values of a batch and of a stream come from the same code. Nothing here knows residency,
citizenship, days of arrival or of a number, or the age of an account, and a transfer abroad is
a transfer like any other.
"""

from collections.abc import Sequence

import numpy as np

from qonys.oversight._window_kernels import NEVER, new_state, run
from qonys.oversight.tables import CHANNELS, DEVICES, Transactions

WINDOWS = {"1h": 3600, "1d": 86400, "7d": 7 * 86400, "30d": 30 * 86400}
_SECONDS = np.array(list(WINDOWS.values()), dtype=np.int64)
_PARTIES, _SIDES = ("sender", "receiver"), ("out", "in")
_TYPICAL = 10_000  #: First transactions whose median amount is the unit of amounts.
#: A transfer abroad is a transfer, so that no one is suspected for sending wages home.
_CHANNEL = np.array([0 if name == "abroad" else at for at, name in enumerate(CHANNELS)] + [-1])


def window_names(windows: Sequence[str] = tuple(WINDOWS)) -> tuple[str, ...]:
    """Names of the columns that the kernel fills.

    Parameters
    ----------
    windows : Sequence of str
        Names of windows.
    """
    found = []
    for party in _PARTIES:
        for side in _SIDES:
            for window in windows:
                found += [
                    f"{party}_{side}_{measure}_{window}"
                    for measure in ("count", "amount", "others")
                ]
            found += [f"{party}_{side}_since", f"{party}_{side}_last"]
    return (*found, "pair_seen", "pair_since", "pair_mean", "back_seen")


def names() -> tuple[str, ...]:
    """Names of all features, in order; a model keeps this order, whatever a bank has."""
    derived = [f"{party}_kept_{window}" for party in _PARTIES for window in ("1d", "7d")]
    derived += [f"{party}_{side}_ratio" for party in _PARTIES for side in _SIDES]
    shared = [f"{name}_{what}" for name in DEVICES for what in ("others", "new")]
    return (*window_names(), *derived, "pair_ratio", "amount", "hour", "channel", *shared)


def windows_of(
    table: Transactions, windows: np.ndarray = _SECONDS, *, pairs: bool = True
) -> np.ndarray:
    """The kernel's columns for a batch.

    Parameters
    ----------
    table : Transactions
        In the order of time.
    windows : ndarray of int64
        Seconds.
    pairs : bool
        Whether to tell with how many others, and of the pair; else how many and how much only.

    Returns
    -------
    ndarray of float32, shape (transaction, column)
        In the order of `window_names`, without those of others and pairs if not asked for.
    """
    forth = back = np.empty(0, dtype=np.int32)
    count = 0
    if pairs:
        forth, back, count = _pairs(table.sender, table.receiver)
    state = new_state(len(table.names), count, len(table), len(windows))
    columns = 4 * (3 * len(windows) + 2) + 4 if pairs else 4 * (2 * len(windows) + 2)
    found = np.empty((len(table), columns), dtype=np.float32)
    run(
        table.sender,
        table.receiver,
        forth,
        back,
        table.time,
        table.amount,
        0,
        windows,
        state,
        found,
    )
    return found


def _pairs(sender: np.ndarray, receiver: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Numbers of pairs, those of the pairs the other way round, and how many there are."""
    forth = sender.astype(np.int64) << 32 | receiver
    told, numbers = np.unique(forth, return_inverse=True)
    other = (told & 0xFFFFFFFF) << 32 | told >> 32
    at = np.searchsorted(told, other)
    at = np.where((at < len(told)) & (told[np.minimum(at, len(told) - 1)] == other), at, NEVER)
    return numbers.astype(np.int32), at[numbers].astype(np.int32), len(told)


def unit_of(table: Transactions) -> float:
    """The amount that others are measured by: the median of the first transactions.

    Parameters
    ----------
    table : Transactions
        In the order of time.
    """
    return max(float(np.median(table.amount[:_TYPICAL])) / 100, 0.01)


def compute(table: Transactions, unit: float | None = None) -> np.ndarray:
    """Every feature of every transaction.

    Parameters
    ----------
    table : Transactions
        In the order of time.
    unit : float, optional
        What amounts are measured by; that of the table if not given.

    Returns
    -------
    ndarray of float32, shape (transaction, feature)
        In the order of `names`; NaN where something is not told.
    """
    shared = [_shared(table, name) for name in DEVICES]
    return _whole(
        windows_of(table), table, unit or unit_of(table), np.concatenate(shared, axis=1)
    )


def _whole(
    windows: np.ndarray, table: Transactions, unit: float, shared: np.ndarray
) -> np.ndarray:
    """Kernel columns, amounts in units, and what follows from both."""
    column = {name: at for at, name in enumerate(window_names())}
    amount = (table.amount / 100 / unit).astype(np.float32)
    money = [at for name, at in column.items() if "_amount_" in name or name.endswith("_last")]
    windows[:, [*money, column["pair_mean"]]] /= np.float32(unit)
    derived = []
    for party in _PARTIES:
        for window in ("1d", "7d"):
            came, gone = (
                windows[:, column[f"{party}_{side}_amount_{window}"]] for side in ("in", "out")
            )
            derived.append(_part(came - gone, came))
    for party in _PARTIES:
        for side in _SIDES:
            derived.append(_part(amount, windows[:, column[f"{party}_{side}_last"]]))
    derived.append(_part(amount, windows[:, column["pair_mean"]]))
    hour = (table.time % 86400 / 3600).astype(np.float32)
    derived += [amount, hour, _CHANNEL[table.channel].astype(np.float32)]
    return np.concatenate([windows, np.stack(derived, axis=1), shared], axis=1)


def _part(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """A share; NaN where there is nothing to share, and never far beyond belief."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(below > 0, above / below, np.nan)
    return np.asarray(np.clip(found, -100, 100), dtype=np.float32)


def _shared(table: Transactions, name: str) -> np.ndarray:
    """How many other accounts used the device before, and whether it is new to the sender.

    Of shape (transaction, 2); NaN where no device is told. Only first uses count, so nothing
    later is seen.
    """
    found = np.full((len(table), 2), np.nan, dtype=np.float32)
    if name not in table.devices:
        return found
    device = table.devices[name]
    told = np.flatnonzero(device >= 0)
    key = device[told].astype(np.int64) << 32 | table.sender[told]
    _, first = np.unique(key, return_index=True)
    fresh = np.zeros(len(told), dtype=bool)
    fresh[first] = True
    order = np.argsort(device[told], kind="stable")
    grouped = device[told][order]
    starts = np.r_[True, grouped[1:] != grouped[:-1]]
    running = np.cumsum(fresh[order])
    begin = np.maximum.accumulate(np.where(starts, running - fresh[order], 0))
    users = np.empty(len(told))
    users[order] = running - begin  # who used it up to now, the sender included
    found[told, 0] = users - 1
    found[told, 1] = fresh
    return found
