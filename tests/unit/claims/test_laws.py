"""Rules of the law: when they began, stopped and were let in again."""

import pytest

from qonys.claims.checking import check_text
from qonys.claims.reading import to_source


def verdicts(view, text):
    report = check_text(to_source(text), view)
    return [c.verdict for c in report.claims if c.claim.kind == "legal_threshold"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Neo Nomad visa was introduced in November 2024.", "holds"),
        ("The Neo Nomad visa (B12-1) was introduced in 2025.", "contradicted"),
        ("Виза Neo Nomad введена в 2025 году.", "contradicted"),
        ("Золотая виза появилась в ноябре 2024 года.", "holds"),
        ("Digital Nomad Residency was launched in March 2025.", "compatible"),  # sources differ
        ("Rules of the Neo Nomad visa took effect in November 2023.", "contradicted"),
        ("The Neo Nomad visa has been in force since November 2023.", "contradicted"),
        ("In early 2025 Kazakhstan banned issuing IINs abroad.", "holds"),
        ("In 2024 Kazakhstan banned issuing IINs abroad.", "contradicted"),
        ("The Neo Nomad visa will be abolished in 2030.", "cannot_check"),
        ("The Digital Nomad Residency (B9-1) suits programmers.", "compatible"),
        ("The golden visa is a 10-year permit.", "holds"),
        ("The golden visa is a 5-year permit.", "contradicted"),
    ],
)
def test_the_day_of_a_rule(view, text, expected):
    assert expected in verdicts(view, text)


def test_a_rule_is_carried_to_the_next_sentence(view):
    text = (
        "In January 2025 Kazakhstan banned issuing IINs abroad. "
        "In April 2025 a pilot lifted this ban."
    )
    assert verdicts(view, text) == ["holds", "holds"]
