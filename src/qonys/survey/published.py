"""A survey of which only shares and a sample size were printed.

For `tables` and the command line. Main types: `Published`, `Question`, `Answer`; main
functions: `read_published`, `built_in`. What the source did not say stays empty.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qonys.core.country import Country
from qonys.core.errors import DataError, Fault
from qonys.survey.files import load_toml

_TOP = [
    "id",
    "title",
    "n",
    "field_dates",
    "mode",
    "weighting",
    "response_rate",
    "source",
    "url",
    "note",
    "question",
]
_QUESTION = ["id", "wording", "base", "bases", "multiple", "answers", "note"]
_ANSWER = ["text", "share", "code"]
_LARGEST = 10_000_000
_PRINTED = re.compile(r"\d+(\.\d{1,4})?")


@dataclass(frozen=True)
class Answer:
    """One printed share.

    Parameters
    ----------
    text : str
        The answer as printed.
    share : float
        In percent.
    places : int
        Decimal places printed.
    code : str
        Its code in the store, where it has one.
    """

    text: str
    share: float
    places: int
    code: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """What the printed share can stand for, in percent."""
        half = 0.5 * 10.0**-self.places
        return max(self.share - half, 0.0), min(self.share + half, 100.0)


@dataclass(frozen=True)
class Question:
    """A question with its printed shares.

    Parameters
    ----------
    wording : str
        As asked, or as near as the source tells.
    base : str
        Who was asked, in words; empty where the source does not say.
    bases : tuple of int
        Numbers of respondents that the shares might refer to.
    multiple : bool
        Whether several answers could be given.
    answers : tuple of Answer
        In the printed order.
    note : str
        What a reader must know.
    id : str
        Its code, the same in every telling.
    """

    wording: str
    base: str
    bases: tuple[int, ...]
    multiple: bool
    answers: tuple[Answer, ...]
    note: str = ""
    id: str = ""


@dataclass(frozen=True)
class Published:
    """One telling of a survey.

    Parameters
    ----------
    id : str
        Id of the survey, the same in every telling; files without one are taken for tellings.
    title, field_dates, mode, weighting, source, url, note : str
        As the source gives them; empty where it does not.
    n : int
        Respondents.
    response_rate : float or None
        In percent; none where it was not told.
    questions : tuple of Question
        Its questions.
    file : str
        Name of the file.
    """

    id: str
    title: str
    n: int
    field_dates: str
    mode: str
    weighting: str
    response_rate: float | None
    source: str
    url: str
    note: str
    questions: tuple[Question, ...]
    file: str = ""


class _Reader:
    """Reads one mapping after another and gathers all faults."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, problem: str, at: str, value: object = "", way_out: str = "") -> None:
        self.faults.append(Fault(problem, self.file, None, at, str(value), way_out))

    def known(self, given: Mapping[str, Any], names: list[str], at: str) -> None:
        for name in given:
            if name not in names:
                self.fault(
                    "unknown field", f"{at}{name}", way_out=f"Known: {', '.join(names)}."
                )

    def text(self, given: Mapping[str, Any], name: str, at: str) -> str:
        value = given.get(name, "")
        if not isinstance(value, str):
            self.fault("expected a text", f"{at}{name}", value)
            return ""
        return value.strip()

    def count(self, value: object, at: str) -> int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not 1 <= int(str(value)) <= _LARGEST:
            self.fault("expected a whole number of respondents", at, value)
            return 0
        return int(str(value))

    def percent(self, value: object, at: str) -> float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0 <= float(str(value)) <= 100:
            self.fault("expected a percentage between 0 and 100", at, value)
            return 0.0
        return float(str(value))


def read_published(path: Path) -> Published:
    """A survey of a TOML file.

    Parameters
    ----------
    path : Path
        The file: `n`, `field_dates`, `mode`, `response_rate`, `source` and `[[question]]` with
        `wording`, `base`, `multiple` and `answers = [{text, share}]`. A share may be a text, so
        that a printed zero at its end counts ("14.0").

    Raises
    ------
    DataError
        With all faults of the file.
    """
    return _published(load_toml(path), path.name)


