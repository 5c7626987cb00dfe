"""Windows over transactions in Numba: one step serves a batch and a stream alike.

For `features`. Main functions: `run`, `new_state`. Of every account and window the state keeps
how many transactions came in and went out, how much, and with how many others; a transaction
sees what stood before it, then joins. Each enters and leaves a window once, so a step costs the
same however long the window is.
"""

import numpy as np
from numba import njit

OUT, IN = 0, 1
NEVER = -1
MEASURES = 3  #: How many, how much, with how many others.
LAST = 2  #: Seconds since the last one, and its amount.
PAIR = 3  #: Times seen, seconds since, mean amount.
LONG_AGO = 1e9  #: Seconds, where there was none.


def new_state(accounts: int, pairs: int, capacity: int, windows: int) -> tuple[np.ndarray, ...]:
    """An empty state.

    Parameters
    ----------
    accounts, pairs, capacity : int
        How many accounts, pairs of sender and receiver, and transactions it can take.
    windows : int
        How many windows.

    Returns
    -------
    tuple of ndarray
        Counts, sums and others inside, and the oldest transaction inside, each of shape
        (account, side, window); the newest transaction (account, side); for each transaction
        the next of the same account (capacity, side); its time, amount and pair (capacity,);
        a pair's count inside (pair, side, window); a pair's times seen, last moment and sum.
    """
    shape = (accounts, 2, windows)
    return (
        np.zeros(shape, dtype=np.int32),
        np.zeros(shape, dtype=np.int64),
        np.zeros(shape, dtype=np.int32),
        np.full(shape, NEVER, dtype=np.int32),
        np.full((accounts, 2), NEVER, dtype=np.int32),
        np.full((capacity, 2), NEVER, dtype=np.int32),
        np.empty(capacity, dtype=np.int64),
        np.empty(capacity, dtype=np.int64),
        np.empty(capacity, dtype=np.int32),
        np.zeros((pairs, 2, windows), dtype=np.int32),
        np.zeros(pairs, dtype=np.int32),
        np.full(pairs, NEVER, dtype=np.int64),
        np.zeros(pairs, dtype=np.int64),
    )


@njit(cache=True)
def _forget(
    account: int, side: int, now: int, windows: np.ndarray, state: tuple[np.ndarray, ...]
) -> None:
    """Drop what has left the windows of an account."""
    counts, sums, others, oldest, _, following, time, amount, pair, inside, _, _, _ = state
    for w in range(len(windows)):
        first = oldest[account, side, w]
        limit = now - windows[w]
        while first != NEVER and time[first] < limit:
            counts[account, side, w] -= 1
            sums[account, side, w] -= amount[first]
            inside[pair[first], side, w] -= 1
            if inside[pair[first], side, w] == 0:
                others[account, side, w] -= 1
            first = following[first, side]
        oldest[account, side, w] = first


@njit(cache=True)
def _look(
    account: int,
    now: int,
    windows: np.ndarray,
    state: tuple[np.ndarray, ...],
    found: np.ndarray,
    column: int,
) -> int:
    """Write what is known of an account; the next free column."""
    counts, sums, others, _, newest, _, time, amount, _, _, _, _, _ = state
    for side in range(2):
        _forget(account, side, now, windows, state)
        for w in range(len(windows)):
            found[column] = counts[account, side, w]
            found[column + 1] = sums[account, side, w] / 100
            found[column + 2] = others[account, side, w]
            column += MEASURES
        last = newest[account, side]
        found[column] = now - time[last] if last != NEVER else LONG_AGO
        found[column + 1] = amount[last] / 100 if last != NEVER else np.nan
        column += LAST
    return column


@njit(cache=True)
def _join(
    at: int,
    account: int,
    side: int,
    windows: np.ndarray,
    state: tuple[np.ndarray, ...],
) -> None:
    """Let a transaction into the windows of one of its parties."""
    counts, sums, others, oldest, newest, following, _, amount, pair, inside, _, _, _ = state
    last = newest[account, side]
    if last != NEVER:
        following[last, side] = at
    newest[account, side] = at
    for w in range(len(windows)):
        counts[account, side, w] += 1
        sums[account, side, w] += amount[at]
        inside[pair[at], side, w] += 1
        if inside[pair[at], side, w] == 1:
            others[account, side, w] += 1
        if oldest[account, side, w] == NEVER:
            oldest[account, side, w] = at


@njit(cache=True)
def run(
    sender: np.ndarray,
    receiver: np.ndarray,
    pairs: np.ndarray,
    back: np.ndarray,
    when: np.ndarray,
    cents: np.ndarray,
    begin: int,
    windows: np.ndarray,
    state: tuple[np.ndarray, ...],
    found: np.ndarray,
) -> None:
    """Look at transactions one after another, and let each join after it was looked at.

    Parameters
    ----------
    sender, receiver : ndarray of int32, shape (n,)
        Accounts.
    pairs, back : ndarray of int32, shape (n,)
        Number of the pair, and of the pair the other way round (-1 where it never occurred).
    when : ndarray of int64, shape (n,)
        Seconds, in order.
    cents : ndarray of int64, shape (n,)
        Amounts.
    begin : int
        How many transactions the state has taken before.
    windows : ndarray of int64
        Seconds that each reaches back.
    state : tuple of ndarray
        Of `new_state`; changed.
    found : ndarray of float32, shape (n, columns)
        Filled: of the sender, then the receiver, by side (out, in) and window how many, how
        much and with how many others, then seconds since the last and its amount; of the pair
        times seen, seconds since, mean amount; times seen the other way round.
    """
    _, _, _, _, _, _, time, amount, pair, _, seen, met, total = state
    for n in range(len(when)):
        now, p = when[n], pairs[n]
        column = _look(sender[n], now, windows, state, found[n], 0)
        column = _look(receiver[n], now, windows, state, found[n], column)
        found[n, column] = seen[p]
        found[n, column + 1] = now - met[p] if seen[p] else LONG_AGO
        found[n, column + 2] = total[p] / 100 / seen[p] if seen[p] else np.nan
        found[n, column + 3] = seen[back[n]] if back[n] >= 0 else 0
        at = begin + n
        time[at], amount[at], pair[at] = now, cents[n], p
        _join(at, sender[n], OUT, windows, state)
        _join(at, receiver[n], IN, windows, state)
        seen[p] += 1
        met[p] = now
        total[p] += cents[n]
