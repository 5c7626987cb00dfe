"""Colours by code, one table for every language, chart, theme and medium.

For the charts and templates of `briefs`. Main function: `colour`. Hues after Okabe and Ito
(2008), darkened on white and lightened on dark so that text in them keeps 4.5:1.
"""

import hashlib

SURFACE = ("#ffffff", "#14181d")

# name: (on white, on dark). No two may share their first: it is the placeholder in the SVG.
PALETTE: dict[str, tuple[str, str]] = {
    "blue": ("#0a66a6", "#6db8f2"),
    "vermillion": ("#b3470b", "#f59a5b"),
    "green": ("#00735a", "#45c9a0"),
    "purple": ("#8a3c78", "#de94c8"),
    "ochre": ("#7a5c00", "#e3bc4a"),
    "teal": ("#00697a", "#55c6d6"),
    "indigo": ("#5146a0", "#b0a6f5"),
    "grey": ("#4e5968", "#a9b4c2"),
}
INK: dict[str, tuple[str, str]] = {
    "text": ("#1b2430", "#e8ecf1"),
    "muted": ("#56616f", "#a3aebb"),
    "grid": ("#e1e5ea", "#2b323a"),
    "axis": ("#858f9b", "#76818e"),
    "surface": SURFACE,
}
# Tiles: three steps to either side of zero, and the ink that is read on them.
STEPS: dict[str, tuple[str, str]] = {
    "negative-3": ("#a13d06", "#f3a273"),
    "negative-2": ("#e79a6b", "#96481b"),
    "negative-1": ("#fae3d4", "#45291b"),
    "zero-0": ("#f1f3f5", "#23292f"),
    "positive-1": ("#d9e9f6", "#17324a"),
    "positive-2": ("#7fb5de", "#1d5f93"),
    "positive-3": ("#085389", "#85c4f4"),
    "strong-ink": ("#fffffe", "#10151b"),
    "weak-ink": ("#1b2431", "#eef1f5"),
}
ROLES = {**PALETTE, **INK, **STEPS}
CODES = {
    "emigrants": "vermillion",
    "immigrants": "blue",
    "net_migration": "indigo",
    "forecast": "purple",
    "forecast_before": "grey",
    "positive": "blue",
    "negative": "vermillion",
    "mirror": "green",
    "mirror_immigrants": "green",
    "mirror_emigrants": "teal",
    "KAZ": "teal",
    "RUS": "vermillion",
    "UZB": "green",
    "DEU": "ochre",
    "KGZ": "purple",
    "CHN": "indigo",
    "TUR": "blue",
    "WORLD": "grey",
    "CIS": "indigo",
    "NON_CIS": "ochre",
    "_T": "grey",
    "in_force": "blue",
    "stopped": "vermillion",
    "suspended": "vermillion",
    "closed": "ochre",
    "none": "grey",
    "unknown": "purple",
}
_FALLBACK = ("purple", "ochre", "teal", "indigo", "green")


def hue(code: str) -> str:
    """Name of the colour of a code; an unlisted code gets one by a stable hash.

    Parameters
    ----------
    code : str
        A measure, place or other code.
    """
    if code in CODES:
        return CODES[code]
    return _FALLBACK[hashlib.sha256(code.encode()).digest()[0] % len(_FALLBACK)]


def colour(code: str) -> str:
    """Colour of a code on white.

    Parameters
    ----------
    code : str
        A measure, place or other code.

    Examples
    --------
    >>> colour("emigrants")
    '#b3470b'
    """
    return PALETTE[hue(code)][0]


def hues(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the colours of the codes of one chart, different while the palette lasts.

    Parameters
    ----------
    codes : tuple of str
        Codes in the order of the chart, the same in every language.
    """
    taken: dict[str, str] = {}
    for code in codes:
        wanted = hue(code)
        if code not in taken and wanted in taken.values():
            wanted = next((name for name in PALETTE if name not in taken.values()), wanted)
        taken.setdefault(code, wanted)
    return tuple(taken[code] for code in codes)


def css_variables(theme: int) -> str:
    """Custom properties of every role for a style sheet.

    Parameters
    ----------
    theme : int
        0 on white, 1 on dark.
    """
    return " ".join(f"--c-{name}: {pair[theme]};" for name, pair in ROLES.items())


def contrast(first: str, second: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").

    Parameters
    ----------
    first, second : str
        Colours as ``#rrggbb``.

    Examples
    --------
    >>> contrast("#000000", "#ffffff")
    21.0
    """
    lights = sorted((_luminance(first), _luminance(second)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(text: str) -> float:
    parts = [int(text[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
