"""Names of places in a file: which area, which are below all areas, which are a slip.

For readers. Main type: `Places`. A name that is unknown but cannot be a region (a district, a
town) is left out and counted; a region that is unknown or ambiguous is a fault.
"""

import re
from collections.abc import Iterable, Mapping

from qonys.core.codes import SEE_AREAS, fold
from qonys.core.country import Country
from qonys.core.errors import Fault
from qonys.sources.staging import Unexplained
from qonys.sources.wording import heal_cyrillic, without_footnote

REGION_WORDS = frozenset(
    {"область", "обл.", "облысы", "республика", "республикасы", "region", "oblast"}
)
# What stands below all areas, however near its name is to that of one.
_BELOW = frozenset({"район", "районы", "р-н", "ауданы", "district", "а.", "округ"})
# A town is a slip only of a town: г. Павлодар is not Павлодар, the region.
_TOWN = frozenset({"г.", "город", "қ.", "қаласы", "city"})
# Near spellings take milliseconds each: a file of slips must not take minutes.
_EXPLAINED = 200
_COMPARED = 2000


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
    near : bool
        Whether an unknown name near to a known one is a fault as well.
    """

    def __init__(
        self,
        country: Country,
        codes: Mapping[str, str] | None = None,
        *,
        strict: bool = False,
        near: bool = False,
    ) -> None:
        self._aliases = country.aliases
        self._codes = {fold(text): code for text, code in (codes or {}).items()}
        self._strict = strict
        self._compared = 0 if near else _COMPARED
        self._known: dict[str, str | Fault | None] = {}
        self._explained: dict[str, str] = {}

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
        healed = heal_cyrillic(bare)
        found: str | Fault | None = None
        for spelling in dict.fromkeys((text, bare, healed)):
            settled = self._codes.get(fold(spelling))
            found = self._aliases.find(spelling) if settled is None else settled
            if isinstance(found, str):
                return found
        words = set(fold(healed).split())
        if found is not None:
            return found
        is_slip = self._strict or words & REGION_WORDS or not words
        if not is_slip and not self._is_near(healed, words):
            return None
        problem = f"unknown {self._aliases.name}"
        return Unexplained(problem, value=text, explain=lambda: self._way_out(healed))

    def _is_near(self, text: str, words: set[str]) -> bool:
        """Whether a name is near to one that is known; the first thousands are looked at."""
        if words & _BELOW or self._compared >= _COMPARED:
            return False
        self._compared += 1
        near = self._aliases.way_out(text)
        if near == SEE_AREAS:
            return False
        return not words & _TOWN or bool(_TOWN & set(re.findall(r"[\w.]+", near)))

    def _way_out(self, text: str) -> str:
        """Near spellings, looked for once for each text and not without end."""
        if text not in self._explained:
            if len(self._explained) >= _EXPLAINED:
                return SEE_AREAS
            self._explained[text] = self._aliases.way_out(text)
        return self._explained[text]
