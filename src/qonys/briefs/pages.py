"""Documents of other rooms as offline pages.

For the command line. Main function: `write_page`. The migration briefing itself is written by
`writing`.
"""

from collections.abc import Sequence
from pathlib import Path

from qonys.briefs.html import render_html
from qonys.core.document import Document
from qonys.observations.export import replacing


def write_page(
    documents: Sequence[Document],
    folder: Path,
    name: str,
) -> list[Path]:
    """Write a document in its languages, one self-contained page each.

    Parameters
    ----------
    documents : Sequence of Document
        The same document in several languages.
    folder : Path
        Where to; made if it does not exist.
    name : str
        Stem of the files: ``name.lang.html``.

    Returns
    -------
    list of Path
        The files.
    """
    siblings = {document.lang: f"{name}.{document.lang}.html" for document in documents}
    files = []
    for document in documents:
        path = folder / siblings[document.lang]
        page = render_html(
            document,
            observations={},
            sources={},
            siblings=siblings if len(siblings) > 1 else None,
        )
        with replacing(path) as beside:
            beside.write_text(page, encoding="utf-8")
        files.append(path)
    return files
