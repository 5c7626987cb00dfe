"""A change in the number of leavers, taken apart: size, ages, rates and where they go.

For the command line and analysts. Main types: `Leavers`, `Decomposition`; main functions:
`read_leavers`, `decompose`, and `effects` for any function of some factors. Arithmetic, exact
and without an order of factors; it says nothing of causes, and nothing of people who arrive.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import comb
from pathlib import Path

import numpy as np

from qonys.core.errors import FAULT_LIMIT, DataError, Fault, Rest, listed
from qonys.forecast.series import number_of, read_rows

MOST = 8  #: Factors.
SUMS = ("_t", "total", "all", "world")  #: Labels of sums, which would count people twice.
_NEEDED = ("year", "age", "population", "emigrants")
_Row = tuple[int, str, str, float, float]


@dataclass(frozen=True)
class Leavers:
    """Who lived in a country and who left it, by year, age and destination, one row each.

    Parameters
    ----------
    year : ndarray, shape (n,), int
        Calendar years.
    age, destination : ndarray, shape (n,), str
        Labels; destinations are all empty where the file has none.
    population, emigrants : ndarray, shape (n,), person
        Of the age, and who left from it for the destination.
    file : str
        Where they were read, for faults.
    """

    year: np.ndarray
    age: np.ndarray
    destination: np.ndarray
    population: np.ndarray
    emigrants: np.ndarray
    file: str = ""


@dataclass(frozen=True)
class Part:
    """The change of one destination, of one age, or of all.

    Parameters
    ----------
    name : str
        The destination or age; ``total`` for all.
    before, after, change : float
        Leavers.
    size : float
        As the population grew or shrank.
    age : float
        As ages became a larger or smaller share of it.
    rate : float
        As people of an age left more or less often.
    destination : float
        As leavers of an age went elsewhere; 0 for all destinations together, of which everybody
        goes to one.
    """

    name: str
    before: float
    after: float
    change: float
    size: float
    age: float
    rate: float
    destination: float


@dataclass(frozen=True)
class Decomposition:
    """A change between two years; the four effects of each part add up to its change.

    Parameters
    ----------
    first, last : int
        The years.
    total : Part
        All leavers.
    destinations : tuple of Part
        By destination, the largest change first; none where the file has none.
    ages : tuple of Part
        By age, in the order of the file. An age's own size and age effects are of the people
        it gained or lost, its rate effect of how often they left.
    """

    first: int
    last: int
    total: Part
    destinations: tuple[Part, ...]
    ages: tuple[Part, ...]


def effects(
    function: Callable[..., np.ndarray],
    before: Sequence[np.ndarray],
    after: Sequence[np.ndarray],
) -> np.ndarray:
    """What each factor adds to a change, averaged over all orders in which they may change.

    Parameters
    ----------
    function : callable
        Of as many arrays as there are factors, each with one more axis in front, to an array
        with that axis in front.
    before, after : Sequence of ndarray
        The factors, each of the same shape before and after.

    Returns
    -------
    ndarray, shape (factor, ...)
        Effects, which add up to the function after less that before.

    References
    ----------
    Das Gupta (1993), Standardization and Decomposition of Rates, Census P23-186, chapters 2
    to 5; the same as the value of Shapley (1953), and for two factors as Kitagawa (1955).

    Examples
    --------
    Two factors of a product, 2 × 3 and 4 × 5: each moves at the mean of the other.

    >>> effects(lambda a, b: a * b, [np.array(2), np.array(3)], [np.array(4), np.array(5)])
    array([8., 6.])
    """
    count = len(before)
    if not 1 <= count <= MOST or len(after) != count:
        raise DataError(
            Fault(f"expected 1 to {MOST} factors, before and after", value=f"{count}")
        )
    moved = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    stacked = [
        np.where(moved[:, at].reshape(-1, *[1] * np.ndim(old)), new, old)
        for at, (old, new) in enumerate(zip(before, after, strict=True))
    ]
    values = np.asarray(function(*stacked), dtype=float)
    numbers = np.arange(2**count)
    orders = np.array([1 / (count * comb(count - 1, size)) for size in range(count)])
    found = []
    for at in range(count):
        # Sets of other factors that have moved; a factor that stays the same adds nothing.
        without = numbers[moved[:, at] == 0]
        steps = values[without | (1 << at)] - values[without]
        found.append(np.tensordot(orders[moved[without].sum(axis=1)], steps, axes=1))
    return np.array(found)


def read_leavers(path: Path) -> Leavers:
    """Leavers of a CSV file: ``year age population emigrants`` and ``destination`` or not.

    Parameters
    ----------
    path : Path
        The file, UTF-8. With destinations an age's population stands in each of its rows.

    Raises
    ------
    DataError
        With all faults: no numbers, sums among the rows, doubled rows, populations of an age
        that disagree, more leavers than people.
    """
    faults: list[Fault] = []
    rows: dict[int, _Row] = {}
    way_out = f"Columns: {', '.join(_NEEDED)}; destination may be left out."
    for line, row in read_rows(path, _NEEDED, way_out):
        found = _row(row, path.name, line, faults)
        if found:
            rows[line] = found
    if not rows and not faults:
        faults.append(Fault("no rows", path.name))
    faults += [*_doubled(rows, path.name), *_people(rows, path.name), *_sums(rows, path.name)]
    if faults:
        raise DataError(listed(faults))
    year, age, destination, population, emigrants = (
        np.array(column) for column in zip(*rows.values(), strict=True)
    )
    return Leavers(year, age, destination, population, emigrants, path.name)


def _row(
    row: Mapping[str, str | None], file: str, line: int, faults: list[Fault]
) -> _Row | None:
    """A row's cells; none, and faults, where one is no number or no label."""
    before = len(faults)
    year, population, emigrants = (
        number_of(row, name, file, line, faults) for name in ("year", "population", "emigrants")
    )
    if year is not None and year % 1:
        faults.append(Fault("expected a year", file, line, "year", f"{year:g}"))
    for name, value in (("population", population), ("emigrants", emigrants)):
        if value is not None and value < 0:
            faults.append(Fault("expected at least 0", file, line, name, f"{value:g}"))
    age, destination = ((row.get(name) or "").strip() for name in ("age", "destination"))
    if not age:
        faults.append(Fault("missing", file, line, "age"))
    if "destination" in row and not destination:
        faults.append(Fault("missing", file, line, "destination"))
    if len(faults) > before or year is None or population is None or emigrants is None:
        return None
    return int(year), age, destination, population, emigrants


