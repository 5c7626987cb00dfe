"""Shares of respondents: matched by the answer's words, never by the number."""

import pytest

from qonys.claims.checking import check_text
from qonys.claims.reading import to_source


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("In a Demoscope survey 78.5% do not plan to move abroad.", "holds"),
        ("In a Demoscope survey 6.9% of respondents intend to emigrate.", "holds"),
        ("In a Demoscope survey 78.5% of respondents intend to emigrate.", "contradicted"),
        ("In a Demoscope survey 8.4% of respondents remain undecided.", "contradicted"),
        ("In a Demoscope survey 9.9% of respondents remain undecided.", "cannot_check"),
        ("In a Demoscope survey 6.9% plan to leave but have no means.", "contradicted"),
        ("In a survey 40% of respondents like the weather.", "cannot_check"),
        ("По опросу Demoscope, 78,5% респондентов не планируют уезжать.", "holds"),
    ],
)
def test_a_share_is_judged_by_its_answer(view, text, verdict):
    (one,) = [c for c in check_text(to_source(text), view).claims if c.claim.unit == "percent"]
    assert one.verdict == verdict