def _published(given: dict[str, Any], name: str) -> Published:
    read = _Reader(name)
    read.known(given, _TOP, "")
    rate = given.get("response_rate")
    questions = given.get("question", [])
    if not isinstance(questions, list) or not questions:
        read.fault("no question", "question", way_out="Give at least one [[question]].")
        questions = []
    survey = Published(
        id=read.text(given, "id", ""),
        title=read.text(given, "title", ""),
        n=read.count(given.get("n"), "n"),
        field_dates=read.text(given, "field_dates", ""),
        mode=read.text(given, "mode", ""),
        weighting=read.text(given, "weighting", ""),
        response_rate=None if rate is None else read.percent(rate, "response_rate"),
        source=read.text(given, "source", ""),
        url=read.text(given, "url", ""),
        note=read.text(given, "note", ""),
        questions=tuple(_questions(read, questions)),
        file=name,
    )
    for question in survey.questions:
        for base in question.bases:
            if base > survey.n:
                read.fault("more than all respondents", f"{question.id}, bases", base)
    if not survey.source:
        read.fault("no source", "source", way_out="Say who published the shares.")
    if read.faults:
        raise DataError(read.faults)
    return survey


def _questions(read: _Reader, given: list[Any]) -> Iterator[Question]:
    for number, entry in enumerate(given, 1):
        at = f"question {number}, "
        if not isinstance(entry, dict):
            read.fault("expected a question", at.rstrip(", "), entry)
            continue
        read.known(entry, _QUESTION, at)
        multiple = entry.get("multiple", False)
        if not isinstance(multiple, bool):
            read.fault("expected true or false", f"{at}multiple", multiple)
        wording = read.text(entry, "wording", at)
        if not wording:
            read.fault("no wording", f"{at}wording", way_out="Write what was asked.")
        answers = entry.get("answers", [])
        if not isinstance(answers, list) or not answers:
            read.fault("no answers", f"{at}answers")
            answers = []
        bases = entry.get("bases", [])
        bases = bases if isinstance(bases, list) else [bases]
        yield Question(
            wording,
            read.text(entry, "base", at),
            tuple(read.count(base, f"{at}bases") for base in bases),
            multiple is True,
            tuple(_answers(read, answers, at)),
            read.text(entry, "note", at),
            read.text(entry, "id", at) or f"q{number}",
        )


def _answers(read: _Reader, given: list[Any], at: str) -> Iterator[Answer]:
    for number, entry in enumerate(given, 1):
        here = f"{at}answer {number}, "
        if not isinstance(entry, dict):
            read.fault("expected {text, share}", here.rstrip(", "), entry)
            continue
        read.known(entry, _ANSWER, here)
        text, share = read.text(entry, "text", here), entry.get("share")
        if not text:
            read.fault("no text", f"{here}text")
        printed = str(share).strip()
        value: object = share
        if isinstance(share, str) and _PRINTED.fullmatch(printed):
            value = float(printed)
        if not _PRINTED.fullmatch(printed):
            read.fault("expected digits, at most four after the point", f"{here}share", share)
        places = len(printed.partition(".")[2])
        number_read = read.percent(value, f"{here}share")
        yield Answer(text, number_read, places, read.text(entry, "code", here))


def built_in(country: Country) -> list[Published]:
    """Surveys of a country's folder, every telling of them.

    Parameters
    ----------
    country : Country
        The country; its surveys stand in `surveys/*.toml`.
    """
    folder = country.folder / "surveys"
    entries = folder.iterdir() if folder.is_dir() else iter(())
    files = sorted((one for one in entries if one.name.endswith(".toml")), key=lambda e: e.name)
    return [_published(load_toml(one), one.name) for one in files]
