"""What the store knows of a cell: rows, what follows from them, and bounds.

For `verdicts`. Main type: `Evidence`. Rows of the text itself, and of press copies of what it
repeats, are left out: nothing is evidence for itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from qonys.claims.lexicon import country_words
from qonys.core.intervals import Interval
from qonys.core.observations import Cell, Observation
from qonys.core.periods import parse_period
from qonys.observations.reading import View

#: Flows that are counts: never negative, and larger over a longer period.
COUNTED_FLOWS = frozenset({"emigrants", "immigrants"})
#: How far a provisional figure may still be revised, as a part of it; bounds are widened by it.
REVISION = 0.05


@dataclass(frozen=True)
class Known:
    """A value of a cell as the store has it or lets it be computed.

    Parameters
    ----------
    interval : Interval
        Where it lies.
    rows : tuple of Observation
        The rows behind it.
    strong : bool
        Whether its producer's own publication stands behind it.
    arithmetic : str
        The computation, empty for a single row.
    """

    interval: Interval
    rows: tuple[Observation, ...]
    strong: bool
    arithmetic: str = ""


class Evidence:
    """The store as seen by a text.

    Parameters
    ----------
    view : View
        What was known on a day.
    origin : frozenset of str
        Ids of sources that are the text, or copies of what it repeats.
    """

    def __init__(self, view: View, origin: frozenset[str] = frozenset()) -> None:
        self.view, self.origin = view, origin
        self.country = view.country
        named = country_words(self.country).get("producers", [])
        self._producers = {code.casefold() for code in (*self.country.producers, *named)}
        self._series: dict[str, dict[int, Known]] = {}

    def strong(self, row: Observation) -> bool:
        """Whether a row is its producer's own publication, or repeats it openly."""
        source = self.country.sources[row.source]
        family = source.repeats.partition(":")[0].casefold()
        return source.kind != "press" or family in self._producers

    def _confirmed(self, row: Observation, rows: Sequence[Observation]) -> bool:
        """Whether a row stands: by its producer, or by two releases apart from one another."""
        if self.strong(row):
            return True
        family = self.country.sources[row.source].repeats
        others = {
            self.country.sources[other.source].repeats
            for other in rows
            if other.interval.overlaps(row.interval)
        }
        return bool(family and others - {family, ""})

    def rows(self, cell: Cell) -> list[Observation]:
        """Rows of a cell that are evidence for this text, the preferred first."""
        rows = [
            row
            for row in self.view.rows(cell)
            if row.source not in self.origin and row.obs_status != "U"
        ]
        if any(row.certainty == "known" for row in rows):  # without what may have come later
            rows = [row for row in rows if row.certainty != "perhaps"]
        return rows

    def known(self, cell: Cell) -> list[Known]:
        """Values of a cell, the preferred first: rows, else what follows from other cells."""
        rows = self.rows(cell)
        if rows:
            return [Known(row.interval, (row,), self._confirmed(row, rows)) for row in rows]
        return [known for known in (self._net(cell), self._of_cumulated(cell)) if known]

    def _first(self, cell: Cell) -> Known | None:
        rows = self.rows(cell)
        if not rows:
            return None
        return Known(rows[0].interval, (rows[0],), self._confirmed(rows[0], rows))

    def _net(self, cell: Cell) -> Known | None:
        if cell.measure != "net_migration":
            return None
        came = self._first(cell.at(measure="immigrants"))
        left = self._first(cell.at(measure="emigrants"))
        if not came or not left:
            return None
        text = f"{_n(came)} − {_n(left)}"
        return _joined(came.interval - left.interval, (came, left), text)

    def _of_cumulated(self, cell: Cell) -> Known | None:
        """Months between two figures cumulated from one January."""
        period = parse_period(cell.time_period)
        if period.start is None or period.end is None or period.start.month == 1:
            return None
        if period.months is None or period.start.year != period.end.year:
            return None
        year = period.start.year
        before = period.start - timedelta(days=1)
        longer = parse_period(f"{year}-01/{year}-{period.end.month:02d}").text
        shorter = parse_period(f"{year}-01/{year}-{before.month:02d}").text
        long, short = (self.first_or_net(cell.at(time_period=t)) for t in (longer, shorter))
        if not long or not short:
            return None
        text = f"{_n(long)} ({longer}) − {_n(short)} ({shorter})"
        return _joined(long.interval - short.interval, (long, short), text)

    def of_years(self, cell: Cell) -> Known | None:
        """The sum of several whole years, where each of them is published."""
        period = parse_period(cell.time_period)
        if period.kind != "range" or not period.start or not period.end:
            return None
        years = range(period.start.year, period.end.year + 1)
        if (period.start.month, period.end.month) != (1, 12) or len(years) < 2:
            return None
        series = self.series(cell)
        if any(year not in series for year in years):
            return None
        total = series[years[0]].interval
        for year in years[1:]:
            total = total + series[year].interval
        parts = [series[year] for year in years]
        return _joined(total, parts, f"\u03a3 {years[0]}\u2026{years[-1]}")

    def first_or_net(self, cell: Cell) -> Known | None:
        """The preferred value of a cell, or its balance from arrivals and departures."""
        return self._first(cell) or self._net(cell)

    def bounds(self, cell: Cell) -> tuple[float | None, float | None, tuple[Observation, ...]]:
        """What a flow must lie between: shorter and longer periods, the whole it is part of."""
        if cell.measure not in COUNTED_FLOWS:
            return None, None, ()
        low: float | None = None
        high: float | None = None
        used: list[Observation] = []
        for row, below in self._around(cell):
            slack = REVISION if row.obs_status == "P" else 0.0
            if below and (low is None or row.low * (1 - slack) > low):
                low = row.low * (1 - slack)
                used.append(row)
            elif not below and (high is None or row.high * (1 + slack) < high):
                high = row.high * (1 + slack)
                used.append(row)
        return low, high, tuple(used[-3:])

    def _around(self, cell: Cell) -> Iterator[tuple[Observation, bool]]:
        period = parse_period(cell.time_period)
        if period.start is None or period.end is None:
            return
        for other in self.view.cells(cell.measure):
            if other.dims != cell.dims or other.ref_area != cell.ref_area:
                continue
            span = other.period
            if span.start is None or span.end is None:
                continue
            inside = period.start <= span.start and span.end <= period.end
            around = span.start <= period.start and period.end <= span.end
            same = other.counterpart_area == cell.counterpart_area
            whole = other.counterpart_area == "WORLD"
            rows = self.rows(other) if (inside and same) or (around and (same or whole)) else []
            if rows and self.strong(rows[0]) and str(other) != str(cell):
                yield rows[0], inside and same and not (around and whole and not same)

    def series(self, cell: Cell) -> dict[int, Known]:
        """Yearly values of a cell by year."""
        key = str(cell.at(time_period=""))
        if key not in self._series:
            self._series[key] = self._yearly(cell)
        return self._series[key]

    def _yearly(self, cell: Cell) -> dict[int, Known]:
        years: dict[int, Known] = {}
        for other in self.view.cells(cell.measure):
            if other.at(time_period=cell.time_period) == cell and other.period.kind == "year":
                known = self._first(other)
                if known:
                    years[int(other.time_period)] = known
        if cell.measure == "net_migration":
            for year in self.series(cell.at(measure="emigrants")):
                known = self.first_or_net(cell.at(time_period=str(year)))
                if year not in years and known:
                    years[year] = known
        return dict(sorted(years.items()))


def _joined(interval: Interval, parts: Sequence[Known], arithmetic: str) -> Known:
    rows = tuple(row for part in parts for row in part.rows)
    return Known(interval, rows, all(part.strong for part in parts), arithmetic)


def _n(known: Known) -> str:
    computed = bool(known.arithmetic) or not known.rows
    return numeral(known.interval.low if computed else known.rows[0].value)


def numeral(value: float) -> str:
    """A number for arithmetic in any language: narrow spaces in thousands, a true minus.

    Parameters
    ----------
    value : float
        The number.

    Examples
    --------
    >>> numeral(-6722.0), numeral(2.8235)
    ('−6\u202f722', '2.824')
    """
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    text = f"{abs(value):,.0f}" if float(value).is_integer() else f"{abs(value):,.4g}"
    if not float(value).is_integer() and abs(value) >= 1000:
        text = f"{abs(value):,.1f}"
    return ("−" if value < 0 else "") + text.replace(",", "\u202f")


def between(interval: Interval) -> str:
    """An interval in signs.

    Parameters
    ----------
    interval : Interval
        The interval.
    """
    if interval.low == interval.high:
        return numeral(interval.low)
    return f"[{numeral(interval.low)}; {numeral(interval.high)}]"
