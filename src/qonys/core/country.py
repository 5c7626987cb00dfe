"""A country as a folder of data: its places, names, measures, sources and corrections.

For every room that needs a code or a name. Main functions: `load_country`, `Country.name`.
Any folder of the same layout (docs/data-model.md, section 8) takes the place of a built-in one.
Its observations are loaded by the `observations` room.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from qonys.core.codes import (
    DIMENSIONS,
    LANGUAGES,
    Aliases,
    Code,
    CodeList,
    core_lists,
    fold,
    read_codes,
    read_table,
)
from qonys.core.errors import CodeError, DataError, Fault


@dataclass(frozen=True)
class Source:
    """Where a figure was printed and who made it.

    Parameters
    ----------
    id : str
        Lower-case id.
    producer, publisher, title : str
        Who made the figure, who printed it, under what title.
    kind : str
        ``office``, ``interstate``, ``release``, ``press``, ``model``, ``survey`` or ``legal``.
    rank : int
        Smaller is preferred.
    truncates : bool
        Whether it is known to cut off digits instead of rounding.
    repeats : str
        Id of the release it repeats; copies of one release are no evidence for one another.
    url, licence, note : str
        Address, licence, what a reader must know.
    """

    id: str
    producer: str
    publisher: str
    title: str
    kind: str
    rank: int
    truncates: bool = False
    repeats: str = ""
    url: str = ""
    licence: str = ""
    note: str = ""


class Country:
    """Code lists, names and sources of one country.

    Parameters
    ----------
    folder : Traversable
        The country's folder.

    Raises
    ------
    DataError
        When a file is missing or faulty.
    """

    def __init__(self, folder: Traversable) -> None:
        self.folder = folder
        try:
            text = (folder / "country.toml").read_text(encoding="utf-8")
            self.settings: Mapping[str, Any] = tomllib.loads(text)
        except FileNotFoundError:
            raise DataError(
                Fault("no country.toml", str(folder), way_out="See docs/data-model.md, 8.")
            ) from None
        except tomllib.TOMLDecodeError as error:
            raise DataError(Fault(f"not TOML: {error}", f"{folder}/country.toml")) from None
        if not self.settings.get("code"):
            raise DataError(Fault("no code", f"{folder}/country.toml", column="code"))
        self.code = str(self.settings["code"])

    def __repr__(self) -> str:
        return f"Country({self.code})"

    @cached_property
    def areas(self) -> CodeList:
        """The nation, its present and former units, named groups of them."""
        return read_codes("area", self.folder / "areas.csv")

    @cached_property
    def places(self) -> CodeList:
        """Every place a row may name: countries, groups, this country's areas."""
        world = read_codes("area", core_lists() / "countries.csv")
        groups = read_codes("area", core_lists() / "areas.csv")
        return world.joined(groups).joined(self.areas)

    @cached_property
    def measures(self) -> CodeList:
        """Measures of every country and this one's own."""
        return self._both("measure", "measures.csv")

    @cached_property
    def units(self) -> CodeList:
        """Units of measurement."""
        return read_codes("unit", core_lists() / "units.csv")

    @cached_property
    def dimensions(self) -> Mapping[str, CodeList]:
        """Codes of each breakdown."""
        rows = read_table(core_lists() / "dimensions.csv")
        own = self.folder / "codes.csv"
        rows += read_table(own) if own.is_file() else []
        lists: dict[str, dict[str, Code]] = {dim: {} for dim in DIMENSIONS}
        for row in rows:
            names = {lang: row[f"name_{lang}"] for lang in LANGUAGES}
            targets = DIMENSIONS if row["dimension"] == "*" else (row["dimension"],)
            for dim in targets:
                lists[dim][row["code"]] = Code(row["code"], names, {})
        places = {code: self.places[code] for code in self.places}
        lists["citizenship"] = {**places, **lists["citizenship"]}
        return {dim: CodeList(dim, codes) for dim, codes in lists.items()}

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """Sources by id."""
        table: dict[str, Source] = {}
        path = self.folder / "sources.csv"
        faults = []
        for number, row in enumerate(read_table(path), 2):
            if row["id"] in table:
                faults.append(
                    Fault("a source stands twice", str(path), number, "id", row["id"])
                )
            if not row["rank"].isdecimal():
                faults.append(Fault("not a number", str(path), number, "rank", row["rank"]))
                continue
            table[row["id"]] = Source(
                id=row["id"],
                producer=row["producer"],
                publisher=row["publisher"],
                title=row["title"],
                kind=row["kind"],
                rank=int(row["rank"]),
                truncates=row["truncates"].lower() in {"true", "1", "yes"},
                repeats=row["repeats"],
                url=row["url"],
                licence=row["licence"],
                note=row["note"],
            )
        if faults:
            raise DataError(faults)
        return table

    @cached_property
    def aliases(self) -> Aliases:
        """Spellings of places in any language."""
        table: dict[str, str] = {}
        for code, entry in self.places.items():
            for text in (code, *entry.names.values()):
                table.setdefault(text, code)
        tables = [core_lists() / "aliases.csv", self.folder / "aliases.csv"]
        for path in tables:
            if path.is_file():
                table.update({row["alias"]: row["code"] for row in read_table(path)})
        path = self.folder / "ambiguous.csv"
        rows = read_table(path) if path.is_file() else []
        return Aliases(
            "area",
            table,
            {
                row["alias"]: f"Choose {row['codes'].replace(';', ', ')}. {row['why']}."
                for row in rows
            },
        )

    @cached_property
    def producers(self) -> CodeList:
        """Names of those who made the figures."""
        path = self.folder / "producers.csv"
        return read_codes("producer", path) if path.is_file() else CodeList("producer", {})

    def texts(self, lang: str, day: str) -> Mapping[str, str]:
        """The country's own sentences for reports that may be said on a day."""
        path = self.folder / "texts" / f"{lang}.toml"
        if not path.is_file():
            return {}
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
        since = loaded.pop("since", {})
        return {key: text for key, text in loaded.items() if str(since.get(key, "")) <= day}

    def name(self, code: str, lang: str = "en", *, dimension: str = "area") -> str:
        """Name of a place, measure, unit or breakdown code.

        Parameters
        ----------
        code : str
            The code.
        lang : str
            ``en``, ``ru`` or ``kk``.
        dimension : str
            ``area``, ``measure``, ``unit`` or a breakdown.
        """
        lists = {"area": self.places, "measure": self.measures, "unit": self.units}
        return (lists.get(dimension) or self.dimensions[dimension])[code].name(lang)

    def partition(self, name: str) -> tuple[str, ...]:
        """Codes of a complete set of units, e.g. ``20``."""
        return tuple(
            code
            for code, entry in self.areas.items()
            if name in entry.fields.get("partitions", "").split(";")
        )

    @cached_property
    def partitions(self) -> tuple[str, ...]:
        """Names of the complete sets of units."""
        names: dict[str, None] = {}
        for entry in self.areas.values():
            names.update(
                dict.fromkeys(filter(None, entry.fields.get("partitions", "").split(";")))
            )
        return tuple(names)

    @property
    def partner_group(self) -> tuple[str, tuple[str, ...], str]:
        """The group published country by country, its members but this country, the rest."""
        chosen = self.settings.get("partners", {})
        group, rest = str(chosen.get("group", "")), str(chosen.get("rest", ""))
        members = self.places[group].fields["members"].split(";") if group else []
        return group, tuple(code for code in members if code != self.code), rest

    def _both(self, name: str, file: str) -> CodeList:
        shared = read_codes(name, core_lists() / file)
        own = self.folder / file
        return shared.joined(read_codes(name, own)) if own.is_file() else shared


def built_in() -> tuple[str, ...]:
    """Codes of the countries that come with Qonys."""
    root = files("qonys") / "countries"
    return tuple(
        sorted(
            folder.name.upper()
            for folder in root.iterdir()
            if (folder / "country.toml").is_file()
        )
    )


def load_country(name: str) -> Country:
    """A built-in country by its code, or any country by its folder.

    Parameters
    ----------
    name : str
        ISO 3166 alpha-3 code, or a path.

    Raises
    ------
    CodeError
        When there is neither such a country nor such a folder.
    """
    if fold(name) and (files("qonys") / "countries" / name.lower() / "country.toml").is_file():
        return Country(files("qonys") / "countries" / name.lower())
    if Path(name).is_dir():
        return Country(Path(name))
    raise CodeError(
        Fault(
            "no such country",
            value=name,
            way_out=f"Built in: {', '.join(built_in())}. Or give the path of a country folder.",
        )
    )
