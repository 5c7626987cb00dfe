"""A bank's tables: transactions, accounts and labels, read with every fault told.

For the whole room. Main types: `Transactions`, `Accounts`, `Labels`, `Findings`; main
functions: `read_transactions`, `read_accounts`, `read_labels`. A row that cannot be believed is
set aside with its reason, never repaired and never dropped in silence.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from qonys.core.errors import DataError, Fault

CHANNELS = ("p2p", "card", "atm", "cash_in", "salary", "abroad", "merchant", "utility")
KINDS = (
    "transfer",
    "purchase",
    "withdrawal",
    "deposit",
    "wage",
    "remittance",
    "payment",
    "bill",
    "benefit",
    "overdraft",
)
NEEDED = ("time", "transaction_id", "amount", "sender", "receiver")
USUAL = {"currency": "", "channel": "p2p", "kind": "transfer"}
DEVICES = ("sender_device", "sender_ip", "sender_phone_hash")
ACCOUNT_COLUMNS = (
    "account",
    "opened",
    "residency",
    "citizenship",
    "age_band",
    "arrived",
    "iin_issued",
)
#: Columns that no feature, sign or score may know; reports of fairness alone read them.
PROTECTED = ("residency", "citizenship", "age_band", "arrived", "iin_issued")
LABEL_COLUMNS = ("account", "mule", "typology", "first_mule_time")
NOT_TOLD = np.iinfo(np.int64).min  #: A moment that is not told.
_SHOWN = 5  #: Rows named in a finding.


@dataclass(frozen=True)
class Finding:
    """What is wrong with rows of a table.

    Parameters
    ----------
    problem : str
        In plain words.
    file : str
        Name of the file.
    rows : int
        How many.
    examples : tuple of int
        The first of them, counted from 1 without the header.
    quarantined : bool
        Whether the rows were set aside.
    """

    problem: str
    file: str
    rows: int
    examples: tuple[int, ...]
    quarantined: bool


@dataclass(frozen=True)
class Transactions:
    """Transactions in the order of time, as columns of equal length.

    Parameters
    ----------
    ids : polars.Series of str
        Their identifiers.
    time : ndarray of int64
        Seconds since 1970, UTC.
    amount : ndarray of int64
        In hundredths.
    sender, receiver : ndarray of int32
        Numbers of accounts in `names`.
    names : tuple of str
        Every account that sends or receives, own clients and others.
    channel, kind : ndarray of int8
        Numbers in `CHANNELS` and `KINDS`; -1 where another word stood.
    devices : Mapping of str to ndarray of int32
        By column of `DEVICES` that the file has: number of the device, -1 where empty.
    currency : tuple of str
        The currencies told, at most one after quarantine.
    """

    ids: pl.Series
    time: np.ndarray
    amount: np.ndarray
    sender: np.ndarray
    receiver: np.ndarray
    names: tuple[str, ...]
    channel: np.ndarray
    kind: np.ndarray
    devices: Mapping[str, np.ndarray] = field(default_factory=dict)
    currency: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class Accounts:
    """The bank's own clients.

    Parameters
    ----------
    names : tuple of str
        Accounts in the order of the file.
    opened : ndarray of int64
        Seconds since 1970; the smallest number where not told.
    groups : Mapping of str to tuple of str
        By protected column, the words of each account; for reports of fairness alone.
    """

    names: tuple[str, ...]
    opened: np.ndarray
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Labels:
    """What is known of accounts.

    Parameters
    ----------
    mule : Mapping of str to bool
        By account.
    typology : Mapping of str to str
        By account, may be empty.
    since : Mapping of str to int
        By mule, first moment of its use, seconds since 1970, where told.
    """

    mule: Mapping[str, bool]
    typology: Mapping[str, str]
    since: Mapping[str, int]


@dataclass(frozen=True)
class Naming:
    """Another bank's names for our columns.

    Parameters
    ----------
    columns : Mapping of str to str
        Ours to theirs.
    origin : str
        Moment that whole numbers of time are counted from, ISO 8601; none takes 1970.
    unit : str
        What they count: ``second``, ``minute``, ``hour`` or ``day``.
    scale : float
        What amounts are multiplied by.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    unit: str = "second"
    scale: float = 1.0


