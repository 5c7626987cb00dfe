"""A simulated bank: its books close, its mules and look-alikes do what their names say."""

import itertools
import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from qonys.cli.simulate import simulate as command
from qonys.core.errors import DataError
from qonys.oversight.simulator import (
    LOOK_ALIKES,
    Newcomers,
    read_spec,
    simulate,
    write,
)
from qonys.oversight.tables import (
    ACCOUNT_COLUMNS,
    CHANNELS,
    DEVICES,
    KINDS,
    LABEL_COLUMNS,
    NEEDED,
    USUAL,
    read_accounts,
    read_labels,
    read_transactions,
)

SMALL = {
    "accounts": 1200,
    "days": 60,
    "mule_share": 0.1,
    "newcomer_share": 0.3,
    "look_alikes.group_rent.newcomers": 0.05,
    "look_alikes.crew_leader.newcomers": 0.05,
    "look_alikes.charity.residents": 0.01,
    "typologies.dormant.silence": [10, 20],
    "typologies.recruiter.weight": 0.1,
    "typologies.bipartite.weight": 0.1,
}
TYPOLOGIES = {
    "transit", "cash_out", "cash_in", "dormant", "many_banks", "splitting", "exit", "chain",
    "cycle", "gather_scatter", "scatter_gather", "bipartite", "recruiter",
}  # fmt: skip


def made(**changes):
    return simulate(read_spec(changes={"accounts": 150, "days": 20, **changes}))


@pytest.fixture(scope="module")
def bank():
    return simulate(read_spec(changes=SMALL))


@pytest.fixture(scope="module")
def rows(bank):
    """Transactions with moments, minutes since the start, and the truth of their paths."""
    at = pl.col("time").str.to_datetime()
    found = bank.transactions.join(bank.paths, on="transaction_id", how="left")
    return found.with_columns(at=at, day=at.dt.date())


def purses(rows):
    """What came into each purse, what went out, and when."""
    came = rows.filter(pl.col("to_purse") >= 0).group_by(purse="to_purse")
    went = rows.filter(pl.col("from_purse") >= 0).group_by(purse="from_purse")
    inside = came.agg(
        typology=pl.col("typology").first(),
        mule=pl.col("receiver").first(),
        got=pl.col("amount").sum(),
        first=pl.col("at").min(),
        victims=pl.len(),
    )
    # A fee is a row of its own, to the bank.
    paid = ~pl.col("receiver").str.starts_with("BANK-")
    outside = went.agg(
        sent=pl.col("amount").sum(),
        leaves=pl.col("at").min(),
        parts=paid.sum(),
        channels=pl.col("channel").filter(paid).unique(),
        receivers=pl.col("receiver").filter(paid),
    )
    return inside.join(outside, on="purse").with_columns(
        kept=1 - pl.col("sent") / pl.col("got")
    )


def of(bank, look_alike):
    return set(bank.look_alikes.filter(look_alike=look_alike)["account"])


def mules_of(bank, typology):
    return set(bank.labels.filter(typology=typology)["account"])


# ------------------------------------------------------------------ tables and books


def test_tables_have_the_columns_of_the_files(bank):
    assert set(bank.transactions.columns) == {*NEEDED, *USUAL, *DEVICES}
    assert tuple(bank.accounts.columns) == ACCOUNT_COLUMNS
    assert tuple(bank.labels.columns) == LABEL_COLUMNS
    assert set(bank.transactions["channel"]) <= set(CHANNELS)
    assert set(bank.transactions["kind"]) <= set(KINDS)
    assert bank.transactions["transaction_id"].is_unique().all()
    assert not sum(bank.transactions.null_count().row(0))


def test_times_are_sorted_and_inside_the_period(bank):
    time = bank.transactions["time"]
    assert time.is_sorted()
    assert time[0][:10] >= "2025-03-01"
    assert time[-1] < "2025-04-30"
    assert set(time.str.len_chars()) == {19}


