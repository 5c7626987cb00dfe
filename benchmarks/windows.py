"""Window features of transactions, over Polars on the same windows in one run, one thread.

How many and how much went out and came in over 1, 7 and 30 days, of sender and receiver: 24
columns. Polars adds up days and rolls over them, so it knows whole days only; ours knows the
moment before each transaction. With how many others, and what is known of pairs, is told with
its cost. Bar: no slower than 1.5 times Polars.
Usage: POLARS_MAX_THREADS=1 python benchmarks/windows.py [transactions]
"""

import sys
import time

import numpy as np
import polars as pl

from qonys.oversight.features import windows_of
from qonys.oversight.tables import Transactions

BAR = 1.5
DAYS = (1, 7, 30)
WINDOWS = np.array(DAYS, dtype=np.int64) * 86400


def bank(count: int) -> Transactions:
    """A year of payments among accounts of unequal activity."""
    rng = np.random.default_rng(1)
    accounts = max(count // 100, 10)
    sender, receiver = (
        (accounts * rng.random(count) ** power).astype(np.int32) for power in (2, 3)
    )
    moments = np.sort(rng.integers(0, 365 * 86400, count))
    none = np.zeros(count, dtype=np.int8)
    names = tuple(str(at) for at in range(accounts))
    amount = rng.integers(100, 1_000_000, count)
    return Transactions(
        pl.Series(range(count)), moments, amount, sender, receiver, names, none, none
    )


def peer(table: Transactions) -> pl.DataFrame:
    """The same windows by Polars: days added up, rolled, joined to both parties."""
    day = (table.time // 86400).astype(np.int32)
    rows = pl.DataFrame({
        "day": day,
        "sender": table.sender,
        "receiver": table.receiver,
        "amount": table.amount,
    })  # fmt: skip
    for side, column in (("out", "sender"), ("in", "receiver")):
        daily = (
            rows.group_by(column, "day")
            .agg(pl.len().alias("n"), pl.col("amount").sum())
            .sort(column, "day")
        )
        rolled = daily.select(column, "day")
        for days in DAYS:
            part = daily.rolling("day", period=f"{days}i", group_by=column).agg(
                pl.col("n").sum().alias(f"{side}_n{days}"),
                pl.col("amount").sum().alias(f"{side}_v{days}"),
            )
            rolled = rolled.hstack(part.drop(column, "day"))
        rolled = rolled.sort("day")
        for party in ("sender", "receiver"):
            named = rolled.rename(
                {
                    name: f"{party}_{name}"
                    for name in rolled.columns
                    if name not in (column, "day")
                }
            )
            rows = rows.join_asof(
                named, on="day", by_left=party, by_right=column, check_sortedness=False
            )
    return rows


def main() -> int:
    """Print the ratio; 1 where it is over the bar."""
    table = bank(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    windows_of(bank(1000), WINDOWS)
    begin = time.perf_counter()
    ours = windows_of(table, WINDOWS, pairs=False)
    mine = time.perf_counter() - begin
    begin = time.perf_counter()
    more = windows_of(table, WINDOWS)
    whole = time.perf_counter() - begin
    begin = time.perf_counter()
    theirs = peer(table)
    polars = time.perf_counter() - begin
    print(f"qonys {len(table) / mine:,.0f} transactions a second, {ours.shape[1]} columns")
    print(f"with others and pairs {len(table) / whole:,.0f}, {more.shape[1]} columns")
    print(f"Polars {len(table) / polars:,.0f}, {theirs.width - 4} columns")
    print(f"{mine / polars:.2f} times Polars' time (bar {BAR})")
    return int(mine / polars > BAR)


if __name__ == "__main__":
    sys.exit(main())