def _doubled(rows: Mapping[int, _Row], file: str) -> Iterator[Fault]:
    told: dict[tuple[int, str, str], int] = {}
    for line, row in rows.items():
        one = told.setdefault(row[:3], line)
        if one != line:
            value = " ".join(map(str, row[:3])).strip()
            yield Fault("stands twice", file, line, "", value, f"See row {one}.")


def _people(rows: Mapping[int, _Row], file: str) -> Iterator[Fault]:
    """Populations of an age that disagree, and ages that more people left than lived in."""
    told: dict[tuple[int, str], tuple[int, float]] = {}
    gone: dict[tuple[int, str], float] = {}
    for line, (year, age, _, population, emigrants) in rows.items():
        key = year, age
        one, people = told.setdefault(key, (line, population))
        gone[key] = gone.get(key, 0.0) + emigrants
        if people != population:
            way_out = f"Row {one} has {people:g} for the same year and age."
            yield Fault("disagrees", file, line, "population", f"{population:g}", way_out)
    for key, (line, people) in told.items():
        if gone[key] > people:
            problem = f"{gone[key]:g} left in {key[0]} at {key[1]}, where {people:g} lived"
            yield Fault(problem, file, line, "emigrants")


def _sums(rows: Mapping[int, _Row], file: str) -> Iterator[Fault]:
    for at, column in ((1, "age"), (2, "destination")):
        first: dict[str, int] = {}
        for line, row in rows.items():
            first.setdefault(str(row[at]), line)
        for label, line in first.items():
            if len(first) > 1 and label.casefold() in SUMS:
                way_out = "Leave sums out: their people would count twice."
                yield Fault("a sum among its parts", file, line, column, label, way_out)


