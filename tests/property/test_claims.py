"""No text breaks the reader of claims."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qonys.claims.parsing import find_claims
from qonys.claims.reading import to_source
from qonys.core.country import load_country

WORDS = (
    "In 2024 12,732 people left Kazakhstan for Russia , ( ) 20.9% fewer than a year earlier . "
    "В 2023 году выехали 12 732 человека сальдо − 5 016 в 2,8 раза меньше Алматы "
    "lowest since 1991 third consecutive year positive balance 0,0127 млн тыс. $ % - – /"
)


@pytest.fixture(scope="module")
def country():
    return load_country("KAZ")


@settings(max_examples=60)
@given(st.text(max_size=400))
@example("0 123 тыс. 1,234.5 1.234,5 1'2 ²³ ٣٤٥ 99999999999999999999999999 %")
@example("2024-2024 13 months of 2024 32 May 2024 2024/.. since since")
def test_any_text_is_read(country, text):
    for name in ("a.txt", "a.md", "a.html"):
        source = to_source(text, name)
        for claim in find_claims(source.plain, country):
            assert 0 <= claim.start < claim.end <= len(source.plain)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=60))
def test_any_order_of_its_own_words_is_read(country, words):
    text = " ".join(words)
    claims = find_claims(text, country)
    assert len({claim.id for claim in claims}) == len(claims)
