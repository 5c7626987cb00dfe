import pytest

from qonys.core.errors import DataError
from qonys.sources.wording import (
    heal_cyrillic,
    period_of_end,
    read_label,
    read_period_name,
    without_footnote,
)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2004 год", "2004"),
        ("2024", "2024"),
        ("2024 г.", "2024"),
        ("2024 жыл", "2024"),
        ("I квартал 2024 года", "2024-Q1"),
        ("ІІ квартал 2024 года", "2024-Q2"),
        ("IV КВАРТАЛ 2024", "2024-Q4"),
        ("1 квартал 2024 г.", "2024-Q1"),
        ("1-й квартал 2024 года", "2024-Q1"),
        ("январь-март 2024", "2024-Q1"),
        ("январь – апрель 2025 года", "2025-01/2025-04"),
        ("за I полугодие 2024 года", "2024-01/2024-06"),
        ("9 месяцев 2025 года", "2025-01/2025-09"),
        ("январь-декабрь 2024", "2024"),
        ("май 2024", "2024-05"),
        ("в прошлом году", None),
        ("13 месяцев 2024", None),
        ("март-январь 2024", None),
        ("12732", None),
        ("", None),
    ],
)
def test_period_names(text: str, period: str | None):
    assert read_period_name(text) == period


def test_a_cumulated_series_counts_from_january():
    assert read_period_name("III квартал 2024 года", cumulated=True) == "2024-01/2024-09"
    assert period_of_end("cumulated", 2024, 3) == "2024-Q1"
    assert period_of_end("cumulated", 2024, 12) == "2024"


@pytest.mark.parametrize(("kind", "month"), [("year", 11), ("quarter", 4), ("month", 0)])
def test_no_period_ends_there(kind: str, month: int):
    with pytest.raises(DataError, match=f"no {kind} ends"):
        period_of_end(kind, 2024, month)


def test_labels():
    assert read_label("Всего") == ("", "_T")
    assert read_label("Гoродскoе население") == ("locality", "URBAN")  # Latin o
    assert read_label("Женщины") == ("sex", "F")
    assert read_label("Казахи") is None


def test_only_words_with_cyrillic_letters_are_healed():
    assert heal_cyrillic("Kостанайская oбласть, CIS") == "Костанайская область, CIS"


@pytest.mark.parametrize(
    ("text", "bare", "starred"),
    [
        ("20211)", "2021", False),
        ("2024*", "2024", True),
        ("2021²⁾", "2021", False),
        ("2024 год1)", "2024 год", False),
        ("Абай 1)", "Абай", False),
        ("Алматы (город)", "Алматы (город)", False),
        ("ВКО (17)", "ВКО (17)", False),
    ],
)
def test_footnotes(text: str, bare: str, starred: bool):
    assert without_footnote(text) == (bare, starred)