def decompose(table: Leavers, first: int, last: int) -> Decomposition:
    """Take the change of the leavers between two years apart.

    Parameters
    ----------
    table : Leavers
        Both years, of the same ages and destinations.
    first, last : int
        The years, in either order.

    Raises
    ------
    DataError
        Where a year, or an age or destination of one of them, has no row.

    Notes
    -----
    Leavers of age x for destination d are P s_x r_x q_(d|x): the population, the age's share of
    it, its rate of leaving, and the share of its leavers that goes there. Where nobody lived
    (or nobody left), the rate (or shares) of that year are taken to be those of the other, so
    that the change is laid to the ages (or to the rate). An effect of the total is the sum of
    its effects over destinations.

    References
    ----------
    Das Gupta (1978), Demography 15; Kitagawa (1955), Journal of the American Statistical
    Association 50.
    """
    ages, destinations = _labels(table, first, last)
    population, emigrants = _cells(table, (first, last), ages, destinations)
    leavers = emigrants.sum(axis=2)
    size = population.sum(axis=1)
    share = population / size[:, None]
    rate = _filled(leavers, population)
    going = _filled(emigrants, leavers[:, :, None])
    by_age = effects(
        lambda p, s, r: p[:, None] * s * r, *((size[t], share[t], rate[t]) for t in (0, 1))
    )
    by_age = np.vstack([by_age, np.zeros(len(ages))])
    by_place = effects(
        lambda p, s, r, q: (p[:, None] * s * r)[:, :, None] * q,
        *((size[t], share[t], rate[t], going[t]) for t in (0, 1)),
    ).sum(axis=1)
    places = [
        _part(name, emigrants[:, :, at].sum(axis=1), by_place[:, at])
        for at, name in enumerate(destinations)
        if name
    ]
    return Decomposition(
        first,
        last,
        _part("total", leavers.sum(axis=1), by_age.sum(axis=1)),
        tuple(sorted(places, key=lambda part: -abs(part.change))),
        tuple(_part(name, leavers[:, at], by_age[:, at]) for at, name in enumerate(ages)),
    )


def _labels(table: Leavers, first: int, last: int) -> tuple[list[str], list[str]]:
    """Ages and destinations of two years, in the order of the file; raises where one lacks."""
    there = np.unique(table.year).tolist()
    way_out = f"There are: {', '.join(map(str, there))}."
    faults = [
        Fault("no such year", table.file, None, "year", f"{year}", way_out)
        for year in dict.fromkeys((first, last))
        if year not in there
    ]
    if first == last:
        faults.append(Fault("the same year twice", table.file, None, "year", f"{first}"))
    if faults:
        raise DataError(faults)
    asked = (table.year == first) | (table.year == last)
    ages, destinations = (
        list(dict.fromkeys(column[asked].tolist())) for column in (table.age, table.destination)
    )
    for year in (first, last):
        faults += _absent(table, year, ages, destinations)
        if not table.population[table.year == year].any():
            faults.append(Fault("nobody lived", table.file, None, "population", f"{year}"))
    if faults:
        raise DataError(listed(faults))
    return ages, destinations


def _absent(
    table: Leavers, year: int, ages: Sequence[str], destinations: Sequence[str]
) -> list[Fault]:
    """Ages and destinations without a row in a year, of which some thousand are listed."""
    now = table.year == year
    there = set(zip(table.age[now].tolist(), table.destination[now].tolist(), strict=True))
    lacking = (pair for pair in product(ages, destinations) if pair not in there)
    way_out = "A missing row is no zero: write 0 emigrants where nobody left."
    faults: list[Fault] = [
        Fault("no row", table.file, value=" ".join((str(year), *pair)).strip(), way_out=way_out)
        for pair in islice(lacking, FAULT_LIMIT)
    ]
    more = len(ages) * len(destinations) - len(there) - len(faults)
    return [*faults, Rest("", table.file, count=more)] if more else faults


def _cells(
    table: Leavers, years: Sequence[int], ages: Sequence[str], destinations: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Population by year and age, emigrants by year, age and destination."""
    population = np.zeros((2, len(ages)))
    emigrants = np.zeros((2, len(ages), len(destinations)))
    age_at = {name: at for at, name in enumerate(ages)}
    place_at = {name: at for at, name in enumerate(destinations)}
    for t, year in enumerate(years):
        now = table.year == year
        x = np.array([age_at[name] for name in table.age[now].tolist()])
        d = np.array([place_at[name] for name in table.destination[now].tolist()])
        population[t, x] = table.population[now]
        emigrants[t, x, d] = table.emigrants[now]
    return population, emigrants


def _filled(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Quotients of two years; those without a whole take the other year's, or 0."""
    whole = np.broadcast_to(whole, part.shape)
    found = np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
    filled: np.ndarray = np.where(whole > 0, found, found[::-1])
    return filled


def _part(name: str, leavers: np.ndarray, found: np.ndarray) -> Part:
    before, after = leavers.tolist()
    return Part(name, before, after, after - before, *found.tolist())
