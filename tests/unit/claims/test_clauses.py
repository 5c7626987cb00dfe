"""What one clause says is never bound to the number of another."""

import pytest

from qonys.claims.checking import check_text
from qonys.claims.mentions import sentences
from qonys.claims.places import gazetteer
from qonys.claims.reading import to_source
from qonys.core.country import load_country


def clauses(text):
    (sentence,) = sentences(text, gazetteer(load_country("KAZ")))
    return [sentence.text[a:b].strip(" ,;:") for a, b in sentence.clauses]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Of the 12,732 people who emigrated in 2024, 8,784 went to Russia, "
            "317 to Kyrgyzstan and 226 to Belarus.",
            [
                "Of the 12,732 people who emigrated in 2024",
                "8,784 went to Russia",
                "317 to Kyrgyzstan",
                "and 226 to Belarus.",
            ],
        ),
        (
            "Departures dropped to 16,094 in 2023 from 24,147 in 2022.",
            ["Departures dropped to 16,094 in 2023", "from 24,147 in 2022."],
        ),
        (
            "В 2024 году приехали 29 282 человека, а число выбывших, по данным бюро, "
            "достигло 12 732.",
            [
                "В 2024 году приехали 29 282 человека",
                "а число выбывших, по данным бюро, достигло 12 732.",
            ],
        ),
        (
            "Reasons are higher incomes (24.5%), better prospects for children (23.9%).",
            [
                "Reasons are higher incomes (24.5%)",
                "better prospects for children (23.9%).",
            ],
        ),
        ("In 2024, 12,732 people left.", ["In 2024, 12,732 people left."]),
    ],
)
def test_a_sentence_is_cut_at_its_numbers(text, expected):
    assert clauses(text) == expected


def cells(view, text):
    report = check_text(to_source(text), view)
    return [(c.claim.value, str(c.claim.cell), c.verdict) for c in report.claims]


def test_a_list_takes_the_measure_and_period_over(view):
    text = (
        "Of the 12,732 people who emigrated from Kazakhstan in 2024, 8,784 went to Russia and "
        "317 to Kyrgyzstan."
    )
    assert cells(view, text) == [
        (12732, "emigrants:KAZ:WORLD:2024", "holds"),
        (8784, "emigrants:KAZ:RUS:2024", "holds"),
        (317, "emigrants:KAZ:KGZ:2024", "holds"),
    ]


def test_a_place_is_taken_over_where_it_is_the_only_one(view):
    text = (
        "Восточно-Казахстанскую область в 2024 году покинули 1 195 человек, в 2025-м — 1 451."
    )
    found = cells(view, text)
    assert [cell for _, cell, _ in found] == [
        "emigrants:KZ-63:WORLD:2024",
        "emigrants:KZ-63:WORLD:2025",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "In 2024, 292 builders left Kazakhstan.",
        "В 2024 году Казахстан покинули 716 экономистов.",
        "Road accidents in 2024 left 12,732 injured in Kazakhstan.",
        "It is untrue that 76,000 people left Kazakhstan in 2025.",
        "The Bureau said in 2025 that 12,000 people had left Kazakhstan.",
        "Узбекистан в 2024 году покинули 29 282 человека.",
        "The six-month net balance of Kazakhstan was 7,289 in 2024.",
    ],
)
def test_what_is_about_something_else_is_neither_held_nor_refuted(view, text):
    verdicts = {verdict for _, _, verdict in cells(view, text)}
    assert not verdicts & {"holds", "contradicted"}


def test_a_level_of_a_share_is_no_change(view):
    report = check_text(
        to_source("Russia's share of emigrants fell from 87.9% in 2019 to 62.4% in 2025."), view
    )
    assert {c.claim.kind for c in report.claims if c.claim.value} == {"share"}


def test_months_beside_a_year_are_months_of_that_year(view):
    text = "Half-year emigration from Kazakhstan stood at 6,967 in 2024."
    assert (6967, "emigrants:KAZ:WORLD:2024-01/2024-06", "holds") in cells(view, text)