_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def read_mapping(path: Path) -> Naming:
    """Another bank's names, from a TOML file.

    Parameters
    ----------
    path : Path
        Our column = "their column"; a table ``time`` with ``origin`` and ``unit``; a table
        ``amount`` with ``scale``.

    Raises
    ------
    DataError
        With all faults.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(Fault(f"no TOML: {error}", path.name)) from error
    time, amount = (told.pop(name, {}) for name in ("time", "amount"))
    columns = dict(told.pop("columns", {})) | told
    for name, part in (("time", time), ("amount", amount)):
        if isinstance(part, str):
            columns[name] = part
        elif "column" in part:
            columns[name] = part["column"]
    time, amount = (part if isinstance(part, dict) else {} for part in (time, amount))
    unit, origin = str(time.get("unit", "second")), str(time.get("origin", ""))
    scale = amount.get("scale", 1.0)
    known = {*NEEDED, *USUAL, *DEVICES, *ACCOUNT_COLUMNS, *LABEL_COLUMNS}
    way_out = f"Columns: {', '.join(sorted(known))}."
    faults = [
        Fault("no column of ours", path.name, None, name, way_out=way_out)
        for name, theirs in columns.items()
        if name not in known or not isinstance(theirs, str)
    ]
    units = f"One of {', '.join(_UNITS)}."
    wrong = {
        ("no unit of time", "time.unit", unit, units): unit not in _UNITS,
        ("no moment", "time.origin", origin, ""): bool(origin) and _moment(origin) is None,
        ("expected a number above 0", "amount.scale", str(scale), ""): not _positive(scale),
    }
    faults += [
        Fault(problem, path.name, None, name, value, out)
        for (problem, name, value, out), found in wrong.items()
        if found
    ]
    if faults:
        raise DataError(faults)
    return Naming(columns, origin, unit, float(scale))


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and value > 0


def _moment(text: str) -> int | None:
    """Seconds since 1970 of a moment in ISO 8601; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    zoned = found if found.tzinfo else found.replace(tzinfo=UTC)
    return int(zoned.timestamp())


def _load(path: Path, naming: Naming, needed: Sequence[str]) -> pl.DataFrame:
    """A CSV or Parquet file under our names, with its row numbers; CSV as text."""
    try:
        if path.suffix == ".parquet":
            table = pl.read_parquet(path)
        else:
            table = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        problem = str(error).splitlines()[0][:120]
        raise DataError(Fault(f"cannot be read: {problem}", path.name)) from error
    theirs = {name: ours for ours, name in naming.columns.items() if name in table.columns}
    table = table.rename({name: ours for name, ours in theirs.items() if name != ours})
    missing = [name for name in needed if name not in table.columns]
    if missing:
        way_out = f"It has {', '.join(table.columns[:12])}; a --mapping can rename them."
        raise DataError(
            [Fault("no such column", path.name, 1, name, "", way_out) for name in missing]
        )
    return table.with_row_index("row", offset=1)


def _seconds(table: pl.DataFrame, column: str, naming: Naming) -> pl.Expr:
    """Moments as seconds since 1970 UTC; null where they cannot be read."""
    kind = table.schema[column]
    if isinstance(kind, pl.Datetime | pl.Date):
        return pl.col(column).cast(pl.Datetime("us")).dt.epoch("s")
    start = _moment(naming.origin) or 0
    if kind.is_numeric():
        counted = pl.col(column).cast(pl.Float64) * _UNITS[naming.unit] + start
        return counted.round().cast(pl.Int64, strict=False)
    text = pl.col(column).str.strip_chars()
    plain = text.str.replace(" ", "T")
    zoned = plain.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    shapes = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
    naive = [plain.str.to_datetime(one, time_unit="us", strict=False) for one in shapes]
    counted = text.cast(pl.Float64, strict=False) * _UNITS[naming.unit] + start
    moments = [zoned.dt.epoch("s"), *(one.dt.epoch("s") for one in naive)]
    return pl.coalesce(*moments, counted.round().cast(pl.Int64, strict=False))


def _worded(name: str, words: Sequence[str]) -> pl.Expr:
    """Numbers of words; -1 for another."""
    numbers = {word: at for at, word in enumerate(words)}
    return (
        pl.col(name)
        .cast(pl.String)
        .str.strip_chars()
        .replace_strict(numbers, default=-1, return_dtype=pl.Int8)
    )


def _finding(
    problem: str, file: str, rows: pl.Series | np.ndarray, *, quarantined: bool
) -> list[Finding]:
    numbers = [int(row) for row in rows[:_SHOWN]]
    return [Finding(problem, file, len(rows), tuple(numbers), quarantined)] if len(rows) else []


