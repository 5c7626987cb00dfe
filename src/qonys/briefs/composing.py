"""The composer: numbers into sentences, each tied to its figure.

For the sections of the briefing. Main type: `Composer`. Knows the words of one language
(`texts/*.toml`) and what the view knows; decides nothing about content.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib.resources import files

from qonys.briefs.numbers import format_interval, format_period, format_value
from qonys.core.codes import TOTAL
from qonys.core.document import Inline, Link, Paragraph, Point, Ref, Text, fill
from qonys.core.errors import DataError
from qonys.core.intervals import MEASURED
from qonys.core.observations import Cell, Observation
from qonys.core.periods import Period, parse_period
from qonys.core.provenance import Figure
from qonys.observations.reading import View

#: Marks beside a number whose release day leaves a doubt.
DOUBTS = {"perhaps": "†", "undated": "‡"}
_MONTH_LOCATIVE_KK = {4: "де", 7: "де", 9: "те"}
_YEARS = {
    "en": {"one": "year", "other": "years"},
    "ru": {"one": "год", "few": "года", "many": "лет", "other": "года"},
    "kk": {"one": "жыл", "other": "жыл"},
}


@lru_cache(maxsize=8)
def texts(lang: str) -> Mapping[str, str]:
    """The briefing's sentences in a language.

    Parameters
    ----------
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    path = files("qonys") / "briefs" / "texts" / f"{lang}.toml"
    loaded: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))
    return loaded


