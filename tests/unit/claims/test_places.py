"""Places in any case."""

import pytest

from qonys.claims.checking import check_text
from qonys.claims.places import gazetteer
from qonys.claims.reading import to_source
from qonys.core.country import load_country


@pytest.fixture(scope="module")
def names():
    return gazetteer(load_country("KAZ"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("в Германию", "DEU"),
        ("из Узбекистана", "UZB"),
        ("в США", "USA"),
        ("Ресейден", "RUS"),
        ("Өзбекстаннан", "UZB"),
        ("Қырғызстанға", "KGZ"),
        ("в Карагандинской области", "KZ-35"),
        ("в Северо-Казахстанской области", "KZ-59"),
        ("North Kazakhstan region", "KZ-59"),
        ("Kazakhstan’s", "KAZ"),
        ("Almaty city", "KZ-75"),
        ("Almaty Region", "KZ-19"),
    ],
)
def test_a_place_in_its_case(names, text, code):
    (place,) = names.find(text)
    assert place.codes == (code,)


def test_almaty_alone_means_two_places(names):
    (place,) = names.find("в Алматы")
    assert {"KZ-75", "KZ-19"} <= set(place.codes)


def test_words_that_look_like_countries_are_none(names):
    assert list(names.find("Кроме того, они мало того что уехали")) == []


@pytest.mark.parametrize(
    ("text", "cell", "verdict"),
    [
        # of 2021: with Ulytau, and with Abai
        (
            "In 2021, 4,603 people emigrated from Karaganda Region.",
            "emigrants:KZ-KAR:WORLD:2021",
            "holds",
        ),
        (
            "В 2021 году Восточно-Казахстанскую область покинули 5 078 человек.",
            "emigrants:KZ-VOS:WORLD:2021",
            "contradicted",
        ),
        # of today, without them
        (
            "In 2024, 1,588 people emigrated from Karaganda Region.",
            "emigrants:KZ-35:WORLD:2024",
            "holds",
        ),
        # nobody is a number too, and a figure that is not published is not zero
        ("In 2024, 0 people left Kazakhstan.", "emigrants:KAZ:WORLD:2024", "contradicted"),
    ],
)
def test_a_region_has_the_borders_of_its_period(view, text, cell, verdict):
    (one,) = [c for c in check_text(to_source(text), view).claims if c.claim.value is not None]
    assert (str(one.claim.cell), one.verdict) == (cell, verdict)