def read_transactions(
    path: Path, naming: Naming | None = None, until: int | None = None
) -> tuple[Transactions, list[Finding], pl.DataFrame]:
    """Transactions of a CSV or Parquet file, in the order of time.

    Parameters
    ----------
    path : Path
        The file.
    naming : Naming, optional
        Another bank's names.
    until : int, optional
        Rows after this moment (seconds since 1970) lie in the future and are set aside; now if
        not given.

    Returns
    -------
    Transactions, list of Finding, DataFrame
        What can be used; what is wrong; the rows set aside with their reason.

    Raises
    ------
    DataError
        Where a column is missing or no row can be used.
    """
    naming = naming or Naming()
    table = _load(path, naming, NEEDED)
    usual = [
        pl.lit(word).alias(name) for name, word in USUAL.items() if name not in table.columns
    ]
    table = table.with_columns(usual)
    parties = [
        pl.col(name).cast(pl.String).str.strip_chars() for name in ("sender", "receiver")
    ]
    amounts = (pl.col("amount").cast(pl.Float64, strict=False) * naming.scale * 100).round()
    table = table.with_columns(
        _seconds(table, "time", naming).alias("seconds"),
        amounts.cast(pl.Int64, strict=False).alias("cents"),
        pl.col("transaction_id").cast(pl.String).str.strip_chars(),
        *parties,
        _worded("channel", CHANNELS).alias("channel_number"),
        _worded("kind", KINDS).alias("kind_number"),
        pl.col("currency").cast(pl.String).str.strip_chars(),
    )
    latest = int(datetime.now(UTC).timestamp()) if until is None else until
    money = table.get_column("currency").drop_nulls()
    main = money.value_counts(sort=True).get_column("currency")[0] if len(money) else ""
    tests = {
        "no identifier": _empty("transaction_id"),
        "no sender or receiver": _empty("sender") | _empty("receiver"),
        "no moment that can be read": pl.col("seconds").is_null(),
        "no amount that can be read": pl.col("cents").is_null(),
        "an amount below 0": pl.col("cents") < 0,
        "an identifier that stood before": ~pl.col("transaction_id").is_first_distinct(),
        "after the moment that is looked at": pl.col("seconds") > latest,
        f"another currency than {main or 'the others'}": pl.col("currency") != main,
    }
    reason = pl.coalesce(
        pl.when(test.fill_null(False)).then(pl.lit(why)) for why, test in tests.items()
    )
    table = table.with_columns(reason.alias("reason"))
    aside = table.filter(pl.col("reason").is_not_null())
    findings = [
        one
        for why in tests
        for one in _finding(
            why, path.name, aside.filter(pl.col("reason") == why)["row"], quarantined=True
        )
    ]
    kept = table.filter(pl.col("reason").is_null())
    if not len(kept):
        raise DataError(
            Fault(
                "no transaction that can be used",
                path.name,
                way_out="; ".join(one.problem for one in findings),
            )
        )
    late = kept.filter(pl.col("seconds") < pl.col("seconds").cum_max())["row"]
    same = kept.filter(pl.col("sender") == pl.col("receiver"))["row"]
    findings += _finding(
        "earlier than a row before it: sorted", path.name, late, quarantined=False
    )
    findings += _finding("sender and receiver are the same", path.name, same, quarantined=False)
    for name in ("channel", "kind"):
        strange = kept.filter((pl.col(f"{name}_number") < 0) & ~_empty(name))
        words = ", ".join(strange[name].cast(pl.String).unique().sort().head(_SHOWN).to_list())
        findings += _finding(
            f"a {name} we have no word for ({words})",
            path.name,
            strange["row"],
            quarantined=False,
        )
    kept = kept.sort("seconds", maintain_order=True)
    return (
        _columns(kept, main),
        findings,
        aside.drop("seconds", "cents", "channel_number", "kind_number"),
    )


def _empty(name: str) -> pl.Expr:
    return pl.col(name).is_null() | (pl.col(name) == "")


