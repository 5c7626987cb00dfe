"""Settling a simulated bank in Numba: arrays in and out, no labels, no files.

For `_sim_ledger`. Main function: `settle`. Rows are intentions in the order of time; what is
paid depends on what is on the account then.
"""

import numpy as np
from numba import njit

DECLINE, SHRINK, OVERDRAW = 0, 1, 2  #: What happens where the money does not suffice.


@njit(cache=True)
def _down(amount: int, unit: int) -> int:
    return amount - amount % unit if unit > 1 else amount


@njit(cache=True)
def settle(  # noqa: C901 - one pass over the rows; a call for each case would hide the order
    n: int,
    sender: np.ndarray,
    receiver: np.ndarray,
    amount: np.ndarray,
    share: np.ndarray,
    unit: np.ndarray,
    mode: np.ndarray,
    fee: np.ndarray,
    out_of: np.ndarray,
    into: np.ndarray,
    fees: np.ndarray,
    kept: np.ndarray,
    balance: np.ndarray,
    overdraft: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pay what can be paid, row after row; `balance` ends as it is after the last.

    A purse is money on one account that is meant for a purpose: rows into it fill it, rows out
    of it take a share of what is left after the part that is kept, other rows do not touch it.
    A row with share 1 empties it, and what was kept becomes the account's own.

    Parameters
    ----------
    n : int
        Own clients have numbers below it.
    sender, receiver : ndarray of int
        Parties.
    amount : ndarray of int64
        In hundredths; 0 where `share` says what part of the free money goes.
    share : ndarray of float
        Part of the purse or of the free money.
    unit : ndarray of int
        Amounts are cut to multiples of it, in hundredths.
    mode : ndarray of int8
        `DECLINE`, `SHRINK` or `OVERDRAW`.
    fee : ndarray of int8
        Row of `fees`.
    out_of, into : ndarray of int
        Purses, -1 for none.
    fees : ndarray, shape (kinds, 2)
        Part of the amount, and least in hundredths.
    kept : ndarray
        Part that stays, by purse.
    balance, overdraft : ndarray of int64
        By client, in hundredths; `balance` is changed.

    Returns
    -------
    tuple of ndarray of int64
        By row: paid (0 where declined), fee, lent before it, paid back after it.
    """
    rows = len(sender)
    paid = np.zeros(rows, dtype=np.int64)
    charged = np.zeros(rows, dtype=np.int64)
    lent = np.zeros(rows, dtype=np.int64)
    returned = np.zeros(rows, dtype=np.int64)
    held = np.zeros(n, dtype=np.int64)
    debt = np.zeros(n, dtype=np.int64)
    got = np.zeros(len(kept), dtype=np.int64)
    sent = np.zeros(len(kept), dtype=np.int64)
    for i in range(rows):
        s, r, p = sender[i], receiver[i], out_of[i]
        want, cost = amount[i], 0
        rate, least = fees[fee[i], 0], fees[fee[i], 1]
        if s < n:
            if p >= 0:
                free = int((got[p] * (1.0 - kept[p]) - sent[p]) * share[i])
                want = free
            else:
                free = balance[s] - held[s]
                if want == 0:
                    want = int(free * share[i])
            want = _down(want, unit[i])
            cost = int(max(rate * want, least))
            if want + cost > free:
                if p >= 0 or mode[i] == SHRINK:
                    want = _down(int((free - least) / (1.0 + rate)), unit[i])
                    cost = int(max(rate * want, least))
                    if want + cost > free:
                        want = _down(want - least - 1, unit[i])
                        cost = int(max(rate * want, least))
                elif mode[i] == OVERDRAW and debt[s] + want + cost - free <= overdraft[s]:
                    lent[i] = want + cost - free
                    debt[s] += lent[i]
                    balance[s] += lent[i]
                else:
                    want = 0
            if want <= 0:
                want, cost = 0, 0
            balance[s] -= want + cost
            if p >= 0:
                held[s] -= want + cost
                sent[p] += want + cost
                if share[i] >= 1.0:
                    held[s] -= got[p] - sent[p]
                    sent[p] = got[p]
        paid[i], charged[i] = want, cost
        if r < n and want > 0:
            balance[r] += want
            if into[i] >= 0:
                got[into[i]] += want
                held[r] += want
            if debt[r] > 0:
                back = max(min(debt[r], balance[r] - held[r]), 0)
                debt[r] -= back
                balance[r] -= back
                returned[i] = back
    return paid, charged, lent, returned
