import pytest

from qonys.core.codes import DIMENSIONS, Aliases, Code, CodeList, fold, read_codes, read_table
from qonys.core.country import Country
from qonys.core.errors import CodeError, DataError

SEX = CodeList("sex", {code: Code(code, {"en": code}, {}) for code in ("F", "M", "FEMALES")})


def test_an_unknown_code_names_near_ones():
    with pytest.raises(CodeError, match=r"unknown sex \('FEMALE'\)\. Did you mean FEMALES\?"):
        SEX["FEMALE"]


def test_an_unknown_code_without_neighbours_says_where_to_look():
    with pytest.raises(CodeError, match="qonys data codes"):
        SEX["xyz"]


def test_a_fault_carries_its_place():
    text = str(SEX.fault("FEMALE", file="a.csv", row=7))
    assert text.startswith("a.csv, row 7, column sex: unknown sex")


def test_a_code_list_is_a_mapping():
    assert list(SEX) == ["F", "M", "FEMALES"]
    assert len(SEX) == 3
    assert "F" in SEX
    assert "f" not in SEX
    assert SEX.get("F") == SEX["F"]


def test_get_of_an_unknown_code_gives_the_default():
    """The Mapping contract: `get` never raises. CodeError must count as a KeyError there."""
    assert SEX.get("nothing") is None


def test_the_later_list_wins_in_a_joined_one():
    other = CodeList("sex", {"F": Code("F", {"en": "Women"}, {})})
    joined = SEX.joined(other)
    assert joined["F"].name("en") == "Women"
    assert list(joined) == list(SEX)


def test_a_name_falls_back_to_english():
    code = Code("X", {"en": "Coast", "ru": "", "kk": "Жағалау"}, {})
    assert (code.name("kk"), code.name("ru")) == ("Жағалау", "Coast")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("  Г.АЛМАТЫ ", "г. Алматы"),
        ("North  Kazakhstan\u00a0Region", "north kazakhstan region"),
        ("Северо‑Казахстанская", "северо-казахстанская"),
        ("«Астана»", "астана"),
        ("Cote d’Ivoire", "cote d'ivoire"),
    ],
)
def test_folding_hides_case_spaces_dashes_and_quotes(text, same):
    assert fold(text) == fold(same)


def test_folding_keeps_letters_that_differ():
    assert fold("Алматы") != fold("Алмата")
    assert fold("Жетісу") != fold("Жетысу")


def test_aliases():
    aliases = Aliases("area", {"North": "XB-N", "Coast": "XB-C"}, {"Valley": "two of them"})
    assert aliases.resolve(" NORTH ") == "XB-N"
    with pytest.raises(CodeError, match=r"ambiguous \('valley'\)\. two of them"):
        aliases.resolve("valley")
    with pytest.raises(CodeError, match=r"Did you mean XB-C \(coast\)"):
        aliases.resolve("Coasts")
    with pytest.raises(CodeError, match=r"aliases\.csv"):
        aliases.resolve("Mars")


@pytest.mark.parametrize("text", ["Almaty", "ALMATY", " алматы ", "Алма-Ата", "Alma‑Ata"])
def test_almaty_alone_is_the_city_or_the_region(kaz: Country, text: str):
    with pytest.raises(CodeError, match="KZ-75, KZ-19, KZ-ALM"):
        kaz.aliases.resolve(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Almaty city", "KZ-75"),
        ("г.Алматы", "KZ-75"),
        ("Г. АЛМАТЫ", "KZ-75"),
        ("Алматы қаласы", "KZ-75"),
        ("Almaty Region", "KZ-19"),
        ("Алматинская область", "KZ-19"),
        ("Алматы облысы", "KZ-19"),
        ("Республика Казахстан", "KAZ"),
        ("KAZ", "KAZ"),
        ("Germany", "DEU"),
        ("Россия", "RUS"),
        ("Ресей", "RUS"),
        ("WORLD", "WORLD"),
        ("Жетысу", "KZ-33"),
        ("Астана", "KZ-71"),
    ],
)
def test_places_in_three_languages(kaz: Country, text: str, code: str):
    assert kaz.aliases.resolve(text) == code


def test_every_code_and_every_name_finds_its_place_or_says_that_it_is_ambiguous(kaz: Country):
    def found(text: str) -> str:
        try:
            return kaz.aliases.resolve(text)
        except CodeError as error:
            return str(error)

    wrong = [
        (text, code, found(text))
        for code, entry in kaz.places.items()
        for text in (code, *filter(None, entry.names.values()))
        if found(text) != code and "ambiguous" not in found(text)
    ]
    assert not wrong


def test_tables_with_ragged_rows_name_every_row(tmp_path):
    path = tmp_path / "areas.csv"
    path.write_text("code,name_en\nA,x\nB\nC,y,z\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert [fault.row for fault in caught.value.faults] == [3, 4]


def test_a_code_that_stands_twice_is_named(tmp_path):
    path = tmp_path / "areas.csv"
    path.write_text("code,name_en\nA,x\nB,y\nA,z\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"row 4.*a code stands twice \('A'\)"):
        read_codes("area", path)


def test_dimensions_are_nine():
    assert len(DIMENSIONS) == len(set(DIMENSIONS)) == 9
