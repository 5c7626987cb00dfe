"""Numbers and periods in three languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonys.briefs.numbers import (
    format_interval,
    format_number,
    format_percent,
    format_period,
    format_value,
)

LANGUAGES = ("en", "ru", "kk")


def read_back(text: str, lang: str) -> float:
    text = text.replace("\u202f", "").replace("\u2212", "-")
    text = text.replace(",", "") if lang == "en" else text.replace(",", ".")
    return float(text)


@given(
    value=st.floats(-1e12, 1e12),
    places=st.integers(0, 4),
    lang=st.sampled_from(LANGUAGES),
)
def test_a_printed_number_reads_back_to_its_last_place(value: float, places: int, lang: str):
    text = format_number(value, "person", lang, places)
    assert abs(read_back(text, lang) - value) <= 0.5 * 10**-places + abs(value) * 1e-12
    assert "-" not in text
    assert not text.startswith("\u22120") or any(char in "123456789" for char in text)


@given(value=st.integers(-(10**12), 10**12), lang=st.sampled_from(LANGUAGES))
def test_counts_are_exact(value: int, lang: str):
    assert read_back(format_number(value, "person", lang), lang) == value


@pytest.mark.parametrize(
    ("lang", "thousands", "percent"),
    [
        ("en", "7,608", "−40.3%"),
        ("ru", "7\u202f608", "−40,3\u00a0%"),
        ("kk", "7\u202f608", "−40,3\u00a0%"),
    ],
)
def test_digits_of_each_language(lang: str, thousands: str, percent: str):
    assert format_number(7608, "person", lang) == thousands
    assert format_percent(-40.25, lang) == percent
    assert format_value(-40.25, "percent", lang) == percent


def test_plus_only_where_asked_and_never_before_zero():
    assert format_percent(12, "en", signed=True) == "+12%"
    assert format_percent(0.01, "en", 1, signed=True) == "0.0%"
    assert format_number(-0.2, "person", "en", 0) == "0"


def test_intervals():
    assert format_interval(1650, 1750, "person", "en") == "1,650–1,750"
    assert format_interval(45.1, 47, "percent", "ru") == "45,1–47,0\u00a0%"
    assert format_interval(-3, 2, "percent", "en") == "−3% to 2%"
    assert format_interval(-3, 2, "person", "kk") == "−3 … 2"
    assert format_interval(5, 5, "person", "en") == "5"


@pytest.mark.parametrize(
    ("period", "texts"),
    [
        ("2025", ("2025", "2025", "2025")),
        (
            "2025-Q1",
            ("first quarter of 2025", "I квартал 2025 года", "2025 жылғы I тоқсан"),
        ),
        ("2025-01", ("January 2025", "январь 2025 года", "2025 жылғы қаңтар")),
        (
            "2025-01/2025-04",
            ("January–April 2025", "январь–апрель 2025 года", "2025 жылғы қаңтар–сәуір"),
        ),
        ("2024-01-01", ("1 January 2024", "1 января 2024 года", "2024 жылғы 1 қаңтар")),
        (
            "2023-01/..",
            (
                "from January 2023, end not printed",
                "с января 2023 года, конец не указан",
                "2023 жылғы қаңтардан бастап, соңы көрсетілмеген",
            ),
        ),
        (
            "2023/..",
            (
                "from January 2023, end not printed",
                "с января 2023 года, конец не указан",
                "2023 жылғы қаңтардан бастап, соңы көрсетілмеген",
            ),
        ),
        ("2022/2024", ("2022–2024", "2022–2024 годы", "2022–2024 жылдар")),
        (
            "1991/2022-06",
            (
                "January 1991 – June 2022",
                "январь 1991 года – июнь 2022 года",
                "1991 жылғы қаңтар – 2022 жылғы маусым",
            ),
        ),
        (
            "2024-11-13/2024-11-24",
            ("13–24 November 2024", "13–24 ноября 2024 года", "2024 жылғы 13–24 қараша"),
        ),
        ("unspecified", ("period not specified", "период не указан", "кезеңі көрсетілмеген")),
    ],
)
def test_periods(period: str, texts: tuple[str, str, str]):
    assert tuple(format_period(period, lang) for lang in LANGUAGES) == texts