def check_books(bank):
    """Replay every row: nothing below zero, and the closing balances come out."""
    names = dict(zip(bank.accounts["account"], itertools.count(), strict=False))
    balance = [round(one * 100) for one in bank.balances["opening"]]
    amounts = [round(one * 100) for one in bank.transactions["amount"]]
    sides = zip(bank.transactions["sender"], bank.transactions["receiver"], strict=True)
    for amount, (sender, receiver) in zip(amounts, sides, strict=True):
        assert amount > 0
        assert sender != receiver
        if sender in names:
            balance[names[sender]] -= amount
            assert balance[names[sender]] >= 0
        if receiver in names:
            balance[names[receiver]] += amount
    assert balance == [round(one * 100) for one in bank.balances["closing"]]


def test_no_balance_falls_below_zero_and_the_books_close(bank):
    check_books(bank)


def test_overdrafts_are_lent_and_paid_back(rows):
    lent = rows.filter(pl.col("kind") == "overdraft", pl.col("sender").str.starts_with("BANK"))
    back = rows.filter(
        pl.col("kind") == "overdraft", pl.col("receiver").str.starts_with("BANK")
    )
    assert 0 < back["amount"].sum() <= lent["amount"].sum()
    assert set(back["sender"]) <= set(lent["receiver"])


def test_every_client_is_in_accounts_and_nobody_else(bank):
    sides = {*bank.transactions["sender"], *bank.transactions["receiver"]}
    clients = set(bank.accounts["account"])
    assert {one for one in sides if one.startswith("KZ")} <= clients
    assert {one.partition("-")[0] for one in sides - clients} >= {"EMP", "SHOP", "ATM", "OTHER"}


def test_nobody_uses_an_account_before_it_is_open(bank, rows):
    opened = bank.accounts.select("account", opened=pl.col("opened").str.to_date())
    for side in ("sender", "receiver"):
        both = rows.join(opened, left_on=side, right_on="account")
        assert (both["day"] >= both["opened"]).all()
    dates = bank.accounts.filter(pl.col("arrived") != "")
    assert (dates["arrived"] <= dates["iin_issued"]).all()
    assert (dates["iin_issued"] <= dates["opened"]).all()


def test_wages_come_on_the_employers_payday(rows):
    wages = rows.filter(kind="wage").group_by("sender").agg(pl.col("day").unique())
    paydays = read_spec().numbers("people.paydays").astype(int)

    def paid_on(month, payday):
        day = date(2025, month, payday)
        return day - timedelta(days=max(day.weekday() - 4, 0))

    for _, days in wages.iter_rows():
        fitting = [p for p in paydays if all(day == paid_on(day.month, p) for day in days)]
        assert fitting, days
        assert len(days) == 2  # March and April