def _columns(kept: pl.DataFrame, currency: str) -> Transactions:
    """Text to numbers; the order of accounts is that of their names, so that runs are equal."""
    both = pl.concat([kept["sender"], kept["receiver"].rename("sender")])
    names = both.unique().sort()
    numbers = pl.DataFrame({"name": names}).with_row_index("number")
    sides = [
        kept.select(side)
        .join(numbers, left_on=side, right_on="name", how="left", maintain_order="left")[
            "number"
        ]
        .to_numpy()
        .astype(np.int32)
        for side in ("sender", "receiver")
    ]
    devices = {}
    for name in DEVICES:
        if name in kept.columns:
            text = kept[name].cast(pl.String)
            codes = text.replace("", None).cast(pl.Categorical).to_physical()
            devices[name] = codes.cast(pl.Int64).fill_null(-1).to_numpy().astype(np.int32)
    return Transactions(
        kept["transaction_id"],
        kept["seconds"].to_numpy(),
        kept["cents"].to_numpy(),
        sides[0],
        sides[1],
        tuple(names.to_list()),
        kept["channel_number"].to_numpy(),
        kept["kind_number"].to_numpy(),
        devices,
        (currency,) if currency else (),
    )


def read_accounts(path: Path, naming: Naming | None = None) -> tuple[Accounts, list[Finding]]:
    """A bank's own clients.

    Parameters
    ----------
    path : Path
        CSV or Parquet; only ``account`` is needed.
    naming : Naming, optional
        Another bank's names.

    Raises
    ------
    DataError
        Where an account is empty or stands twice.
    """
    table = _load(path, naming or Naming(), ("account",))
    table = table.with_columns(pl.col("account").cast(pl.String).str.strip_chars())
    faults = [
        Fault("no account", path.name, int(row) + 1, "account")
        for row in table.filter(_empty("account"))["row"].head(_SHOWN)
    ]
    twice = table.filter(~pl.col("account").is_first_distinct() & ~_empty("account"))
    faults += [
        Fault("an account stands twice", path.name, int(row) + 1, "account", name)
        for row, name in twice.select("row", "account").head(_SHOWN).iter_rows()
    ]
    if faults:
        raise DataError(faults)
    opened = np.full(len(table), NOT_TOLD)
    findings: list[Finding] = []
    if "opened" in table.columns:
        seconds = table.select(_seconds(table, "opened", naming or Naming())).to_series()
        opened = seconds.fill_null(NOT_TOLD).to_numpy()
        findings = _finding(
            "no day of opening that can be read",
            path.name,
            table.filter(seconds.is_null())["row"],
            quarantined=False,
        )
    groups = {
        name: tuple(table[name].cast(pl.String).fill_null("").to_list())
        for name in PROTECTED
        if name in table.columns
    }
    return Accounts(tuple(table["account"].to_list()), opened, groups), findings


def read_labels(path: Path, naming: Naming | None = None) -> Labels:
    """What is known of accounts.

    Parameters
    ----------
    path : Path
        CSV or Parquet: ``account``, ``mule`` (true or false), and ``typology`` and
        ``first_mule_time`` or not.
    naming : Naming, optional
        Another bank's names.

    Raises
    ------
    DataError
        Where a label is neither true nor false, or an account stands twice.
    """
    table = _load(path, naming or Naming(), LABEL_COLUMNS[:2])
    words = pl.col("mule").cast(pl.String).str.strip_chars().str.to_lowercase()
    truth = words.replace_strict(
        {"true": True, "1": True, "false": False, "0": False},
        default=None,
        return_dtype=pl.Boolean,
    )
    table = table.with_columns(
        pl.col("account").cast(pl.String).str.strip_chars(), truth.alias("truth")
    )
    way_out = "Write true or false; leave out accounts of which nothing is known."
    faults = [
        Fault("neither true nor false", path.name, int(row) + 1, "mule", str(word), way_out)
        for row, word in table.filter(pl.col("truth").is_null())
        .select("row", "mule")
        .head(_SHOWN)
        .iter_rows()
    ]
    faults += [
        Fault("an account stands twice", path.name, int(row) + 1, "account", name)
        for row, name in table.filter(~pl.col("account").is_first_distinct())
        .select("row", "account")
        .head(_SHOWN)
        .iter_rows()
    ]
    if faults:
        raise DataError(faults)
    names = table["account"].to_list()
    typology: dict[str, str] = {}
    if "typology" in table.columns:
        words_of = table["typology"].cast(pl.String).fill_null("").to_list()
        typology = dict(zip(names, words_of, strict=True))
    since: dict[str, int] = {}
    if "first_mule_time" in table.columns:
        moments = table.select(
            _seconds(table, "first_mule_time", naming or Naming())
        ).to_series()
        since = {name: at for name, at in zip(names, moments, strict=True) if at is not None}
    return Labels(
        dict(zip(names, table["truth"].to_list(), strict=True)),
        typology,
        since,
    )
