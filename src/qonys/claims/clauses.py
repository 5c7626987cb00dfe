"""Clauses of a sentence: stretches that speak of one number each.

For `mentions`. Main function: `clauses`. A list such as "8,784 to Russia, 2.0 thousand to
Germany" has a clause for each number; what stands in one clause is never bound to another's
number, and what a clause leaves out it takes over from the one before.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

_JOINT = re.compile(
    r"[;:]|,(?!\d)|\s[—–-]\s|\(|\)"
    r"|\s(?=(?:and|while|whereas|but|versus|vs|against|compared|than|from|to|до|и|а|но|"
    r"против|тогда|тогда как|при этом|чем|по сравнению|және|ал)\s)",
    re.IGNORECASE,
)
#: Words that turn to something else: "while", "а".
TURN = re.compile(
    r"[,;\s]*(?:though|although|хотя|while|whereas|but|а|но|тогда|при этом|ал)\s", re.IGNORECASE
)
_TOWARDS = re.compile(r"\s(?:до|to|from|against|versus|vs|против|чем|than)\s", re.IGNORECASE)
_WITH_NUMBER = re.compile(r"\s\w+\s(?:the |only |just |some |about |over |nearly )?[\d$−–+-]")

Span = tuple[int, int]


def clauses(
    text: str,
    numbers: Sequence[Span],
    times: Sequence[Span],
    differ: Callable[[Span, Span, bool], bool],
) -> list[Span]:
    """Clauses of a sentence, in order; together they cover it.

    Parameters
    ----------
    text : str
        The sentence.
    numbers, times : Sequence of (int, int)
        Where its numbers and mentions of time stand.
    differ : callable
        Whether a piece without a number begins something new beside the clause before it; told
        whether it opens with a word such as "while".
    """
    closed = [*numbers, *times]
    cuts = [
        match.start() if match.group()[0] != ")" else match.end()
        for match in _JOINT.finditer(text)
        if not any(a < match.end() and match.start() < b for a, b in closed)
        and _parts(text, match)
    ]
    edges = [0, *sorted(set(cuts)), len(text)]
    pieces = [(a, b) for a, b in pairwise(edges) if a < b]
    found: list[Span] = []
    for piece, after in zip(pieces, [*pieces[1:], None], strict=True):
        named = after and text[after[0]] == "(" and _number_in(after, numbers)
        joins = found and _joins(text, found[-1], piece, numbers, differ)
        if named and found and _number_in(found[-1], numbers):
            joins = False  # "higher incomes (24.5%), better prospects (23.9%)"
        if joins:
            found[-1] = (found[-1][0], piece[1])
        else:
            found.append(piece)
    return found


def _parts(text: str, match: re.Match[str]) -> bool:
    """Words such as "to" and "from" part clauses only right before a number."""
    if not match.group().isspace() or not _TOWARDS.match(text, match.start()):
        return True
    return bool(_WITH_NUMBER.match(text, match.start()))


def _joins(
    text: str,
    clause: Span,
    piece: Span,
    numbers: Sequence[Span],
    differ: Callable[[Span, Span, bool], bool],
) -> bool:
    """Whether a piece belongs to the clause before it."""
    if text[piece[0]] == ";":
        return False
    if not _number_in(clause, numbers):
        return True
    if _number_in(piece, numbers):
        return False
    return not differ(clause, piece, bool(TURN.match(text, piece[0])))


def _number_in(span: Span, numbers: Sequence[Span]) -> bool:
    return any(span[0] <= a < span[1] for a, _ in numbers)
