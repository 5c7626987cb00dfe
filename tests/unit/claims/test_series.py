"""Streaks of rises, peaks, lists of the first ones, multiples in one word."""

import pytest

from qonys.claims.checking import check_text
from qonys.claims.reading import to_source
from qonys.claims.wording import tell


def found(view, text, kind):
    report = check_text(to_source(text), view)
    return [c.verdict for c in report.claims if c.claim.kind == kind]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        # emigrants fell in 2022, 2023, 2024 and 2025, after a rise in 2021
        (
            "Emigration from Kazakhstan fell in 2025 for the fourth year in a row.",
            "streak",
            "holds",
        ),
        ("Emigration fell in 2025 for the fifth year in a row.", "streak", "contradicted"),
        (
            "Эмиграция из Казахстана росла шесть лет подряд и в 2019 году достигла 45 225.",
            "streak",
            "holds",
        ),
        # 2018: 41,868; 2019: 45,225; 2020: 29,088
        ("Emigration from Kazakhstan peaked in 2019.", "turning_points", "holds"),
        ("Emigration from Kazakhstan peaked in 2018.", "turning_points", "contradicted"),
        # Karaganda, 1,588, is above East Kazakhstan, 1,195
        (
            "The main sources of emigration in 2024 were North Kazakhstan and East Kazakhstan.",
            "rank",
            "contradicted",
        ),
        # 32,256 in 2021 and 7,608 in 2025
        ("In 2025 emigration was more than fourfold lower than in 2021.", "ratio", "holds"),
        ("В 2025 году эмиграция была вдвое меньше, чем в 2021 году.", "ratio", "contradicted"),
        # 25,387 immigrants in 2023, 17,425 in 2022: up by 45.7 %
        (
            "In 2023 immigration grew by a third compared with 2022.",
            "percent_change",
            "contradicted",
        ),
        ("In 2023 arrivals exceeded departures by 9,293.", "balance", "holds"),
        ("In 2022 departures exceeded arrivals by 6,722.", "balance", "holds"),
        ("In 2024 arrivals exceeded departures by 9,293.", "balance", "contradicted"),
        # 24,147 + 16,094 + 12,732 = 52,973
        ("Between 2022 and 2024, a total of 52,973 people left Kazakhstan.", "value", "holds"),
        ("Between 2022 and 2024, 53.9 thousand people left in total.", "value", "cannot_check"),
    ],
)
def test_a_statement_on_a_series(view, text, kind, expected):
    assert expected in found(view, text, kind)


@pytest.mark.parametrize(
    "text",
    [
        "In 2024 emigration fell to 12,732, a decrease of 3,362 people.",
        "Emigration from Kazakhstan in 2025 was the lowest on record.",
        "The second lowest emigration on record was that of 2024.",
        "В 2024 году в Казахстан приехало в 2,3 раза больше людей, чем уехало.",
        "В 2024 году эмигрировали 12 732 человека, то есть на 3 362 человека меньше.",
        "In 2024, 35 people a day left Kazakhstan.",
        "In 2024 a net 16,550 people moved to Kazakhstan.",
        "Since 2023 net migration has been positive every year.",
        "UN demographers disagree with the register: net migration was minus 7,000 in 2024.",
    ],
)
def test_nothing_true_is_refuted(view, text):
    report = check_text(to_source(text), view)
    assert "contradicted" not in {c.verdict for c in report.claims}


def test_almost_is_near(view):
    assert found(view, "In 2024 almost 15,000 people left Kazakhstan.", "value") == [
        "compatible"
    ]


def test_a_change_published_as_such_is_evidence(view):
    text = (
        "In the first half of 2025, emigration to Kyrgyzstan rose by 31.5% compared with 2024."
    )
    assert found(view, text, "percent_change") == ["compatible"]  # one press copy carries it


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("In 2024 emigration from Kazakhstan was 16,094 people.", "2024: 12,732"),
        ("In 2025 immigration to Kazakhstan grew.", "−5,521 from 2024 to 2025"),
        ("In 2025 emigration fell for the sixth year in a row.", "4 years in a row"),
        ("The Neo Nomad visa was introduced in 2025.", "2024-11-17"),
    ],
)
def test_a_refutation_comes_with_what_the_data_support(view, text, words):
    report = check_text(to_source(text), view)
    told = [
        tell(c.suggestion, "en", view.country)
        for c in report.claims
        if c.suggestion is not None
    ]
    assert any(words in sentence for sentence in told), told
