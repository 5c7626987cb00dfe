"""Features against counting by hand, no look-ahead, a stream that says what a batch says."""

import numpy as np
import polars as pl

from qonys.oversight._window_kernels import new_state, run
from qonys.oversight.features import WINDOWS, _pairs, compute, names, window_names, windows_of
from qonys.oversight.tables import PROTECTED, Transactions

SECONDS = np.array(list(WINDOWS.values()), dtype=np.int64)


def bank(count=400, accounts=12, seed=1, **devices):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.integers(0, 40 * 86400, count))
    sender = rng.integers(0, accounts, count).astype(np.int32)
    receiver = rng.integers(0, accounts, count).astype(np.int32)
    return Transactions(
        pl.Series([str(at) for at in range(count)]),
        time,
        rng.integers(1, 10_000, count),
        sender,
        receiver,
        tuple(f"a{at}" for at in range(accounts)),
        rng.integers(0, 8, count).astype(np.int8),
        np.zeros(count, dtype=np.int8),
        devices,
    )


def by_hand(table, n):
    """What is known before transaction n, counted row by row."""
    found = {}
    for party, account in (("sender", table.sender[n]), ("receiver", table.receiver[n])):
        for side, mine, other in (
            ("out", table.sender, table.receiver),
            ("in", table.receiver, table.sender),
        ):
            own = np.flatnonzero(mine[:n] == account)
            for name, seconds in WINDOWS.items():
                inside = own[table.time[own] >= table.time[n] - seconds]
                found[f"{party}_{side}_count_{name}"] = len(inside)
                found[f"{party}_{side}_amount_{name}"] = table.amount[inside].sum() / 100
                found[f"{party}_{side}_others_{name}"] = len(set(other[inside].tolist()))
            last = own[-1] if len(own) else None
            since = 1e9 if last is None else table.time[n] - table.time[last]
            found[f"{party}_{side}_since"] = since
            found[f"{party}_{side}_last"] = np.nan if last is None else table.amount[last] / 100
    forth = (table.sender[:n] == table.sender[n]) & (table.receiver[:n] == table.receiver[n])
    back = (table.sender[:n] == table.receiver[n]) & (table.receiver[:n] == table.sender[n])
    found["pair_seen"], found["back_seen"] = forth.sum(), back.sum()
    met = np.flatnonzero(forth)
    found["pair_since"] = table.time[n] - table.time[met[-1]] if len(met) else 1e9
    found["pair_mean"] = table.amount[met].mean() / 100 if len(met) else np.nan
    return found


def test_windows_are_what_counting_by_hand_gives():
    table = bank()
    found = windows_of(table)
    for n in range(0, len(table), 7):
        expected = by_hand(table, n)
        ours = dict(zip(window_names(), found[n].tolist(), strict=True))
        assert set(ours) == set(expected)
        for name, value in expected.items():
            np.testing.assert_allclose(ours[name], value, rtol=1e-5, err_msg=f"{n} {name}")


def test_without_pairs_the_windows_are_the_same():
    table = bank(seed=6)
    kept = [
        at
        for at, name in enumerate(window_names())
        if "_others_" not in name and not name.startswith(("pair", "back"))
    ]
    np.testing.assert_array_equal(windows_of(table, pairs=False), windows_of(table)[:, kept])


def test_a_stream_says_what_a_batch_says():
    table = bank(seed=2)
    pairs, back, count = _pairs(table.sender, table.receiver)
    whole = windows_of(table)
    state = new_state(len(table.names), count, len(table), len(SECONDS))
    for n in range(len(table)):
        one = slice(n, n + 1)
        found = np.empty((1, whole.shape[1]), dtype=np.float32)
        columns = (table.sender, table.receiver, pairs, back, table.time, table.amount)
        run(*(column[one] for column in columns), n, SECONDS, state, found)
        np.testing.assert_array_equal(found[0], whole[n])


def test_nothing_later_is_seen():
    table = bank(seed=3, sender_device=np.arange(400, dtype=np.int32) % 9)
    early = Transactions(
        table.ids[:200], table.time[:200], table.amount[:200], table.sender[:200],
        table.receiver[:200], table.names, table.channel[:200], table.kind[:200],
        {name: one[:200] for name, one in table.devices.items()},
    )  # fmt: skip
    np.testing.assert_array_equal(compute(table, 50.0)[:200], compute(early, 50.0))


def test_shared_devices_are_counted_from_first_uses():
    table = bank(6, 3, sender_device=np.array([4, 4, 4, 5, 4, -1], dtype=np.int32))
    table.sender[:] = [0, 1, 0, 2, 2, 1]
    at = names().index("sender_device_others")
    found = compute(table)[:, at : at + 2]
    assert found[:5].tolist() == [[0, 1], [1, 1], [1, 0], [0, 1], [2, 1]]
    assert np.isnan(found[5]).all()


def test_amounts_have_the_banks_unit_and_no_feature_is_protected():
    table = bank(seed=4)
    dearer = bank(seed=4)
    dearer.amount[:] = table.amount * 100
    np.testing.assert_allclose(compute(table), compute(dearer), rtol=1e-5, atol=1e-5)
    assert len(names()) == compute(table).shape[1]
    for word in (*PROTECTED, "opened", "abroad", "age"):
        assert not any(word in name.split("_") for name in names())


def test_a_transfer_abroad_is_a_transfer():
    table, other = bank(seed=5), bank(seed=5)
    table.channel[:], other.channel[:] = 0, 5
    np.testing.assert_array_equal(compute(table), compute(other))
