"""Names of places in a file: which area, which are below all areas, which are a slip.

For readers. Main type: `Places`. A name that is unknown but cannot be a region (a district, a
town) is left out and counted; a region that is unknown or ambiguous is a fault.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from qonys.core.codes import fold
from qonys.core.country import Country
from qonys.core.errors import CodeError, Fault
from qonys.sources.wording import heal_cyrillic, without_footnote

REGION_WORDS = frozenset(
    {"область", "обл.", "облысы", "республика", "республикасы", "region", "oblast"}
)


class Places:
    """Looks up places by name or number, each spelling once.

    Parameters
    ----------
    country : Country
        Whose aliases are used.
    codes : Mapping of str to str
        Spellings that the user settles, before the aliases.
    strict : bool
        Whether every unknown name is a fault.
    """

    def __init__(
        self,
        country: Country,
        codes: Mapping[str, str] | None = None,
        *,
        strict: bool = False,
    ) -> None:
        self._aliases = country.aliases
        self._codes = {fold(text): code for text, code in (codes or {}).items()}
        self._strict = strict
        self._known: dict[str, str | Fault | None] = {}

    def find(self, text: str) -> str | Fault | None:
        """Code of a place; a fault when it is a slip; none when it is below all areas.

        Parameters
        ----------
        text : str
            The name, code or number in the file.
        """
        if text not in self._known:
            self._known[text] = self._find(text)
        return self._known[text]

    def find_first(self, texts: Iterable[str]) -> str | Fault | None:
        """The first answer that is a code, or else the first fault, or else none."""
        answers = [self.find(text) for text in texts if text]
        codes = [answer for answer in answers if isinstance(answer, str)]
        if codes:
            return codes[0]
        return next((answer for answer in answers if isinstance(answer, Fault)), None)

    def _find(self, text: str) -> str | Fault | None:
        bare = without_footnote(text)[0]
        problem: Fault | None = None
        for spelling in dict.fromkeys((text, bare, heal_cyrillic(bare))):
            settled = self._codes.get(fold(spelling))
            if settled is not None:
                return settled
            try:
                return self._aliases.resolve(spelling)
            except CodeError as error:
                problem = error.faults[0]
        words = set(fold(heal_cyrillic(bare)).split())
        if problem is None or self._strict or "ambiguous" in problem.problem:
            return problem
        return replace(problem, value=text) if words & REGION_WORDS or not words else None
