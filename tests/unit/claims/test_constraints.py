"""The text against itself, through chains of figures."""

from qonys.claims.checking import check_text
from qonys.claims.reading import to_source

CHAIN = (
    "In 2030, 900 people left Kazakhstan, 50% fewer than in 2029. "
    "In 2029, emigration was 20% higher than in 2028. "
    "In 2028, {} people left Kazakhstan."
)


def examined(view, text):
    return check_text(to_source(text), view)


def test_a_chain_that_leaves_no_value_is_a_contradiction(view):
    report = examined(view, CHAIN.format("1,200"))
    (finding,) = report.consistency
    assert finding.kind == "contradiction"
    assert len(finding.claims) == 4  # both printed numbers and both changes between them


def test_a_chain_that_fits_says_what_follows(view):
    report = examined(view, CHAIN.format("1,500"))
    assert not report.consistency
    (implied,) = [i for i in report.implied if i.cell.time_period == "2029"]
    assert implied.interval.low < 1800 < implied.interval.high  # 900 / 0.5


def test_arrivals_departures_and_balance_are_tied(view):
    text = "In 2031, 500 people emigrated and 800 arrived in Kazakhstan."
    (implied,) = examined(view, text).implied
    assert implied.cell.measure == "net_migration"
    assert implied.interval.low <= 300 <= implied.interval.high
    wrong = examined(view, text + " The net migration balance of 2031 was 200 people.")
    assert [f.kind for f in wrong.consistency] == ["contradiction"]


def test_a_figure_printed_twice_and_differently_is_taken_for_misread(view):
    text = "In 2031, 500 people left Kazakhstan. In 2031, 700 people left Kazakhstan."
    assert not examined(view, text).consistency


def test_a_conclusion_without_a_period_is_held_against_the_text(view):
    text = (
        "In 2031, 8,100 people arrived in Kazakhstan, compared to 9,900 in 2030. "
        "Thus growing immigration goes hand in hand with reforms."
    )
    report = examined(view, text)
    (trend,) = [c for c in report.claims if "growing" in c.claim.text]
    assert trend.verdict == "contradicted"
