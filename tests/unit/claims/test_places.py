"""Places in any case."""

import pytest

from qonys.claims.places import gazetteer
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
