"""What shares and a sample size alone can say, and what they cannot.

For the command line. Main functions: `examine`, `compare_tellings`. Each test has three
answers: possible, impossible where unweighted, or not to be tested. Sources: Brown and Heathers
(2017) for whole numbers; Wilson (1927) with n over the design effect, Dean and Pagano (2015).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from qonys.survey.published import Answer, Published, Question
from qonys.survey.wording import say

Z = 1.959963984540054  #: Of a two-sided interval of 95 %.
DESIGN_EFFECTS = (1.0, 1.5, 2.0)  #: Of telephone surveys weighted a little, and more. Assumed.
POSSIBLE, IMPOSSIBLE, UNTESTABLE = "possible", "impossible if unweighted", "cannot test"
ORDER, NO_ORDER = "order", "no order"
_DUST = 1e-9


@dataclass(frozen=True)
class Margin:
    """A share with its sampling margins.

    Parameters
    ----------
    answer : Answer
        The share.
    margins : tuple of (float, float, float)
        Design effect, low and high in percent: of the share as printed, not of its rounding.
    """

    answer: Answer
    margins: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Tested:
    """What one test found.

    Parameters
    ----------
    test : str
        ``sum``, ``integer``, ``base`` or ``ranking``.
    verdict : str
        ``possible``, ``impossible if unweighted``, ``cannot test``; of a ranking ``order`` or
        ``no order``.
    case : str
        Which of its sentences is meant.
    numbers : Mapping of str to float
        What it was computed from and what it gave.
    names : Mapping of str to str
        Answers and bases that it names.
    """

    test: str
    verdict: str
    case: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def says(self, lang: str = "en") -> str:
        """The finding in words.

        Parameters
        ----------
        lang : str
            ``en``, ``ru`` or ``kk``.
        """
        parts: dict[str, object] = {**self.numbers, **self.names}
        if "power" in self.numbers:
            parts["power_percent"] = round(100 * self.numbers["power"])
        return say(self.case, lang, **parts)


@dataclass(frozen=True)
class Examined:
    """A question with margins and tests.

    Parameters
    ----------
    question : Question
        The question.
    margins : tuple of Margin
        In the printed order.
    tests : tuple of Tested
        The four tests.
    n : int
        Respondents from whom the margins are.
    """

    question: Question
    margins: tuple[Margin, ...]
    tests: tuple[Tested, ...]
    n: int

    def narrower(self, lang: str = "en") -> str:
        """How much wider margins are from the smallest base that is possible; empty if none.

        Parameters
        ----------
        lang : str
            ``en``, ``ru`` or ``kk``.
        """
        base = min(self.question.bases, default=self.n)
        if base >= self.n:
            return ""
        return say("narrower", lang, base=base, times=round(math.sqrt(self.n / base), 1))


def wilson(share: float, n: float, z: float = Z) -> tuple[float, float]:
    """Wilson's score interval of a proportion.

    Parameters
    ----------
    share : float
        The proportion, 0 to 1.
    n : float
        Respondents, or their effective number.
    z : float
        Quantile of the standard normal distribution.

    Returns
    -------
    float, float
        Low and high.

    Examples
    --------
    >>> low, high = wilson(76 / 1100, 1100)
    >>> round(low, 8), round(high, 8)
    (0.0555546, 0.08562641)
    """
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)


def examine(
    survey: Published, design_effects: Sequence[float] = DESIGN_EFFECTS
) -> list[Examined]:
    """Margins and tests of every question of a survey.

    Parameters
    ----------
    survey : Published
        The survey as printed.
    design_effects : Sequence of float
        Design effects to show, at least 1 each.
    """
    found = []
    for question in survey.questions:
        # One base is the base; of several each is possible.
        n = question.bases[0] if len(question.bases) == 1 else survey.n
        margins = tuple(_margin(answer, n, design_effects) for answer in question.answers)
        tests = (
            _sum(question, n),
            _integers(question, n),
            _bases(question, n),
            *_ranking(question, n, max(design_effects)),
        )
        found.append(Examined(question, margins, tests, n))
    return found


def _margin(answer: Answer, n: int, effects: Sequence[float]) -> Margin:
    share = answer.share / 100
    found = []
    for effect in effects:
        low, high = wilson(share, n / effect)
        found.append((effect, round(100 * low, 4), round(100 * high, 4)))
    return Margin(answer, tuple(found))


def counts(answer: Answer, base: int) -> range:
    """Numbers of respondents that give a printed share of a base.

    Parameters
    ----------
    answer : Answer
        The share.
    base : int
        Respondents.

    Examples
    --------
    >>> list(counts(Answer("stay", 78.5, 1), 1100))
    [863, 864]
    """
    low, high = answer.bounds
    first = math.ceil(low * base / 100 - _DUST)
    last = math.floor(high * base / 100 + _DUST)
    return range(max(first, 0), min(last, base) + 1)


def _sum(question: Question, n: int) -> Tested:
    """Whether the shares add up to 100, and how large an unprinted answer must be."""
    total = sum(answer.share for answer in question.answers)
    slack = sum(0.5 * 10.0**-answer.places for answer in question.answers)
    numbers = {"sum": round(total, 6), "rounding": round(slack, 6)}
    if question.multiple:
        return Tested("sum", UNTESTABLE, "sum_multiple", numbers)
    if total - slack > 100 + _DUST:
        return Tested("sum", IMPOSSIBLE, "sum_over", numbers)
    if total + slack >= 100 - _DUST:
        return Tested("sum", POSSIBLE, "sum_whole", numbers)
    low, high = 100 - total - slack, 100 - total + slack
    ranges = [counts(answer, n) for answer in question.answers]
    numbers |= {"unlisted_low": round(low, 6), "unlisted_high": round(high, 6)}
    if not all(ranges):
        return Tested("sum", POSSIBLE, "sum_unlisted", numbers)
    fewest, most = n - sum(r[-1] for r in ranges), n - sum(r[0] for r in ranges)
    numbers |= {"unlisted_count_low": fewest, "unlisted_count_high": most}
    return Tested("sum", POSSIBLE, "sum_counted", numbers)


def _integers(question: Question, n: int) -> Tested:
    """Whether whole respondents can give the printed shares, and whether this says anything."""
    missing = [answer.text for answer in question.answers if not counts(answer, n)]
    places = max(answer.places for answer in question.answers)
    grid = 100 * 10**places + 1
    reached = sum(bool(counts(Answer("", i / 10**places, places), n)) for i in range(grid))
    power = 1 - reached / grid
    numbers = {"n": n, "power": round(power, 6)}
    if missing:
        named = {"names": ", ".join(missing)}
        return Tested("integer", IMPOSSIBLE, "integer_missing", numbers, named)
    if power < _DUST:
        return Tested("integer", UNTESTABLE, "integer_blind", numbers)
    return Tested("integer", POSSIBLE, "integer_fits", numbers)


def possible_bases(answers: Sequence[Answer], n: int) -> list[int]:
    """Bases up to n from which whole respondents give all printed shares.

    Parameters
    ----------
    answers : Sequence of Answer
        The shares.
    n : int
        The largest base.
    """
    return [base for base in range(1, n + 1) if all(counts(answer, base) for answer in answers)]


def _bases(question: Question, n: int) -> Tested:
    """From which numbers of respondents the shares can come."""
    bases = possible_bases(question.answers, n)
    if not bases:
        return Tested("base", IMPOSSIBLE, "base_none", {"n": n})
    least = bases[0]
    numbers = {"smallest_possible": least, "possible": len(bases), "n": n}
    wrong = [base for base in question.bases if base not in set(bases)]
    if wrong:
        named = {"names": ", ".join(map(str, wrong))}
        return Tested("base", IMPOSSIBLE, "base_wrong", numbers, named)
    if least <= 1 or len(bases) == n:
        return Tested("base", UNTESTABLE, "base_any", numbers)
    return Tested("base", POSSIBLE, "base_least", numbers)


def _ranking(question: Question, n: int, effect: float) -> list[Tested]:
    """Whether neighbours in size surely differ, whatever the overlap of multiple answers."""
    ordered = sorted(question.answers, key=lambda answer: -answer.share)
    return [_pair(a, b, n, effect, question) for a, b in pairwise(ordered)]


def _pair(a: Answer, b: Answer, n: int, effect: float, question: Question) -> Tested:
    multiple, bases = question.multiple, question.bases
    p, q = a.share / 100, b.share / 100
    least, most = (max(p + q - 1, 0.0), min(p, q)) if multiple else (0.0, 0.0)
    errors = [
        math.sqrt(max(p + q - 2 * both - (p - q) ** 2, 0.0) / n) for both in (least, most)
    ]
    widest, narrowest = max(errors), min(errors)
    gap = p - q
    # The order must hold from the smallest base that the source leaves possible.
    wider = math.sqrt(n / min((base for base in bases if base <= n), default=n))
    numbers = {
        "difference": round(100 * gap, 6),
        "se": round(100 * widest, 6),
        "z": round(gap / widest, 4) if widest else 0.0,
        "design_effect": effect,
        "base": round(n / wider**2, 6),
        "one_share": a.share,
        "other_share": b.share,
    }
    root = math.sqrt(effect) * wider
    names = {"one": a.text, "other": b.text}
    if gap > Z * widest * root:
        return Tested("ranking", ORDER, "rank_sure", numbers, names)
    if not multiple or gap <= Z * narrowest * root:
        return Tested("ranking", NO_ORDER, "rank_none", numbers, names)
    return Tested("ranking", UNTESTABLE, "rank_overlap", numbers, names)


@dataclass(frozen=True)
class Differing:
    """Two tellings of one survey that do not say the same.

    Parameters
    ----------
    question : str
        Id of the question.
    sources : tuple of str
        Who tells it.
    says : str
        What differs.
    """

    question: str
    sources: tuple[str, str]
    says: str


def compare_tellings(surveys: Sequence[Published]) -> list[Differing]:
    """Answers with the same share but another text, or the same text but another share.

    Parameters
    ----------
    surveys : Sequence of Published
        Tellings; those with one id are compared.
    """
    found: list[Differing] = []
    for i, one in enumerate(surveys):
        for other in surveys[i + 1 :]:
            if one.id == other.id:
                if one.n != other.n:
                    says = f"{one.n:,} and {other.n:,} respondents"
                    found.append(Differing(one.id, (one.source, other.source), says))
                found += _compared(one, other)
    return found


def _compared(one: Published, other: Published) -> list[Differing]:
    found = []
    theirs = {question.id: question for question in other.questions}
    for question in one.questions:
        twin = theirs.get(question.id)
        if twin is None:
            continue
        texts = {answer.text.casefold(): answer for answer in twin.answers}
        by_share: dict[float, list[Answer]] = {}
        for answer in twin.answers:
            by_share.setdefault(answer.share, []).append(answer)
        for answer in question.answers:
            same = texts.get(answer.text.casefold())
            if same is not None and same.share == answer.share:
                continue
            if same is not None:
                says = f"{answer.text}: {answer.share:g} % and {same.share:g} %"
            elif len(by_share.get(answer.share, [])) == 1:
                (named,) = by_share[answer.share]
                both = f"\u201c{answer.text}\u201d and \u201c{named.text}\u201d"
                says = f"{answer.share:g} %: {both}"
            else:
                says = (
                    f"{answer.share:g} %: \u201c{answer.text}\u201d is told by the first alone"
                )
            found.append(Differing(question.id, (one.source, other.source), says))
    return found