def test_the_same_seed_gives_the_same_bytes_and_another_another(tmp_path):
    first, second, other = made(csv=True), made(csv=True), made(csv=True, seed=2)
    for name, one in (("a", first), ("b", second), ("c", other)):
        write(one, tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [
        "accounts.csv", "balances.csv", "labels.csv", "look_alikes.csv", "newcomers.csv",
        "paths.csv", "spec.json", "transactions.csv", "transactions.parquet",
    ]  # fmt: skip
    for name in names:
        content = (tmp_path / "a" / name).read_bytes()
        assert content == (tmp_path / "b" / name).read_bytes()
        assert content != (tmp_path / "c" / name).read_bytes()
    assert pl.read_parquet(tmp_path / "a/transactions.parquet").equals(first.transactions)
    told = json.loads((tmp_path / "a/spec.json").read_text("utf-8"))
    assert told["parameters"]["accounts"] == 150
    assert told["reached"]["transactions"] == first.transactions.height


def test_the_readers_of_a_bank_find_nothing_wrong(tmp_path):
    bank = made(mule_share=0.1)
    write(bank, tmp_path)
    read, findings, *_ = read_transactions(tmp_path / "transactions.parquet")
    assert findings == []
    assert len(read) == bank.transactions.height
    accounts, findings = read_accounts(tmp_path / "accounts.csv")
    assert findings == []
    assert len(accounts.names) == 150
    assert sum(read_labels(tmp_path / "labels.csv").mule.values()) == 15


def test_a_parameter_of_others_changes_no_honest_trait():
    few, many = made(mule_share=0.0), made(mule_share=0.2)
    assert few.accounts.equals(many.accounts)
    assert few.balances["opening"].equals(many.balances["opening"])


# ------------------------------------------------------------------ mules


def test_every_typology_is_there_with_its_time(bank):
    mules = bank.labels.filter("mule")
    assert set(mules["typology"]) == TYPOLOGIES
    assert mules["first_mule_time"].str.len_chars().eq(19).all()
    rest = bank.labels.filter(~pl.col("mule"))
    assert set(rest["typology"]) | set(rest["first_mule_time"]) == {""}


def test_a_mules_money_is_conserved_up_to_what_is_kept(rows):
    found = purses(rows)
    assert found.height > 300
    assert (found["sent"] <= found["got"]).all()
    assert (found["leaves"] >= found["first"]).all()
    # A purse that is being emptied when the period ends keeps more.
    done = found.filter(pl.col("first") < pl.col("first").max() - timedelta(days=7))
    assert done["kept"].is_between(0.0, 0.2).all()
    assert done["kept"].is_between(0.005, 0.11).mean() > 0.98
    single = done.filter(pl.col("typology").is_in(["transit", "dormant", "many_banks", "exit"]))
    assert single["kept"].is_between(0.05, 0.10).all()


def test_transit_goes_out_within_minutes_to_hours(bank, rows):
    found = purses(rows).filter(typology="transit")
    waits = (found["leaves"] - found["first"]).dt.total_minutes()
    assert 5 < waits.median() < 240
    assert waits.quantile(0.1) < 45  # minutes
    assert waits.max() > 20 * 60  # days
    assert set(found["mule"]) == mules_of(bank, "transit")


def test_cash_out_ends_at_machines_and_cash_in_begins_there(rows):
    out = purses(rows).filter(typology="cash_out")
    assert set(out["channels"].explode()) == {"atm"}
    into = rows.filter(pl.col("typology") == "cash_in", pl.col("to_purse") >= 0)
    assert set(into["kind"]) == {"deposit"}
    # Strangers: a number each.
    assert into["sender_phone_hash"].is_unique().all()
    assert "" not in set(into["sender_phone_hash"])


def test_exit_is_abroad_or_to_an_exchange_of_coins(rows):
    found = purses(rows).filter(typology="exit")["receivers"].explode()
    assert set(found.str.split("-").list.first()) == {"ABROAD", "CRYPTO"}


def test_a_dormant_account_wakes_with_another_telephone_number_and_place(bank, rows):
    first = dict(bank.labels.select("account", "first_mule_time").iter_rows())
    compared = 0
    for one in mules_of(bank, "dormant"):
        mine = rows.filter(sender=one)
        before = mine.filter(pl.col("time") < first[one])
        after = mine.filter(pl.col("time") >= first[one])
        silence = date.fromisoformat(first[one][:10]) - timedelta(days=10)
        assert before.filter(pl.col("day") >= silence).is_empty()
        assert after["ring"].is_not_null().all()
        for column in DEVICES:
            told = [set(part[column]) - {""} for part in (before, after)]
            assert not told[0] & told[1]
            assert len(told[1]) == 1
            compared += bool(told[0])
    assert compared >= 10


def test_many_banks_stay_under_the_weekly_cap(rows):
    cap = read_spec().number("typologies.many_banks.weekly_cap")
    into = rows.filter(pl.col("typology") == "many_banks", pl.col("to_purse") >= 0)
    for _, mine in into.group_by("receiver"):
        weeks = (mine["at"] - mine["at"].min()).dt.total_days() // 7
        weekly = mine.group_by(weeks.alias("week")).agg(pl.col("amount").sum())
        assert weekly["amount"].max() <= cap * 1.01
        assert weekly.height >= 1


def test_splitting_makes_many_of_one(rows):
    found = purses(rows).filter(typology="splitting")
    assert (found["victims"] == 1).all()
    assert found["parts"].median() >= 5


def test_chains_and_cycles_hop(bank, rows):
    for typology, low, high in (("chain", 3, 6), ("cycle", 3, 5)):
        mules = mules_of(bank, typology)
        for _, ring in rows.filter(typology=typology).group_by("ring"):
            hops = ring.filter(
                pl.col("sender").is_in(list(mules)), pl.col("receiver").is_in(list(mules))
            )
            pairs = set(hops.select("sender", "receiver").iter_rows())
            members = {one for pair in pairs for one in pair}
            assert low <= len(members) <= high
            assert len(pairs) == len(members) - (typology == "chain")


def test_gather_scatter_has_many_in_and_many_out(rows):
    found = purses(rows).filter(typology="gather_scatter")
    hubs = found.filter(pl.col("victims") >= 5)
    assert hubs.height >= 3
    assert (hubs["receivers"].list.n_unique() >= 3).all()


def test_scatter_gather_comes_together_again(bank, rows):
    mules = list(mules_of(bank, "scatter_gather"))
    for _, ring in rows.filter(typology="scatter_gather").group_by("ring"):
        inside = ring.filter(pl.col("sender").is_in(mules), pl.col("receiver").is_in(mules))
        pairs = set(inside.select("sender", "receiver").iter_rows())
        (source,) = {one for one, _ in pairs} - {one for _, one in pairs}
        (sink,) = {one for _, one in pairs} - {one for one, _ in pairs}
        middle = {one for pair in pairs for one in pair} - {source, sink}
        assert len(middle) >= 3
        assert pairs == {(source, one) for one in middle} | {(one, sink) for one in middle}


def test_bipartite_pairs_each_with_each(bank, rows):
    mules = list(mules_of(bank, "bipartite"))
    for _, ring in rows.filter(typology="bipartite").group_by("ring"):
        inside = ring.filter(pl.col("sender").is_in(mules), pl.col("receiver").is_in(mules))
        pairs = set(inside.select("sender", "receiver").iter_rows())
        sources, sinks = {one for one, _ in pairs}, {one for _, one in pairs}
        assert not sources & sinks
        assert len(pairs) == len(sources) * len(sinks) >= 4


def test_recruits_pay_their_recruiter(bank, rows):
    mules = list(mules_of(bank, "recruiter"))
    for _, ring in rows.filter(typology="recruiter").group_by("ring"):
        inside = ring.filter(pl.col("sender").is_in(mules), pl.col("receiver").is_in(mules))
        assert inside["receiver"].n_unique() == 1
        assert inside["sender"].n_unique() >= 4


def test_mules_live_honestly_too(bank, rows):
    mules = bank.labels.filter("mule")["account"]
    honest = rows.filter(pl.col("sender").is_in(mules.to_list()), pl.col("ring").is_null())
    assert honest["sender"].n_unique() > 0.5 * len(mules)


def test_handed_over_accounts_share_controllers_telephones(bank, rows):
    mules = bank.labels.filter("mule")["account"].to_list()
    used = rows.filter(pl.col("sender").is_in(mules), pl.col("sender_device") != "")
    shared = used.group_by("sender_device").agg(pl.col("sender").n_unique())
    assert shared["sender"].max() >= 2


def test_most_mules_are_not_residents_and_few_newcomers_are_mules():
    bank = made(accounts=3000, newcomer_share=0.8, absent_share=0.02, days=14)
    reached = bank.summary()
    assert reached["mules"] == 30
    assert reached["nonresident_share_of_mules"] == 0.9
    assert reached["mule_share_of_newcomers"] <= 0.013


def test_where_newcomers_are_few_the_cap_wins():
    reached = made(accounts=3000, newcomer_share=0.1, absent_share=0.0, days=14).summary()
    assert reached["mule_share_of_newcomers"] <= 0.013
    assert reached["nonresident_share_of_mules"] < 0.9


def test_noise_hides_and_accuses_but_changes_no_money():
    true = made(mule_share=0.2)
    noisy = made(mule_share=0.2, **{"noise.missed": 0.5, "noise.wrong": 0.1})
    assert noisy.transactions.equals(true.transactions)
    both = true.labels.join(noisy.labels, on="account", suffix="_told")
    assert 0.2 < 1 - both.filter("mule")["mule_told"].mean() < 0.8
    assert 0 < both.filter(~pl.col("mule"))["mule_told"].mean() < 0.3
    hidden = both.filter("mule", ~pl.col("mule_told"))
    assert set(hidden["typology_told"]) | set(hidden["first_mule_time_told"]) == {""}


def test_drift_brings_the_newer_ways_later():
    def lateness(drift):
        bank = made(accounts=1500, mule_share=0.3, days=60, drift=drift)
        told = bank.labels.filter("mule").join(bank.accounts, on="account")
        told = told.filter(pl.col("opened") < "2025-03-01").with_columns(
            day=pl.col("first_mule_time").str.to_datetime().dt.ordinal_day()
        )
        means = [told.filter(typology=one)["day"].mean() for one in ("transit", "many_banks")]
        return means[1] - means[0]

    assert lateness(1.0) > lateness(0.0) + 3


# ------------------------------------------------------------------ look-alikes


def test_every_look_alike_is_there_and_none_has_more_than_a_few(bank):
    assert set(bank.look_alikes["look_alike"]) == set(LOOK_ALIKES)
    assert bank.look_alikes.group_by("account").len()["len"].max() <= 3


def test_a_dormitory_has_one_address(bank, rows):
    lives = rows.filter(pl.col("sender").is_in(list(of(bank, "dormitory"))))
    lives = lives.filter(pl.col("sender_ip").str.starts_with("10."))
    by_address = lives.group_by("sender_ip").agg(pl.col("sender").n_unique())
    assert by_address["sender"].max() >= 8


def test_a_family_has_one_telephone_and_number(bank, rows):
    lives = rows.filter(pl.col("sender").is_in(list(of(bank, "family_phone"))))
    for column in ("sender_device", "sender_phone_hash"):
        used = lives.filter(pl.col(column) != "").group_by(column).agg(
            pl.col("sender").n_unique()
        )  # fmt: skip
        assert used["sender"].median() >= 2


def after_wage(rows, kind, accounts):
    """Shares of those wages after which a row of the kind comes within a day."""
    wages = rows.filter(kind="wage").select(account="receiver", paid="at")
    wages = wages.filter(pl.col("account").is_in(list(accounts)))
    then = rows.filter(kind=kind).select("at", account="sender")
    both = wages.join(then, on="account")
    soon = both.filter((pl.col("at") - pl.col("paid")).is_between(timedelta(0), timedelta(1)))
    return soon.select("account", "paid").unique().height / wages.height


def test_some_send_home_or_draw_their_wage_within_a_day(bank, rows):
    everybody = set(bank.accounts["account"])
    for kind, name in (("remittance", "remit_payday"), ("withdrawal", "payday_cash")):
        chosen = of(bank, name)
        assert after_wage(rows, kind, chosen) > 0.8
        assert after_wage(rows, kind, everybody - chosen) < 0.15


def test_a_new_sim_comes_with_a_new_telephone(bank, rows):
    lives = rows.filter(
        pl.col("sender").is_in(list(of(bank, "new_sim_device") - of(bank, "family_phone"))),
        pl.col("sender_device") != "",
    )
    used = lives.group_by("sender").agg(pl.col(*DEVICES).n_unique())
    changed = used.filter(pl.col("sender_phone_hash") > 1)
    assert changed.height > 20
    assert (changed["sender_device"] > 1).all()


def test_first_months_bring_money_from_abroad_and_many_purchases(bank, rows):
    chosen = of(bank, "first_months")
    gifts = rows.filter(
        pl.col("receiver").is_in(list(chosen)), kind="transfer", channel="abroad"
    )
    assert gifts["receiver"].n_unique() > 0.7 * len(chosen)


def test_group_rent_is_collected_and_paid_the_same_day(bank, rows):
    chosen = of(bank, "group_rent") & set(bank.accounts.filter(pl.col("opened") < "2025-03")[
        "account"])  # fmt: skip
    mine = rows.filter(pl.col("sender").is_in(list(chosen)), kind="payment", channel="p2p")
    into = rows.filter(pl.col("receiver").is_in(list(chosen)), kind="transfer", channel="p2p")
    days = into.group_by(account="receiver", day="day").agg(
        pl.col("sender").n_unique().alias("payers"), pl.col("amount").sum().alias("got")
    )
    paid = mine.select("day", "amount", account="sender").join(days, on=["account", "day"])
    flats = paid.filter(pl.col("payers") >= 3, pl.col("amount") > 60_000)
    assert flats["account"].n_unique() >= 0.6 * len(chosen)


def test_sellers_students_and_charities_are_paid_by_many(bank, rows):
    senders = dict(
        rows.filter(channel="p2p").group_by("receiver").agg(pl.col("sender").n_unique()).rows()
    )
    usual = np.median(list(senders.values()))
    for name in ("student_gifts", "marketplace_seller", "charity"):
        counts = [senders.get(one, 0) for one in of(bank, name)]
        assert np.median(counts) > 2 * usual


def test_a_crew_leader_draws_a_crews_pay_within_hours(bank, rows):
    chosen = list(of(bank, "crew_leader"))
    pay = rows.filter(
        pl.col("receiver").is_in(chosen), pl.col("sender").str.starts_with("EMP"),
        kind="payment",
    ).select(account="receiver", got="amount", paid="at")  # fmt: skip
    cash = rows.filter(kind="withdrawal").select("at", "amount", account="sender")
    soon = pay.join(cash, on="account").filter(
        (pl.col("at") - pl.col("paid")).is_between(timedelta(0), timedelta(hours=10))
    )
    part = soon.group_by("account", "paid").agg(pl.col("amount").sum() / pl.col("got").first())
    assert pay.height > 5
    assert part["amount"].median() > 0.75


def test_new_accounts_are_those_just_opened(bank):
    opened = bank.accounts.filter(pl.col("account").is_in(list(of(bank, "new_account"))))
    assert opened["opened"].min() >= "2025-01-30"


def test_base_rates_know_no_group():
    bank = made(accounts=3000, days=30, newcomer_share=0.5, mule_share=0.0)
    marked = set(bank.look_alikes["account"])
    people = bank.accounts.filter(~pl.col("account").is_in(list(marked)))
    groups = {
        "came": people.filter(pl.col("arrived") != ""),
        "rest": people.filter(pl.col("arrived") == ""),
    }
    for kind, side in (
        *(
            (kind, "sender")
            for kind in ("purchase", "withdrawal", "transfer", "bill", "payment")
        ),
        *((kind, "receiver") for kind in ("wage", "transfer", "benefit", "deposit")),
    ):
        rows = bank.transactions.filter(kind=kind).group_by(account=side).len()
        means, errors = [], []
        for group in groups.values():
            counts = group.join(rows, on="account", how="left")["len"].fill_null(0)
            means.append(counts.mean())
            errors.append(counts.std() / len(counts) ** 0.5)
        assert means[1] > 0.01, kind
        # Four standard errors of the difference.
        assert abs(means[0] - means[1]) < 4 * np.hypot(*errors), (kind, side, means)


# ------------------------------------------------------------------ newcomers from elsewhere


def came(n, opened="2025-03-05", **changes):
    days = {name: np.array([value] * n, dtype="datetime64[D]") for name, value in
            {"arrival": "2025-02-01", "number_issued": "2025-02-10", "account_opened": opened,
             **changes}.items()}  # fmt: skip
    return Newcomers(np.arange(n), status=np.array(["work"] * n),
                     citizenship=np.array(["UZB"] * n), **days)  # fmt: skip


def test_newcomers_may_come_from_elsewhere():
    bank = simulate(read_spec(changes={"accounts": 100, "days": 20}), came(30))
    arrived = bank.accounts.filter(pl.col("arrived") == "2025-02-01")
    assert arrived.height == 30
    assert set(arrived["citizenship"]) == {"UZB"}
    assert set(arrived["opened"]) == {"2025-03-05"}
    assert set(bank.newcomers["account"]) == set(arrived["account"])
    later = simulate(read_spec(changes={"accounts": 100, "days": 20}), came(30, "2025-06-01"))
    assert set(later.newcomers["account"]) == {""}


def test_impossible_newcomers_are_faults():
    with pytest.raises(DataError, match="in this order"):
        came(3, number_issued="2025-01-01")
    with pytest.raises(DataError, match="more newcomers"):
        simulate(read_spec(changes={"accounts": 20, "days": 20}), came(30))


# ------------------------------------------------------------------ specs


def test_a_spec_file_changes_what_it_names(tmp_path):
    file = tmp_path / "bank.toml"
    file.write_text(
        'accounts = 300\nstart = "2026-01-01"\n[noise]\nmissed = 0.1\n'
        "[look_alikes.dormitory]\nnewcomers = 0.5\n",
        encoding="utf-8",
    )
    spec = read_spec(file)
    assert spec.accounts == 300
    assert str(spec.start) == "2026-01-01"
    assert spec.number("look_alikes.dormitory.newcomers") == 0.5
    assert spec.days == read_spec().days


def test_all_faults_of_a_spec_are_told_at_once(tmp_path):
    file = tmp_path / "bank.toml"
    file.write_text(
        'accounts = 3\nstart = "soon"\nmule_shere = 0.1\ncsv = 1\ndays = 20.5\n'
        "newcomer_share = nan\n[mules]\nkept = [0.2, 0.1]\nspeeds = [1, 2]\n"
        "[look_alikes]\ndormitory = 0.5\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError) as error:
        read_spec(file)
    told = {fault.column: str(fault) for fault in error.value.faults}
    assert "expected 20 to 2000000" in told["accounts"]
    assert "expected a day" in told["start"]
    assert "Near: mule_share" in told["mule_shere"]
    assert "true or false" in told["csv"]
    assert "whole number" in told["days"]
    assert "expected a number" in told["newcomer_share"]
    assert "do not fall" in told["mules.kept"]
    assert "list of 3 numbers" in told["mules.speeds"]
    assert "It is a table" in told["look_alikes.dormitory"]
    assert all(fault.file == "bank.toml" for fault in error.value.faults)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"newcomer_share": 0.8, "absent_share": 0.3}, "more than all accounts"),
        ({"mules.speeds": [0, 0, 0]}, "sum above 0"),
        ({f"typologies.{one}.weight": 0 for one in TYPOLOGIES}, "sum above 0"),
    ],
)
def test_values_must_go_together(changes, problem):
    with pytest.raises(DataError, match=problem):
        read_spec(changes=changes)


