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
LAST = 2  #: Seconds since the last one, and its amount.
PAIR = 3  #: Times seen, seconds since, mean amount.
LONG_AGO = 1e9  #: Seconds, where there was none.
# What is used together stands together: an account, a transaction or a pair is one row.
COUNT, SUM, OTHERS, OLDEST = 0, 1, 2, 3  #: Of an account, a side and a window.
TIME, AMOUNT, WITH, NEXT = 0, 1, 2, 3  #: Of a transaction; the next of both sides last.
SEEN, MET, TOTAL = 0, 1, 2  #: Of a pair.


def new_state(accounts: int, pairs: int, capacity: int, windows: int) -> tuple[np.ndarray, ...]:
    """An empty state.

    Parameters
    ----------
    accounts, pairs, capacity : int
        How many accounts, pairs of sender and receiver, and transactions it can take. Without
        pairs nothing is known of others, which halves the time.
    windows : int
        How many windows.

    Returns
    -------
    tuple of ndarray
        Of accounts what is inside, (account, side, window, 4); their newest transaction,
        (account, side); transactions, (capacity, 5); how many of a pair are inside, (pair,
        side, window); pairs, (pair, 3).
    """
    inside = np.zeros((accounts, 2, windows, 4), dtype=np.int64)
    inside[..., OLDEST] = NEVER
    events = np.empty((capacity, 5), dtype=np.int64)
    events[:, NEXT:] = NEVER
    return (
        inside,
        np.full((accounts, 2), NEVER, dtype=np.int64),
        events,
        np.zeros((pairs, 2, windows), dtype=np.int64),
        np.zeros((pairs, 3), dtype=np.int64),
    )


@njit(cache=True)
def _forget(
    account: int, side: int, now: int, windows: np.ndarray, state: tuple[np.ndarray, ...]
) -> None:
    """Drop what has left the windows of an account."""
    inside, _, events, among, _ = state
    for w in range(len(windows)):
        here = inside[account, side, w]
        first = here[OLDEST]
        limit = now - windows[w]
        while first != NEVER and events[first, TIME] < limit:
            here[COUNT] -= 1
            here[SUM] -= events[first, AMOUNT]
            if len(among):
                pair = events[first, WITH]
                among[pair, side, w] -= 1
                if among[pair, side, w] == 0:
                    here[OTHERS] -= 1
            first = events[first, NEXT + side]
        here[OLDEST] = first


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
    inside, newest, events, among, _ = state
    for side in range(2):
        _forget(account, side, now, windows, state)
        for w in range(len(windows)):
            here = inside[account, side, w]
            found[column] = here[COUNT]
            found[column + 1] = here[SUM] / 100
            column += 2
            if len(among):
                found[column] = here[OTHERS]
                column += 1
        last = newest[account, side]
        found[column] = now - events[last, TIME] if last != NEVER else LONG_AGO
        found[column + 1] = events[last, AMOUNT] / 100 if last != NEVER else np.nan
        column += LAST
    return column


@njit(cache=True)
def _join(
    at: int, account: int, side: int, windows: np.ndarray, state: tuple[np.ndarray, ...]
) -> None:
    """Let a transaction into the windows of one of its parties."""
    inside, newest, events, among, _ = state
    last = newest[account, side]
    if last != NEVER:
        events[last, NEXT + side] = at
    newest[account, side] = at
    pair = events[at, WITH]
    for w in range(len(windows)):
        here = inside[account, side, w]
        here[COUNT] += 1
        here[SUM] += events[at, AMOUNT]
        if len(among):
            among[pair, side, w] += 1
            if among[pair, side, w] == 1:
                here[OTHERS] += 1
        if here[OLDEST] == NEVER:
            here[OLDEST] = at


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
    _, _, events, among, pair_rows = state
    for n in range(len(when)):
        now, at = when[n], begin + n
        column = _look(sender[n], now, windows, state, found[n], 0)
        column = _look(receiver[n], now, windows, state, found[n], column)
        events[at, TIME], events[at, AMOUNT], events[at, WITH] = now, cents[n], NEVER
        if len(among):
            events[at, WITH] = pairs[n]
            met = pair_rows[pairs[n]]
            seen = met[SEEN]
            found[n, column] = seen
            found[n, column + 1] = now - met[MET] if seen else LONG_AGO
            found[n, column + 2] = met[TOTAL] / 100 / seen if seen else np.nan
            found[n, column + 3] = pair_rows[back[n], SEEN] if back[n] >= 0 else 0
            met[SEEN] += 1
            met[MET] = now
            met[TOTAL] += cents[n]
        _join(at, sender[n], OUT, windows, state)
        _join(at, receiver[n], IN, windows, state)
