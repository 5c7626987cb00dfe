import pytest

from qonys.core.document import Link, Ref, fill
from qonys.core.errors import DataError

NUMBER = Ref("f1", "7,608")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{n} people left", (NUMBER, " people left")),
        ("left: {n}", ("left: ", NUMBER)),
        ("{n}", (NUMBER,)),
        ("no slot", ("no slot",)),
        ("", ()),
        ("{n}{n}", (NUMBER, NUMBER)),
        ("{where}: {n}.", ("Coast", ": ", NUMBER, ".")),
    ],
)
def test_a_number_in_a_sentence_stays_a_reference(template, text):
    assert fill(template, n=NUMBER, where="Coast") == text


def test_a_text_can_go_into_a_slot_whole():
    inner = fill("{n} people", n=NUMBER)
    assert fill("In 2025 {who} left", who=inner) == ("In 2025 ", NUMBER, " people", " left")


def test_braces_in_what_is_filled_in_are_not_slots():
    assert fill("see {x}", x=Link("#a", "{n}")) == ("see ", Link("#a", "{n}"))
    assert fill("see {x}", x="{n}") == ("see ", "{n}")


def test_an_unfilled_slot_is_an_error_that_names_it():
    with pytest.raises(DataError, match=r"nothing for 'where'"):
        fill("{n} in {where}", n=NUMBER)
