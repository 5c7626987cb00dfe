"""A small country of three places, and ways to stage a file."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import duckdb
import pytest

from qonys.core.country import Country
from qonys.core.errors import SourceError
from qonys.sources import registry
from qonys.sources.staging import Context, Report

SPECIMENS = Path(__file__).parents[2] / "specimens"
AREAS = """code,name_en,name_ru,name_kk,kind,partitions
KAZ,Kazakhstan,Казахстан,Қазақстан,nation,
KZ-59,North Kazakhstan Region,Северо-Казахстанская область,Солтүстік Қазақстан облысы,region,2
KZ-75,Almaty city,город Алматы,Алматы қаласы,city,2
"""
ALIASES = """alias,code
741880,KAZ
Республика Казахстан,KAZ
North Kazakhstan,KZ-59
268020,KZ-75
г. Алматы,KZ-75
"""
AMBIGUOUS = "alias,codes,why\nАлматы,KZ-75;KZ-19,city or region\n"


@pytest.fixture(scope="session")
def country(tmp_path_factory: pytest.TempPathFactory) -> Country:
    folder = tmp_path_factory.mktemp("country")
    (folder / "country.toml").write_text('code = "KAZ"\n', "utf-8")
    (folder / "areas.csv").write_text(AREAS, "utf-8")
    (folder / "aliases.csv").write_text(ALIASES, "utf-8")
    (folder / "ambiguous.csv").write_text(AMBIGUOUS, "utf-8")
    return Country(folder)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def stage(con: duckdb.DuckDBPyConnection, country: Country) -> Callable[..., Report]:
    """Stage a specimen (by its path below specimens) or a file, with options."""

    def run(path: str | Path, reader: str = "auto", **options: Any) -> Report:
        path = SPECIMENS / path if isinstance(path, str) else path
        return registry.stage(reader, con, path, Context(country, "bns", "2026-09", options))

    return run


@pytest.fixture
def faults_of(stage: Callable[..., Report]) -> Callable[..., list[str]]:
    """Texts of all faults of a file, without its name."""

    def run(path: str | Path, reader: str = "auto", **options: Any) -> list[str]:
        with pytest.raises(SourceError) as caught:
            stage(path, reader, **options)
        name = Path(path).name
        return [str(fault).removeprefix(f"{name}, ") for fault in caught.value.faults]

    return run


@pytest.fixture
def cells(con: duckdb.DuckDBPyConnection) -> Callable[..., set[tuple[Any, ...]]]:
    """Chosen columns of `staged` as a set of rows."""

    def run(columns: str) -> set[tuple[Any, ...]]:
        return set(con.execute(f"SELECT {columns} FROM staged").fetchall())

    return run


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """Write a minimal xlsx of the given sheets."""

    def run(name: str = "book.xlsx", **sheets: list[list[Any]]) -> Path:
        path = tmp_path / name
        write_book(path, sheets)
        return path

    return run


def write_book(path: Path, sheets: dict[str, list[list[Any]]]) -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kinds, refs, rels = [], [], []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (title, rows) in enumerate(sheets.items(), 1):
            part = f"worksheets/sheet{number}.xml"
            body = "".join(_row(n, row) for n, row in enumerate(rows, 1))
            archive.writestr(
                f"xl/{part}",
                f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
            )
            refs.append(f'<sheet name="{escape(title)}" sheetId="{number}" r:id="r{number}"/>')
            rels.append(
                f'<Relationship Id="r{number}" Type="{office}/worksheet" Target="{part}"/>'
            )
            kinds.append(
                f'<Override PartName="/xl/{part}" ContentType="application/'
                'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}">'
            f"<sheets>{''.join(refs)}</sheets></workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">{"".join(rels)}</Relationships>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
            '"/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            f'spreadsheetml.sheet.main+xml"/>{"".join(kinds)}</Types>',
        )


def _row(number: int, row: list[Any]) -> str:
    cells = []
    for column, value in enumerate(row):
        at = f"{chr(65 + column)}{number}"
        if isinstance(value, str) and value:
            cells.append(f'<c r="{at}" t="inlineStr"><is><t>{escape(value)}</t></is></c>')
        elif value not in ("", None):
            cells.append(f'<c r="{at}"><v>{value}</v></c>')
    return f'<row r="{number}">{"".join(cells)}</row>'
