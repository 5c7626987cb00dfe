import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qonys.sources.numbers import (
    EITHER_MARK,
    MINUS,
    MISSING,
    PLAIN,
    SPACES,
    NumberFormat,
    finite_sql,
    is_missing,
    missing_sql,
    number_sql,
    parse_number,
    precision_of,
    precision_sql,
)

COMMA = NumberFormat(decimal=",")
GERMAN = NumberFormat(decimal=",", thousands=".")
FORMS = [PLAIN, COMMA, EITHER_MARK, GERMAN, NumberFormat(decimal=".", thousands=",")]
CON = duckdb.connect()
LETTERS = st.text("0123456789.,-+eE_x " + SPACES + MINUS + "\tinfa", max_size=9)


@pytest.mark.parametrize(
    ("text", "value", "precision"),
    [
        ("12 732", 12732, 1),
        ("-6 722", -6722, 1),
        ("−6\u00a0722", -6722, 1),
        ("–6\u202f722", -6722, 1),
        ("19000987,5", 19000987.5, 0.1),
        ("1\u2009234\u2009567,25", 1234567.25, 0.01),
        ("115.5", 115.5, 0.1),
        ("115.0", 115, 0.1),
        ("1e+05", 100000, 1),
        ("1.5e-3", 0.0015, 0.0001),
        (" 7 ", 7, 1),
    ],
)
def test_numbers_as_offices_print_them(text: str, value: float, precision: float):
    assert parse_number(text, EITHER_MARK) == value
    assert precision_of(text, EITHER_MARK) == precision


@pytest.mark.parametrize(
    "text",
    ["- 5", "− 5 016", "1 2", "12 73", "1_000", "nan", "inf", "0x10", "1e999", "5 чел", "1,2,3",
     "12 732*", "1 234\u00a0567", "", "--5", "1.2.3"],
)  # fmt: skip
def test_what_is_no_number(text: str):
    assert parse_number(text, EITHER_MARK) is None


def test_a_comma_is_no_thousands_mark_unless_said():
    assert parse_number("12,732") is None
    assert parse_number("12,732", NumberFormat(thousands=",")) == 12732
    assert parse_number("12,732", COMMA) == 12.732


def test_marks_must_differ():
    with pytest.raises(ValueError, match="at once"):
        NumberFormat(decimal=".", thousands=".")


@pytest.mark.parametrize("text", [*sorted(MISSING), " Н/Д ", "X"])
def test_missing_is_missing_and_no_number(text: str):
    assert is_missing(text)
    assert parse_number(text, EITHER_MARK) is None


@given(st.integers(-(10**12), 10**12), st.sampled_from(SPACES), st.sampled_from(MINUS))
def test_any_integer_survives_grouping(number: int, space: str, minus: str):
    text = f"{number:,}".replace(",", space).replace("-", minus)
    assert parse_number(text) == number


@example("1.000", NumberFormat(decimal=",", thousands="."))
@given(LETTERS | st.floats(allow_nan=False).map(str), st.sampled_from(FORMS))
def test_sql_and_python_follow_one_grammar(text: str, form: NumberFormat):
    expected = parse_number(text, form)
    sql = number_sql("t", form)
    value, finite, missing, precision = CON.execute(
        f"SELECT {sql}, {finite_sql(sql)}, {missing_sql('t', form)},"
        f" CASE WHEN {finite_sql(sql)} THEN {precision_sql('t', form)} END"
        " FROM (SELECT ? AS t)",
        [text],
    ).fetchall()[0]
    assert (value if finite else None) == expected
    assert missing == is_missing(text, form)
    if expected is not None:
        assert precision == pytest.approx(precision_of(text, form), rel=1e-12)
