import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qonys.rules.numbers import VERDICTS, NumberScheme, birth_hint
from qonys.rules.reading import load_law

KAZ = load_law("KAZ").rule("IIN.number").scheme


@pytest.fixture(scope="module")
def borovian(law) -> NumberScheme:
    return law.rule("LN.number").scheme


@pytest.mark.parametrize(
    ("number", "verdict"),
    [
        ("991331000008", "valid"),
        ("991399001809", "valid"),
        ("991331000009", "check_digit"),
        ("991399001860", "unassignable"),
        ("991331000058", "valid"),  # the eleventh digit is blind
        ("991231500006", "valid"),
        ("990229500002", "valid"),
        ("", "digits"),
        ("99133100000", "length"),
        ("9913310000080", "length"),
        ("991331 00008", "digits"),
        (" 991331000008", "digits"),
        ("991331000008\n", "digits"),
        ("991331000008\x00", "digits"),
        ("\x00991331000008", "digits"),
        ("+91331000008", "digits"),
        ("-91331000008", "digits"),
        ("99133100000O", "digits"),
        ("٩٩١٣٣١٠٠٠٠٠٨", "digits"),
        ("９９１３３１００００08", "digits"),
        ("99133100000²", "digits"),
        ("9" * 100_000, "length"),
        ("9" * 100_000 + "x", "digits"),
        ("\x00", "digits"),
    ],
)
def test_verdicts_on_numbers(number, verdict):
    assert KAZ.verdict(number) == verdict
    (code,) = KAZ.verdicts(KAZ.digit_rows([number]))
    assert VERDICTS[code] == verdict


def test_the_number_of_borovia(borovian):
    assert borovian.blind == (3,)
    assert borovian.verdict("2000004") == "valid"
    # The third digit has the weight 13 in the first row: it does not count there.
    assert borovian.verdict("2050004") == "valid"
    assert borovian.verdict("2000005") == "check_digit"
    assert borovian.verdict("1002090") == "unassignable"
    # 2 * 2 + 7 = 11: no digit; the second row gives 14 + 3 = 17 = 4 (mod 13).
    assert borovian.verdict("2001004") == "valid"


texts = st.one_of(
    st.text(max_size=15),
    st.text("0123456789", min_size=5, max_size=14),
    st.text("0123456789 ٣+-\x00", min_size=6, max_size=13),
)


@settings(max_examples=300)
@given(st.lists(texts, max_size=6))
def test_many_verdicts_are_single_verdicts(numbers):
    for scheme in (KAZ, NumberScheme("n", 7, 13, ((2, 3, 13, 7, 11, 1), (7, 1, 2, 3, 5, 4)))):
        codes = scheme.verdicts(scheme.digit_rows(numbers))
        assert [VERDICTS[code] for code in codes] == [scheme.verdict(text) for text in numbers]


@given(st.text("0123456789", min_size=30, max_size=30))
def test_large_weights_do_not_overflow(number):
    scheme = NumberScheme("n", 30, 997, ((1_000,) * 29, (999,) * 29))
    assert VERDICTS[scheme.verdicts(scheme.digit_rows([number]))[0]] == scheme.verdict(number)


def test_arrays_of_texts():
    assert KAZ.digit_rows([]).shape == (0, 12)
    array = np.array(["991331000008", "99"])
    assert KAZ.verdicts(KAZ.digit_rows(array)).tolist() == [0, 1]
    objects = np.array(["991331000008", "٩"], dtype=object)
    assert KAZ.verdicts(KAZ.digit_rows(objects)).tolist() == [0, 2]


def test_impossible_numbers_pass_and_name_no_month(borovian):
    numbers = KAZ.impossible(500, 7)
    assert len(set(numbers)) == 500
    assert not KAZ.verdicts(KAZ.digit_rows(numbers)).any()
    assert all(int(number[2:4]) > 12 for number in numbers)
    assert numbers == KAZ.impossible(500, 7)
    assert numbers[:3] != KAZ.impossible(3, 8)
    assert KAZ.impossible(1) == KAZ.impossible(1, 0)
    assert all(borovian.verdict(number) == "valid" for number in borovian.impossible(50))


@pytest.mark.parametrize(
    ("number", "born"),
    [
        ("991231500006", None),
        ("990229500002", None),
        ("800101300000", "1980-01-01"),
        ("000229500000", "2000-02-29"),
        ("000229300000", None),
        ("991231000000", None),
        ("991231700000", None),
    ],
)
def test_the_hint_at_a_day_of_birth(number, born):
    found = birth_hint(number)
    if number.startswith("991231") and number[6] == "5":
        assert found.isoformat() == "2099-12-31"
        return
    assert (found and found.isoformat()) == born


def test_notes_on_a_number():
    from datetime import date

    number = next(
        n for n in (f"80010130000{i}" for i in range(10)) if KAZ.verdict(n) == "valid"
    )
    keys = [key for key, _ in KAZ.notes(number)]
    assert keys == ["well_formed", "blind", "birth_hint"]
    assert [key for key, _ in KAZ.notes(number, date(1980, 1, 1))][-1] == "birth_same"
    key, parts = KAZ.notes(number, date(1981, 1, 1))[-1]
    assert (key, parts) == ("birth_differs", {"read": "1980-01-01", "born": "1981-01-01"})
    assert [key for key, _ in KAZ.notes("991331000008")][-1] == "birth_none"
    assert KAZ.notes("991331000009") == []
    assert dict(KAZ.notes(number))["blind"] == {"place": "11"}