class Composer:
    """Writes about one country in one language, and keeps every figure it prints.

    Parameters
    ----------
    view : View
        What was known.
    lang : str
        ``en``, ``ru`` or ``kk``.
    """

    def __init__(self, view: View, lang: str) -> None:
        self.view = view
        self.lang = lang
        self.country = view.country
        self.figures: dict[str, Figure] = {}
        self._pool: dict[str, Figure] = {}
        self._places: dict[str, int] = {}
        own = self.country.texts(lang, view.as_of.isoformat())
        self._texts = {**texts(lang), **own}
        self.doubts: set[str] = set()

    # -- figures -----------------------------------------------------------------------------

    def cell(self, measure: str, partner: str = "WORLD", period: str = "", **dims: str) -> Cell:
        """A cell of the nation."""
        return Cell(measure, self.country.code, partner, period, dims)

    def fig(self, cell: Cell) -> Figure | None:
        """The preferred figure of a cell, if anything is known."""
        row = self.view.row(cell)
        return self.row(row) if row else None

    def row(self, row: Observation) -> Figure:
        """The figure of a given row."""
        figure = self.keep(self.view.print(row))
        if 0 < row.precision < 1:
            self._places[figure.id] = len(f"{row.precision:.6f}".rstrip("0").partition(".")[2])
        return figure

    def years(self, cell: Cell, kinds: Iterable[str] = ("year",)) -> dict[str, Figure]:
        """The preferred figures of a cell at every period of these kinds."""
        rows = self.view.periods(cell, kinds)
        return {text: self.row(row) for text, row in rows.items()}

    def attempt(self, compute: Callable[..., Figure], *inputs: Figure) -> Figure | None:
        """A figure made from figures, or nothing where they do not allow it, e.g. a zero."""
        try:
            return self.keep(compute(*inputs))
        except DataError:
            return None

    def count(
        self,
        name: str,
        value: int,
        formula: str,
        *inputs: Figure,
        unit: str,
        measure: str | None = None,
        period: str = "",
        sources: tuple[str, ...] = (),
    ) -> Figure:
        """A figure that counts things, e.g. the years of a rise.

        Parameters
        ----------
        name : str
            Its id.
        value : int
            How many.
        formula : str
            What is counted.
        *inputs : Figure
            What it is counted from.
        unit : str
            ``year``, ``row`` or ``unit``.
        measure : str or None
            What it is about; none takes that of the first figure.
        period : str
            When, where the last figure does not say it.
        sources : tuple of str
            Whose rows were counted, where no figure says it.
        """
        told = (*sources, *(s for figure in inputs for s in figure.sources))
        return self.keep(
            Figure(
                id=name,
                measure=(inputs[0].measure if inputs else "") if measure is None else measure,
                ref_area=self.country.code,
                counterpart_area="WORLD",
                time_period=period
                or (inputs[-1].time_period if inputs else self.view.as_of.isoformat()),
                value=value,
                unit=unit,
                low=value,
                high=value,
                formula=formula,
                inputs=tuple(figure.id for figure in inputs),
                sources=tuple(dict.fromkeys(told)),
                vintage="; ".join(dict.fromkeys(figure.vintage for figure in inputs)),
            )
        )

    def made_from(self, figure: Figure) -> list[Figure]:
        """The figures that a figure is made from."""
        return [self._pool[name] for name in figure.inputs if name in self._pool]

    def keep(self, figure: Figure) -> Figure:
        """Remember a figure, so that others may be made from it."""
        self._pool[figure.id] = figure
        return figure

    def ref(
        self,
        figure: Figure,
        places: int | None = None,
        *,
        signed: bool = False,
        plain: bool = False,
        text: str = "",
    ) -> Ref:
        """The number as printed; rounded ones carry a sign for it.

        Parameters
        ----------
        figure : Figure
            The figure.
        places : int or None
            Decimal places.
        signed : bool
            Whether a plus is written.
        plain : bool
            Whether the sign of rounding is left out, where a word says it.
        text : str
            Other words in place of the number.
        """
        self.keep(figure)
        self._print(figure)
        if not text:
            if places is None:
                places = self._places.get(figure.id)
            text = format_value(figure.value, figure.unit, self.lang, places, signed=signed)
            rounded = figure.unit not in MEASURED and figure.low != figure.high
            if rounded and not plain:
                text = f"≈\u00a0{text}"
        if figure.certainty in DOUBTS:
            self.doubts.add(figure.certainty)
            text += DOUBTS[figure.certainty]
        return Ref(figure.id, text)

    def signed_span(self, figure: Figure, places: int) -> Ref:
        """The rounding interval of a change, with the signs of both ends."""
        self._print(self.keep(figure))
        low, high = (
            format_value(end, figure.unit, self.lang, places, signed=True)
            for end in (figure.low, figure.high)
        )
        return Ref(figure.id, self.word("span_signed").format(low=low, high=high))

    def span(self, figure: Figure, places: int | None = None) -> Ref:
        """The rounding interval as printed."""
        self._print(self.keep(figure))
        words = format_interval(figure.low, figure.high, figure.unit, self.lang, places)
        return Ref(figure.id, words)

    def _print(self, figure: Figure) -> None:
        waiting = [figure]
        while waiting:
            current = waiting.pop()
            if current.id in self.figures:
                continue
            self.figures[current.id] = current
            for name in current.inputs:
                if name.startswith("obs-"):
                    continue
                if name not in self._pool:
                    raise DataError(
                        f"figure {current.id} is made from {name}, which is not kept"
                    )
                waiting.append(self._pool[name])

    # -- words -------------------------------------------------------------------------------

    def say(self, key: str, **parts: Inline | Text) -> Text:
        """The sentence of a key, with its slots filled."""
        return fill(self.word(key), **parts)

    def word(self, key: str) -> str:
        """The words of a key."""
        try:
            return self._texts[key]
        except KeyError:
            raise DataError(f"no text {key!r} in {self.lang}") from None

    def has(self, key: str) -> bool:
        """Whether there are words for a key."""
        return key in self._texts

    def paragraph(self, key: str, **parts: Inline | Text) -> Paragraph:
        """A paragraph of one sentence."""
        return Paragraph(self.say(key, **parts))

    def name(self, code: str, dimension: str = "area") -> str:
        """Name of a code in the language."""
        return self.country.name(code, self.lang, dimension=dimension)

    def is_single(self, code: str) -> bool:
        """Whether a place is one country, no group of them."""
        return not self.country.places[code].fields.get("kind")

    def producer(self, source: str) -> str:
        """Name of who made the figures of a source."""
        name = self.country.sources[source].producer
        known = self.country.producers
        return known[name].name(self.lang) if name in known else name

    def period(self, period: str | Period) -> str:
        """A period in words."""
        return format_period(period, self.lang)

    def during(self, text: str) -> str:
        """A period as the opening of a sentence: "In 2025"."""
        period = parse_period(text)
        words = format_period(period, self.lang)
        if self.lang == "en":
            return f"In the {words}" if period.kind == "quarter" else f"In {words}"
        if self.lang == "ru":
            return f"За {words} год" if period.kind == "year" else f"За {words}"
        if period.kind == "year":
            return f"{words} жылы"
        if period.kind == "quarter":
            return f"{words}да"
        month = period.end.month if period.end else 1
        return words + _MONTH_LOCATIVE_KK.get(month, "да")

    def years_word(self, count: int) -> str:
        """The word for years after a number."""
        from babel import Locale

        form = Locale.parse(self.lang).plural_form(count)
        return _YEARS[self.lang].get(form, _YEARS[self.lang]["other"])

    def listed(self, items: Iterable[Inline | Text]) -> Text:
        """Items with commas between and "and" before the last."""
        texts = [item if isinstance(item, tuple) else (item,) for item in items]
        result: list[Inline] = []
        for index, item in enumerate(texts):
            if index:
                last = index == len(texts) - 1
                result.append(self.word("and") if last else ", ")
            result += item
        return tuple(result)

    def source(self, *figures: Figure) -> Text:
        """A source line for charts and tables: producers and releases."""
        sources = dict.fromkeys(name for figure in figures for name in figure.sources)
        seen: dict[str, Inline] = {}
        for name in sources:
            source = self.country.sources[name]
            label = self.producer(name)
            if source.publisher and source.publisher not in {source.producer, label}:
                label += f" ({source.publisher})"
            seen.setdefault(label, Link(source.url, label) if source.url else label)
        shown = list(seen.values())
        rest = len(shown) - 4
        text: list[Inline] = [f"{self.word('source')}: "]
        for index, item in enumerate(shown[:4]):
            text += [", "] if index else []
            text.append(item)
        if rest > 0:
            text.append(self.word("and_more").replace("{n}", str(rest)))
        text.append(".")
        return tuple(text)

    def point(
        self, figure: Figure, x: str, *, note: str = "", row: int = 0, column: int = 0
    ) -> Point:
        """A point of a chart."""
        ref = self.ref(figure)
        exact = figure.low == figure.high
        return Point(
            x=x,
            y=figure.value,
            low=None if exact else figure.low,
            high=None if exact else figure.high,
            status=figure.status,
            figure=figure.id,
            text=ref.text,
            note=note,
            row=row,
            column=column,
        )

    def breakdown(self, figure: Figure) -> str:
        """The breakdown of a figure in words; empty for totals."""
        parts = []
        for pair in filter(None, figure.breakdown.split(",")):
            dim, _, code = pair.partition("=")
            if code != TOTAL and dim != "question":
                parts.append(self.name(code, dim))
        return ", ".join(parts)
