import shutil
from pathlib import Path

import pytest

from qonys.core.codes import DIMENSIONS, LANGUAGES, TOTAL
from qonys.core.country import Country, built_in, load_country
from qonys.core.errors import CodeError, DataError
from qonys.observations.corrections import declared


def copy(country: Country, to: Path) -> Path:
    return Path(shutil.copytree(str(country.folder), to / "bor"))


def test_kazakhstan_is_built_in_in_any_case():
    assert "KAZ" in built_in()
    assert load_country("kaz").code == load_country("KAZ").code == "KAZ"


def test_a_folder_takes_the_place_of_a_code(fictional: Country):
    assert load_country(str(fictional.folder)).code == "XBO"


@pytest.mark.parametrize("name", ["XYZ", "../kaz/observations/flows.csv"])
def test_what_is_no_country_names_those_that_are(name: str):
    with pytest.raises(CodeError, match="Built in: KAZ"):
        load_country(name)


def test_a_folder_that_is_no_country_says_what_is_missing(tmp_path: Path):
    with pytest.raises(DataError, match=r"no country\.toml"):
        load_country(str(tmp_path))


def test_a_broken_country_toml_is_a_fault(tmp_path: Path):
    (tmp_path / "country.toml").write_text("code = ", encoding="utf-8")
    with pytest.raises(DataError, match="not TOML"):
        Country(tmp_path)


def test_a_country_toml_without_a_code_is_a_fault(tmp_path: Path):
    (tmp_path / "country.toml").write_text("currency = 'USD'\n", encoding="utf-8")
    with pytest.raises(DataError, match="code"):
        Country(tmp_path)


def test_a_missing_list_is_a_fault_that_names_the_file(fictional: Country, tmp_path: Path):
    folder = copy(fictional, tmp_path)
    (folder / "areas.csv").unlink()
    with pytest.raises(DataError, match=r"areas\.csv"):
        _ = Country(folder).areas


def test_a_rank_that_is_no_number_is_a_fault(fictional: Country, tmp_path: Path):
    folder = copy(fictional, tmp_path)
    path = folder / "sources.csv"
    path.write_text(path.read_text("utf-8").replace("office,10,", "office,ten,"), "utf-8")
    with pytest.raises(DataError, match="rank"):
        _ = Country(folder).sources


def test_a_source_that_stands_twice_is_a_fault(fictional: Country, tmp_path: Path):
    folder = copy(fictional, tmp_path)
    path = folder / "sources.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]), "utf-8")
    with pytest.raises(DataError, match="xbo-office"):
        _ = Country(folder).sources


def test_borders(fictional: Country):
    assert set(fictional.partitions) == {"3", "4"}
    assert fictional.partition("3") == ("XB-N", "XB-C", "XB-VAL")
    assert fictional.partition("4") == ("XB-N", "XB-C", "XB-U", "XB-L")


def test_partitions_of_kazakhstan_have_as_many_units_as_they_say(kaz: Country):
    for name in kaz.partitions:
        assert len(kaz.partition(name)) == int(name)


def test_names_in_three_languages(fictional: Country):
    assert fictional.name("XB-C") == "Coast"
    assert fictional.name("XB-C", "ru") == "Побережье"
    assert fictional.name("XB-C", "kk") == "Жағалау"
    assert fictional.name("emigrants", dimension="measure") == "Emigrants"
    assert fictional.name("F", "en", dimension="sex") == "Women"
    with pytest.raises(CodeError, match="unknown area"):
        fictional.name("XB-Z")


def test_every_code_of_kazakhstan_has_a_name_in_every_language(kaz: Country):
    lists = [kaz.areas, kaz.measures, kaz.units, *kaz.dimensions.values(), kaz.producers]
    nameless = [
        (codes.name, code, lang)
        for codes in lists
        for code, entry in codes.items()
        for lang in LANGUAGES
        if not entry.names.get(lang)
    ]
    assert not nameless


def test_sources(fictional: Country):
    herald, courier = fictional.sources["herald"], fictional.sources["courier"]
    assert herald.truncates
    assert not courier.truncates
    assert courier.repeats == "herald:2025-05"
    assert herald.rank > fictional.sources["xbo-office"].rank


def test_corrections_have_reasons(fictional: Country, kaz: Country):
    for country in (fictional, kaz):
        assert declared(country)
        assert all(c.reason.strip() for c in declared(country))
        ids = [c.id for c in declared(country)]
        assert len(ids) == len(set(ids))


def test_the_world_and_the_own_places_are_one_list(fictional: Country):
    for code in ("WORLD", "CIS", "NON_CIS", "DEU", "XBO", "XB-VAL"):
        assert code in fictional.places
    assert "KZ-71" not in fictional.places


def test_every_dimension_has_its_total(fictional: Country):
    assert set(fictional.dimensions) == set(DIMENSIONS)
    assert all(TOTAL in codes for codes in fictional.dimensions.values())
    assert "RUS" in fictional.dimensions["citizenship"]