def test_no_toml_is_a_fault(tmp_path):
    file = tmp_path / "bank.toml"
    file.write_text("accounts = ", encoding="utf-8")
    with pytest.raises(DataError, match="not TOML"):
        read_spec(file)


def test_every_default_has_a_source_or_says_that_it_is_assumed():
    from qonys.oversight._sim_spec import _defaults, _problem

    for key, leaf in _defaults().items():
        assert ("source" in leaf) != ("assumption" in leaf), key
        assert not _problem(leaf["value"], leaf), key


@settings(max_examples=8)
@given(
    st.fixed_dictionaries(
        {
            "accounts": st.integers(20, 90),
            "days": st.integers(14, 30),
            "seed": st.integers(0, 10**6),
            "mule_share": st.sampled_from([0.0, 0.1, 0.5]),
            "newcomer_share": st.sampled_from([0.0, 0.5, 1.0]),
            "absent_share": st.just(0.0),
            "drift": st.sampled_from([0.0, 1.0]),
        }
    )
)
def test_the_books_of_any_bank_close(changes):
    bank = simulate(read_spec(changes=changes))
    check_books(bank)
    assert bank.transactions["time"].is_sorted()
    assert bank.labels["mule"].sum() <= round(changes["accounts"] * 0.5 + 0.5)


# ------------------------------------------------------------------ command line


def test_the_command_writes_a_bank_and_tells_what_came_of_it(tmp_path):
    file = tmp_path / "bank.toml"
    file.write_text("accounts = 60\ndays = 14\n", encoding="utf-8")
    result = CliRunner().invoke(command, [str(file), "-o", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["accounts"] == 60
    assert len(told["files"]) == 8
    assert all((tmp_path / "out" / name.rpartition("/")[2]).is_file() for name in told["files"])
    plain = CliRunner().invoke(command, [str(file), "-o", str(tmp_path / "out")])
    assert "accounts: 60" in plain.output
