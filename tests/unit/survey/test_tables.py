"""What a printed table can say: margins, four tests, and tellings that differ.

Figures: Wilson's interval as R prints it (binom.test style, 76 of 1,100); the table of margins
and the tests of the survey of November 2024 were computed independently beforehand.
"""

import pytest

from qonys.core.country import load_country
from qonys.core.errors import DataError
from qonys.survey.published import Answer, built_in, read_published
from qonys.survey.tables import compare_tellings, counts, examine, possible_bases, wilson


@pytest.fixture(scope="module")
def tellings():
    return built_in(load_country("KAZ"))


def question(tellings, source, key):
    (one,) = [t for t in tellings if t.source == source]
    (found,) = [e for e in examine(one) if e.question.id == key]
    return found


def outcome(found, name):
    return [test for test in found.tests if test.test == name]


@pytest.mark.parametrize(
    ("share", "effect", "low", "high"),
    [
        (78.5, 1, 76.0, 80.8),
        (78.5, 1.5, 75.4, 81.3),
        (78.5, 2, 74.9, 81.7),
        (6.9, 1, 5.55, 8.55),
        (6.9, 2, 5.07, 9.33),
        (5.6, 1.5, 4.16, 7.51),
        (8.4, 2, 6.36, 11.02),
        (0.6, 1, 0.28, 1.26),
    ],
)
def test_margins_by_design_effect(share, effect, low, high):
    found = [100 * end for end in wilson(share / 100, 1100 / effect)]
    places = 1 if share == 78.5 else 2
    # 0.28498 was printed as 0.28, 0.285 rounds to either
    assert found == pytest.approx([low, high], abs=0.51 * 10**-places)


def test_wilson_is_that_of_r():
    assert wilson(76 / 1100, 1100) == pytest.approx((0.05555460206, 0.08562641408), abs=1e-10)


def test_an_answer_was_left_out(tellings):
    found = question(tellings, "demoscope-adaladam", "DEMOSCOPE_2024_INTENTION")
    (one,) = outcome(found, "sum")
    assert one.numbers["unlisted_low"] == pytest.approx(0.4)
    assert one.numbers["unlisted_high"] == pytest.approx(0.8)
    assert (one.numbers["unlisted_count_low"], one.numbers["unlisted_count_high"]) == (6, 7)


def test_the_integer_test_has_no_power_at_a_thousand(tellings):
    found = question(tellings, "demoscope-adaladam", "DEMOSCOPE_2024_INTENTION")
    (one,) = outcome(found, "integer")
    assert (one.verdict, one.numbers["power"]) == ("cannot test", 0)


def test_it_has_power_on_small_bases_and_finds_impossible_shares(tmp_path):
    survey = written(tmp_path, "n = 28", '{text = "yes", share = "30.0"}')
    (found,) = examine(survey)
    (one,) = outcome(found, "integer")
    assert one.verdict == "impossible if unweighted"  # 8/28 = 28.6, 9/28 = 32.1
    assert one.numbers["power"] > 0.9


def test_the_reasons_come_from_no_base_up_to_342(tellings):
    found = question(tellings, "intinv-2025-05-survey", "DEMOSCOPE_2024_REASON")
    (one,) = outcome(found, "base")
    assert one.verdict == "impossible if unweighted"
    assert one.numbers["smallest_possible"] == 343
    assert {76, 138, 230}.isdisjoint(possible_bases(found.question.answers, 1100))


def test_close_shares_have_no_order(tellings):
    found = question(tellings, "intinv-2025-05-survey", "DEMOSCOPE_2024_REASON")
    first = outcome(found, "ranking")[0]
    assert first.verdict == "no order"  # 24.5 and 23.9
    assert first.numbers["z"] == pytest.approx(0.29, abs=0.005)
    assert first.numbers["se"] == pytest.approx(2.10, abs=0.005)


def test_of_multiple_answers_the_overlap_decides(tmp_path):
    answers = '{text = "a", share = "40.0"}, {text = "b", share = "36.0"}'
    survey = written(tmp_path, "n = 1000", answers, "multiple = true")
    (found,) = examine(survey, (1.0,))
    (ranking,) = outcome(found, "ranking")
    assert ranking.verdict == "cannot test"  # SE 2.75 without overlap, 0.63 with the largest
    assert outcome(found, "sum")[0].verdict == "cannot test"


def test_shares_of_more_than_100_are_impossible(tmp_path):
    answers = '{text = "a", share = "70.0"}, {text = "b", share = "40.0"}'
    (found,) = examine(written(tmp_path, "n = 1000", answers))
    assert outcome(found, "sum")[0].verdict == "impossible if unweighted"


def test_two_tellings_of_one_survey_differ(tellings):
    found = [differ.says for differ in compare_tellings(tellings)]
    assert len(found) == 2
    assert any("undecided" in says for says in found)


def test_counts_of_a_share():
    assert list(counts(Answer("", 6.9, 1), 1100)) == [76]
    assert list(counts(Answer("", 0.0, 1), 10)) == [0]
    assert list(counts(Answer("", 100.0, 1), 10)) == [10]


def written(tmp_path, head, answers, more=""):
    path = tmp_path / "published.toml"
    path.write_text(
        f'{head}\nsource = "x"\n[[question]]\nwording = "w"\n{more}\nanswers = [{answers}]\n',
        encoding="utf-8",
    )
    return read_published(path)


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(
        'n = 0\nresponse_rate = 120\ncolour = "red"\n[[question]]\nanswers = '
        '[{text = "", share = 300}, {text = "b", share = "many"}]\n',
        encoding="utf-8",
    )
    with pytest.raises(DataError) as error:
        read_published(path)
    told = str(error.value)
    for word in ("n", "response_rate", "colour", "wording", "share", "source"):
        assert word in told
    assert len(error.value.faults) >= 7


@pytest.mark.parametrize("text", ["", "n = ", "\xff", "n = 1100\nsource = 'x'\n"])
def test_a_file_without_a_survey_is_a_fault(tmp_path, text):
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(DataError):
        read_published(path)
