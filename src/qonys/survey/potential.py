"""From intentions to moves: how many of those who say they will leave are seen to have left.

For the command line, forecasts and simulations. Main types: `Settings`, `Potential`; main
functions: `read_settings`, `estimate_potential`. A survey's share is never a forecast: the flow
is N (p r1 + (1 - p) r0) with sourced priors, learnt from what was registered (Rubin 1988,
sampling importance resampling) and from what partners count.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np

from qonys.core.country import Country
from qonys.core.draws import uniform
from qonys.core.errors import DataError, Fault
from qonys.core.observations import Cell, parse_cell
from qonys.observations.reading import View
from qonys.survey.files import load_toml
from qonys.survey.published import Answer, Published, Question, built_in

DRAWS = 20_000
_PROPOSALS = 20  #: Proposals for each draw that is kept.
_EFFECTIVE = 50  #: Independent draws under which nothing is said.
_PRIORS = ("years", "design_effect", "selection", "adults", "realisation", "others", "coverage")
_SHARES = ("realisation", "others", "coverage")
_TEXTS = ("survey", "question", "answer", "registered", "mirror", "own")
_ENDS = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Prior:
    """What is believed of a quantity before the country's own figures are looked at.

    Shares are logit-normal, the horizon is uniform, the rest log-normal.

    Parameters
    ----------
    low, high : float
        Ends of its 95 % interval; of the horizon its range.
    says : str
        What it is.
    source : str
        Where it comes from; an assumption says so.
    """

    low: float
    high: float
    says: str
    source: str


@dataclass(frozen=True)
class Settings:
    """Which survey, which figures, which priors.

    Parameters
    ----------
    survey, question, answer : str
        The survey's file, its question, and the code of the intention.
    registered : str
        Cell of registered departures, without its period.
    mirror, own : str
        Measures: what partners count as arrived, and what the country counts as left for them.
    priors : Mapping of str to Prior
        By name.
    """

    survey: str
    question: str
    answer: str
    registered: str
    mirror: str
    own: str
    priors: Mapping[str, Prior]


@dataclass(frozen=True)
class Flows:
    """What a country and its partners counted.

    Parameters
    ----------
    registered : Mapping of int to float
        Registered departures by year, person.
    mirrored : Mapping of int to (float, float)
        By year, over the partners of whom both are known: registered departures to them, and
        arrivals that they counted.
    """

    registered: Mapping[int, float]
    mirrored: Mapping[int, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """A quantity over its draws.

    Parameters
    ----------
    name : str
        What it is.
    unit : str
        ``person``, ``person a year`` or ``share``.
    prior, learnt : tuple of float
        Its 2.5, 50 and 97.5 % points before and after the flows were looked at.
    """

    name: str
    unit: str
    prior: tuple[float, float, float]
    learnt: tuple[float, float, float]


@dataclass(frozen=True)
class Realised:
    """Registered departures of one year against the intention.

    Parameters
    ----------
    year : int
        The year whose pace is taken for the whole horizon.
    registered : float
        Departures in it.
    low, middle, high : float
        Part of those who intended to leave that would be registered as having left: 95 %
        interval and median.
    """

    year: int
    registered: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Potential:
    """Draws of moves from an intention.

    Parameters
    ----------
    draws : Mapping of str to ndarray
        Float64 of shape (draw,): ``moves`` and ``registered`` (person over the horizon),
        ``moves_a_year``, ``registered_a_year``, ``from_intention`` (part of the moves),
        ``stated`` (share among those who answer), ``share`` (in the population),
        ``realisation``, ``others``, ``coverage``, ``adults``, ``years``.
    summaries : list of Summary
        The same in figures.
    realised : list of Realised
        By year.
    spread : float
        Standard deviation of the yearly change of the logarithm of the departures.
    effective : float
        Independent draws behind the kept ones, at most their number.
    """

    draws: Mapping[str, np.ndarray]
    summaries: list[Summary]
    realised: list[Realised]
    spread: float
    effective: float


def has_settings(country: Country) -> bool:
    """Whether a country's folder says how to go from intentions to moves.

    Parameters
    ----------
    country : Country
        The country.
    """
    return (country.folder / "models" / "potential.toml").is_file()


def read_settings(country: Country) -> Settings:
    """Settings of a country's folder, ``models/potential.toml``.

    Parameters
    ----------
    country : Country
        The country.

    Raises
    ------
    DataError
        Where there are none, or with all their faults.
    """
    name = "models/potential.toml"
    path = country.folder / "models" / "potential.toml"
    if not has_settings(country):
        raise DataError(Fault("this country has no settings", name, value=country.code))
    given = load_toml(path, name)
    faults = [
        Fault(
            "unknown field", name, column=key, way_out=f"Known: {', '.join(_TEXTS + _PRIORS)}."
        )
        for key in given
        if key not in _TEXTS + _PRIORS
    ]
    faults += [
        Fault("expected a text", name, column=key)
        for key in _TEXTS
        if not isinstance(given.get(key), str)
    ]
    priors = {key: _prior(given.get(key), key, name, faults) for key in _PRIORS}
    if faults:
        raise DataError(faults)
    return Settings(**{key: given[key] for key in _TEXTS}, priors=priors)


def _prior(given: Any, key: str, name: str, faults: list[Fault]) -> Prior:
    table = given if isinstance(given, dict) else {}
    ends = [table.get(end) for end in ("low", "high")]
    texts = [table.get(text) for text in ("says", "source")]
    numbers = [
        float(end) if isinstance(end, (int, float)) and not isinstance(end, bool) else math.nan
        for end in ends
    ]
    top = 1.0 if key in _SHARES else math.inf
    if not 0 < numbers[0] < numbers[1] < top:
        below = " below 1" if key in _SHARES else ""
        faults.append(
            Fault(f"expected 0 < low < high{below}", name, column=key, value=str(ends))
        )
    if not all(isinstance(text, str) and text for text in texts):
        faults.append(Fault("needs says and source", name, column=key))
    return Prior(numbers[0], numbers[1], *(str(text) for text in texts))


def built_in_answer(country: Country, settings: Settings) -> tuple[Published, Question, Answer]:
    """The survey, the question and the answer that the settings name.

    Parameters
    ----------
    country : Country
        The country.
    settings : Settings
        Its settings.
    """
    for survey in built_in(country):
        for question in survey.questions:
            for answer in question.answers:
                told = (survey.file.removesuffix(".toml"), question.id, answer.code)
                if told == (settings.survey, settings.question, settings.answer):
                    return survey, question, answer
    named = f"{settings.survey}, {settings.question}, {settings.answer}"
    raise DataError(Fault("no such answer", "models/potential.toml", value=named))


def year_of(told: Published) -> int | None:
    """Year of the field work; none where it is not told as a date.

    Parameters
    ----------
    told : Published
        The survey.
    """
    year = told.field_dates[:4]
    return int(year) if year.isdigit() else None


def read_flows(view: View, settings: Settings) -> Flows:
    """Registered departures by year, and the same next to what partners counted.

    Parameters
    ----------
    view : View
        What was known of the country on a day.
    settings : Settings
        Which cells.
    """
    home = view.country.code

    def yearly(cell: Cell) -> dict[int, float]:
        """Values of a cell by year."""
        return {int(year): row.value for year, row in view.periods(cell).items()}

    pairs: dict[str, dict[int, tuple[float, float]]] = {}
    for partner in sorted({cell.ref_area for cell in view.cells(settings.mirror)}):
        theirs = yearly(parse_cell(f"{settings.mirror}:{partner}:{home}:2000"))
        ours = yearly(parse_cell(f"{settings.own}:{home}:{partner}:2000"))
        years = [year for year in theirs.keys() & ours.keys() if ours[year] and theirs[year]]
        if years:
            pairs[partner] = {year: (ours[year], theirs[year]) for year in years}
    registered = yearly(parse_cell(f"{settings.registered}:2000"))
    return Flows({year: n for year, n in registered.items() if n > 0}, _same_partners(pairs))


def _same_partners(
    pairs: Mapping[str, Mapping[int, tuple[float, float]]],
) -> dict[int, tuple[float, float]]:
    """Sums over one set of partners: the largest, and those who tell of all its years."""
    if not pairs:
        return {}
    largest = max(pairs, key=lambda name: sum(theirs for _, theirs in pairs[name].values()))
    years = pairs[largest].keys()
    steady = [told for told in pairs.values() if years <= told.keys()]
    return {
        year: (sum(told[year][0] for told in steady), sum(told[year][1] for told in steady))
        for year in sorted(years)
    }


def estimate_potential(
    settings: Settings,
    answer: Answer,
    n: int,
    flows: Flows,
    *,
    asked_in: int | None = None,
    then: float | None = None,
    draws: int = DRAWS,
    seed: int = 1,
) -> Potential:
    """Draws of moves from the share of people who intend to leave.

    Parameters
    ----------
    settings : Settings
        Priors.
    answer : Answer
        The share, with its rounding.
    n : int
        Respondents.
    flows : Flows
        What was counted. Without any, only the priors speak.
    asked_in : int or None
        Year of the field work: later years are learnt from, or where there are none yet the
        newest; none for the newest.
    then : float or None
        Another share, in percent, that a later wave might find: the draws get ``then_moves``
        and ``then_registered`` (over the horizon) with all else as learnt.
    draws : int
        Draws to keep, at least 100.
    seed : int
        The same seed gives the same draws.
    """
    if not 100 <= draws <= 100_000:
        raise DataError(Fault("expected 100 to 100,000 draws", value=str(draws)))
    if not 0 < answer.share < 100 or n < 2:
        raise DataError(
            Fault("expected a share between 0 and 100 of some people", value=answer.text)
        )
    proposed = _propose(settings, answer, n, flows, draws * _PROPOSALS, seed)
    last = max(flows.registered, default=0)
    asked = min(last if asked_in is None else asked_in, last)
    learnt = {year: n for year, n in flows.registered.items() if year > min(asked, last - 1)}
    spread = _spread(flows.registered)
    weights = np.ones(len(proposed["share"]))
    if learnt:
        pace = float(np.mean([math.log(count) for count in learnt.values()]))
        weights = np.exp(-0.5 * ((np.log(proposed["registered_a_year"]) - pace) / spread) ** 2)
    total = float(weights.sum())
    effective = min(total**2 / float((weights**2).sum()), draws) if total > 0 else 0.0
    if effective < _EFFECTIVE:
        problem = "what was registered lies outside what the priors allow"
        way_out = "Widen the priors of models/potential.toml, or look at the flows."
        raise DataError(Fault(problem, value=f"{effective:.0f} draws fit", way_out=way_out))
    kept = _resample(weights, draws, seed)
    if then is not None:
        proposed |= _then(proposed, answer.share, then)
    found = {name: values[kept] for name, values in proposed.items()}
    return Potential(
        found,
        _summaries(proposed, found),
        [
            _realised(year, count, proposed)
            for year, count in sorted(flows.registered.items())
            if year >= asked
        ],
        spread,
        effective,
    )


def _then(drawn: Mapping[str, np.ndarray], share: float, then: float) -> dict[str, np.ndarray]:
    """Moves with the odds of the share multiplied as from one to the other."""
    if not 0 < then < 100:
        raise DataError(Fault("expected a share between 0 and 100", value=f"{then:g}"))
    odds = drawn["share"] / (1 - drawn["share"])
    odds = odds * then * (100 - share) / (share * (100 - then))
    leaving = (odds * drawn["realisation"] + drawn["others"]) / (1 + odds)
    moves = drawn["adults"] * leaving
    return {"then_moves": moves, "then_registered": moves * drawn["coverage"]}


def _normal(seed: int, purpose: str, count: int) -> np.ndarray:
    """Standard normal draws, a function of their key (Box and Muller 1958)."""
    ids = np.arange(count)
    one = uniform(seed, f"potential {purpose} 1", "", ids)
    two = uniform(seed, f"potential {purpose} 2", "", ids)
    return np.asarray(np.sqrt(-2 * np.log1p(-one)) * np.cos(2 * np.pi * two))


def _expit(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -700, 700))))


def _draw(prior: Prior, name: str, count: int, seed: int) -> np.ndarray:
    """Logit-normal of a share, log-normal of the rest, by the ends of the interval."""
    z = _normal(seed, name, count)
    if name in _SHARES:
        ends = [math.log(x / (1 - x)) for x in (prior.low, prior.high)]
    else:
        ends = [math.log(x) for x in (prior.low, prior.high)]
    middle, width = (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / (2 * _ENDS)
    value = middle + width * z
    return _expit(value) if name in _SHARES else np.exp(value)


def _propose(
    settings: Settings, answer: Answer, n: int, flows: Flows, count: int, seed: int
) -> dict[str, np.ndarray]:
    """Draws from the priors, with the moves that follow from them."""
    priors = settings.priors
    drawn = {name: _draw(priors[name], name, count, seed) for name in _PRIORS[1:-1]}
    horizon = priors["years"]
    ids = np.arange(count)
    years = horizon.low + (horizon.high - horizon.low) * uniform(seed, "years", "", ids)
    stated = _stated(answer, n, drawn["design_effect"], seed)
    # Odds in the population from odds among those who answered (Bayes).
    share = _expit(np.log(stated / (1 - stated)) - np.log(drawn["selection"]))
    coverage = _coverage(priors["coverage"], flows.mirrored, count, seed)
    intended = drawn["adults"] * share * drawn["realisation"]
    moves = intended + drawn["adults"] * (1 - share) * drawn["others"]
    return {
        "moves": moves,
        "registered": moves * coverage,
        "moves_a_year": moves / years,
        "registered_a_year": moves * coverage / years,
        "from_intention": intended / moves,
        "stated": stated,
        "share": share,
        "realisation": drawn["realisation"],
        "others": drawn["others"],
        "coverage": coverage,
        "adults": drawn["adults"],
        "years": years,
    }


def _stated(answer: Answer, n: int, deff: np.ndarray, seed: int) -> np.ndarray:
    """The share that those who answer would state: rounding, and sampling on logits."""
    low, high = (bound / 100 for bound in answer.bounds)
    ids = np.arange(len(deff))
    printed = np.clip(low + (high - low) * uniform(seed, "rounding", "", ids), 1e-6, 1 - 1e-6)
    error = np.sqrt(deff / (n * printed * (1 - printed)))
    return _expit(
        np.log(printed / (1 - printed)) + error * _normal(seed, "sampling", len(deff))
    )


def _coverage(
    prior: Prior, mirrored: Mapping[int, tuple[float, float]], count: int, seed: int
) -> np.ndarray:
    """Part of the moves that is registered, carried on from the last year that partners tell.

    Its logit walks at random: Student's t with the spread of its yearly changes over the last
    eight years, for two years on. With fewer than three changes the prior speaks.
    """
    years = sorted(mirrored)[-9:]
    ratios = {year: min(mirrored[year][0] / mirrored[year][1], 0.99) for year in years}
    logits = {year: math.log(ratio / (1 - ratio)) for year, ratio in ratios.items()}
    steps = [logits[year] - logits[year - 1] for year in years if year - 1 in logits]
    if len(steps) < 3:
        return _draw(prior, "coverage", count, seed)
    k = len(steps)
    squares = np.square([_normal(seed, f"years {at}", count) for at in range(k)])
    student = _normal(seed, "coverage", count) / np.sqrt(squares.mean(axis=0))
    size = math.sqrt(2 * float(np.mean(np.square(steps))))
    return _expit(logits[years[-1]] + size * student)


def _spread(registered: Mapping[int, float]) -> float:
    """Standard deviation of the yearly change of the logarithm over the last eleven years."""
    years = sorted(registered)[-11:]
    steps = [
        math.log(registered[year] / registered[year - 1])
        for year in years
        if year - 1 in registered
    ]
    # At least a twentieth; with fewer than two changes a third: flows halve or double.
    return max(float(np.std(steps, ddof=1)), 0.05) if len(steps) > 1 else 1 / 3


def _resample(weights: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Systematic resampling (Carpenter, Clifford and Fearnhead 1999)."""
    edges = np.cumsum(weights) / weights.sum()
    start = uniform(seed, "resampling", "", np.array([0]))[0]
    at = np.searchsorted(edges, (np.arange(draws) + start) / draws)
    return np.asarray(np.minimum(at, len(weights) - 1))


_UNITS = {
    "moves": "person",
    "registered": "person",
    "adults": "person",
    "then_moves": "person",
    "then_registered": "person",
    "moves_a_year": "person a year",
    "registered_a_year": "person a year",
    "years": "year",
}


def _summaries(
    proposed: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]
) -> list[Summary]:
    return [
        Summary(name, _UNITS.get(name, "share"), _points(proposed[name]), _points(values))
        for name, values in found.items()
    ]


def _points(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, [0.025, 0.5, 0.975])
    return float(low), float(middle), float(high)


def _realised(year: int, registered: float, proposed: Mapping[str, np.ndarray]) -> Realised:
    """From sampling error, horizon and number of adults, as a reader would reckon."""
    intended = proposed["adults"] * proposed["stated"]
    low, middle, high = _points(np.minimum(registered * proposed["years"] / intended, 1.0))
    return Realised(year, registered, low, middle, high)
