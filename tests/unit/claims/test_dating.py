"""Mentions of time."""

import pytest

from qonys.claims.dating import earlier, find_times, in_year
from qonys.claims.lexicon import lexicon


@pytest.mark.parametrize(
    ("lang", "text", "period"),
    [
        ("en", "from January to April 2025", "2025-01/2025-04"),
        ("en", "first nine months of 2023", "2023-01/2023-09"),
        ("en", "in Q1 2025", "2025-Q1"),
        ("en", "fourth quarter of 2024", "2024-Q4"),
        ("en", "in the first half of 2025", "2025-01/2025-06"),
        ("en", "as of January 1, 2025", "2025-01-01"),
        ("en", "2006–2008", "2006/2008"),
        ("en", "since February 2023", "2023-02/.."),
        ("ru", "за 9 месяцев 2023 года", "2023-01/2023-09"),
        ("ru", "с января по сентябрь 2023 г.", "2023-01/2023-09"),
        ("ru", "в I квартале 2025 года", "2025-Q1"),
        ("ru", "в первом полугодии 2025 года", "2025-01/2025-06"),
        ("ru", "на 1 января 2025 года", "2025-01-01"),
        ("ru", "с 2000 по 2024 год", "2000/2024"),
        ("ru", "в 2024-м", "2024"),
        ("kk", "2025 жылдың қаңтар-сәуір айларында", "2025-01/2025-04"),
        ("kk", "2025 жылдың бірінші тоқсанында", "2025-Q1"),
        ("kk", "2023 жылғы 1 қаңтар", "2023-01-01"),
    ],
)
def test_a_named_period(lang, text, period):
    (time,) = find_times(text, lexicon(lang))
    assert time.resolved() == period


@pytest.mark.parametrize(
    ("lang", "text", "kind"),
    [
        ("en", "a year earlier", "before"),
        ("en", "the same period in 2024", "same"),
        ("en", "in the first months of 2025", "vague"),
        ("en", "last year", "today"),
        ("en", "over the past 25 years", "span"),
        ("en", "since independence", "history"),
        ("ru", "за аналогичный период прошлого года", "before"),
        ("ru", "за четверть века", "span"),
        ("ru", "в прошлом году", "today"),
        ("kk", "бір жыл бұрын", "before"),
    ],
)
def test_a_period_that_needs_another(lang, text, kind):
    (time,) = find_times(text, lexicon(lang))
    assert time.kind == kind
    assert not time.resolved()


def test_the_same_period_keeps_its_months():
    assert earlier("2025-01/2025-04") == "2024-01/2024-04"
    assert in_year("2025-Q1", 2023) == "2023-Q1"
    (time,) = find_times("the same period in 2024", lexicon("en"))
    assert time.resolved(2025, "2025-01/2025-04") == "2024-01/2024-04"


def test_thirteen_months_and_a_thirty_second_of_may_are_no_periods():
    assert all(not t.period for t in find_times("13 months of 2024", lexicon("en")) if t.months)
    assert "2024-05-32" not in [t.period for t in find_times("32 May 2024", lexicon("en"))]
