"""Numbers as offices print them: spaces in thousands, decimal comma, three kinds of minus.

For readers. Main functions: `parse_number` and its SQL twin `number_sql`; both follow one
grammar and are tested against one another. What is not in it is a fault, never a guess.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from qonys.sources.staging import quoted

SPACES = " \u00a0\u202f\u2009"
MINUS = "-\u2212\u2013"
MISSING = frozenset(
    {"", "-", "\u2013", "\u2014", "\u2212", "…", "...", "..", "x", "х", "н/д", "n/a", "na"}
)
_BLANK = SPACES + "\t\r\n"
_ODD = ("e", "E", ",", *_BLANK)


@dataclass(frozen=True)
class NumberFormat:
    """How a file writes numbers.

    Parameters
    ----------
    decimal : str
        Decimal marks, one or several of ``.`` and ``,``.
    thousands : str
        Further marks between groups of three digits; spaces are always allowed.
    missing : frozenset of str
        Texts that mark a missing figure, in lower case.
    """

    decimal: str = "."
    thousands: str = ""
    missing: frozenset[str] = MISSING

    def __post_init__(self) -> None:
        if set(self.decimal) & set(self.thousands) or not self.decimal:
            msg = f"{self.decimal!r} cannot be decimal and thousands mark at once"
            raise ValueError(msg)

    @cached_property
    def grammar(self) -> str:
        """Regular expression of a number, for Python and for RE2."""
        marks = re.escape(self.decimal)
        groups = "|".join(re.escape(mark) for mark in SPACES + self.thousands)
        # One kind of mark in a number: 12 732.5 and 12.732,5 but not 1 234.567,8.
        grouped = "|".join(rf"\d{{1,3}}(?:{mark}\d{{3}})+" for mark in groups.split("|"))
        return (
            rf"[+{MINUS[1:]}-]?(?:(?:{grouped}|\d+)(?:[{marks}]\d*)?|[{marks}]\d+)"
            r"(?:[eE][+-]?\d{1,3})?"
        )

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The grammar, compiled."""
        return re.compile(self.grammar, re.ASCII)


PLAIN = NumberFormat()
EITHER_MARK = NumberFormat(decimal=".,")


def is_missing(text: str, form: NumberFormat = PLAIN) -> bool:
    """Whether a text marks a missing figure.

    Parameters
    ----------
    text : str
        A cell.
    form : NumberFormat
        How the file writes numbers.
    """
    return text.strip(_BLANK).lower() in form.missing


def parse_number(text: str, form: NumberFormat = PLAIN) -> float | None:
    """The number that a text stands for; none when it is no number or too large for one.

    Parameters
    ----------
    text : str
        A cell.
    form : NumberFormat
        How the file writes numbers.

    Examples
    --------
    >>> parse_number("−6 722"), parse_number("19000987,5", EITHER_MARK), parse_number("- 5")
    (-6722.0, 19000987.5, None)
    """
    text = text.strip(_BLANK)
    if form.pattern.fullmatch(text) is None:
        return None
    value = float(_bare(text, form))
    return value if value - value == 0 else None


def precision_of(text: str | float, form: NumberFormat = PLAIN) -> float:
    """Size of the last printed place of a number, at most 1.

    Parameters
    ----------
    text : str or float
        The number; a float is taken as it would be printed with twelve digits.
    form : NumberFormat
        How the file writes numbers.

    Examples
    --------
    >>> precision_of("115.5"), precision_of("12 732"), precision_of(0.1 + 0.2)
    (0.1, 1.0, 0.1)
    """
    if isinstance(text, float):
        text, form = format(text, ".12g"), PLAIN
    bare, _, exponent = _bare(text.strip(_BLANK), form).lower().partition("e")
    places = len(bare.partition(".")[2]) - int(exponent or 0)
    return float(10.0**-places) if places > 0 else 1.0


def _bare(text: str, form: NumberFormat) -> str:
    for mark in SPACES + form.thousands:
        text = text.replace(mark, "")
    for mark in MINUS:
        text = text.replace(mark, "-")
    for mark in form.decimal:
        text = text.replace(mark, ".")
    return text


def number_sql(text: str, form: NumberFormat = PLAIN) -> str:
    """SQL of the number that a text expression stands for; NULL when it is none.

    Parameters
    ----------
    text : str
        An SQL expression of type VARCHAR.
    form : NumberFormat
        How the file writes numbers.
    """
    slow = (
        f"CASE WHEN regexp_full_match(trim({text}, {quoted(_BLANK)}),"
        f" {quoted(form.grammar)})"
        f" THEN TRY_CAST({_bare_sql(text, form)} AS DOUBLE) END"
    )
    if "." not in form.decimal:
        return slow
    # DuckDB takes 1_000, nan and inf for numbers: the first is kept away here, the others by
    # asking for a finite value afterwards (see `finite_sql`).
    quick = f"TRY_CAST(CASE WHEN contains({text}, '_') THEN NULL ELSE {text} END AS DOUBLE)"
    return f"COALESCE({quick}, {slow})"


def finite_sql(number: str) -> str:
    """SQL of whether a number is there and finite."""
    return f"COALESCE(isfinite({number}), false)"


def missing_sql(text: str, form: NumberFormat = PLAIN) -> str:
    """SQL of whether a text marks a missing figure."""
    marks = ", ".join(sorted(quoted(mark) for mark in form.missing))
    return f"({text} IS NULL OR lower(trim({text}, {quoted(_BLANK)})) IN ({marks}))"


def precision_sql(text: str, form: NumberFormat = PLAIN) -> str:
    """SQL of the size of the last printed place, as `precision_of`.

    Parameters
    ----------
    text : str
        An SQL expression of type VARCHAR that is a number.
    form : NumberFormat
        How the file writes numbers.
    """
    bare = _bare_sql(text, form)
    places = (
        f"length(regexp_extract({bare}, '[.]([0-9]*)', 1))"
        f" - COALESCE(TRY_CAST(regexp_extract({bare}, '[eE](.*)', 1) AS INTEGER), 0)"
    )
    slow = f"pow(10.0, -greatest(CAST({places} AS DOUBLE), 0.0))"
    if "." not in form.decimal:
        return slow
    # A number without blanks, exponent or comma is read by position: ten times as fast.
    plain = f"pow(10.0, strpos({text}, '.') - length({text}))"
    odd = " OR ".join(f"contains({text}, '{mark}')" for mark in _ODD)
    return (
        f"CASE WHEN {odd} THEN {slow}"
        f" WHEN contains({text}, '.') THEN {plain} ELSE 1.0::DOUBLE END"
    )


def precision_of_double_sql(number: str) -> str:
    """SQL of the size of the last place of a number that is no text, nine places at most.

    Parameters
    ----------
    number : str
        An SQL expression of a numeric type.
    """
    places = " ".join(
        f"WHEN {number} = round({number}, {n}) THEN {10.0**-n!r}::DOUBLE" for n in range(1, 9)
    )
    return f"CASE WHEN {number} = trunc({number}) THEN 1.0::DOUBLE {places} ELSE 1e-09 END"


def _bare_sql(text: str, form: NumberFormat) -> str:
    kept = MINUS[1:] + form.decimal
    to = "-" * len(MINUS[1:]) + "." * len(form.decimal)
    gone = _BLANK + form.thousands
    return f"translate({text}, {quoted(kept + gone)}, {quoted(to)})"
