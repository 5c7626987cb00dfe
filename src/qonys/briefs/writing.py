"""From a view to the files of a briefing.

For the command line. Main function: `write_brief`. Everything is made in a folder beside and
renamed file by file at the end, so that a stop leaves the old briefing or the new one of each
file, whole.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from qonys.briefs.charts import render_svg
from qonys.briefs.html import render_html
from qonys.briefs.labels import words
from qonys.briefs.markdown import chart_file, render_markdown
from qonys.briefs.migration import compose
from qonys.briefs.package import write_package
from qonys.briefs.pdf import render_pdf
from qonys.core.document import Chart, Document
from qonys.core.observations import Observation
from qonys.observations.reading import Query, View, read
from qonys.observations.store import Store

NAME = "brief"
BESIDE = ".qonys-new-"
#: Files that only a briefing writes; those of an earlier one would contradict the new data.
OWN_FILES = tuple(
    f"{pattern}.{lang}.{ending}"
    for lang in ("en", "ru", "kk")
    for pattern, ending in (
        (NAME, "html"),
        (NAME, "pdf"),
        (NAME, "md"),
        ("figures/*-chart", "svg"),
        ("figures/regions-*", "svg"),
    )
)


def write_brief(
    view: View,
    languages: Sequence[str],
    folder: Path,
    *,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write the migration briefing in HTML, PDF and Markdown, and its data.

    Parameters
    ----------
    view : View
        What was known, of which country, on which day.
    languages : Sequence of str
        ``en``, ``ru``, ``kk``.
    folder : Path
        Where to; made if it does not exist.
    progress : callable or None
        Is told what goes on.

    Returns
    -------
    list of Path
        The files, pages first.
    """
    step = progress or (lambda _: None)
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    documents = []
    for lang in languages:
        step(f"{lang}: text")
        documents.append(compose(view, lang))
    observations = _observations(view, documents)
    with tempfile.TemporaryDirectory(dir=folder, prefix=f"{BESIDE}{os.getpid()}-") as name:
        beside = Path(name)
        for document in documents:
            _pages(view, document, documents, observations, beside, step)
        step("data")
        write_package(
            beside,
            documents,
            observations=_all_rows(view),
            sources=view.country.sources,
            country=view.country,
            vintage_files=file_hashes(view.store, view),
        )
        return _moved(beside, folder)


def _sweep(folder: Path) -> None:
    """Remove what a briefing left beside when it was killed."""
    for left in folder.glob(f"{BESIDE}*"):
        try:
            os.kill(int(left.name.removeprefix(BESIDE).partition("-")[0]), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue


def file_hashes(store: Store, view: View) -> list[dict[str, str]]:
    """Name and hash of every file that rows were read from.

    Parameters
    ----------
    store : Store
        The store.
    view : View
        Whose rows.
    """
    import hashlib

    files = []
    pack = view.country.folder / "observations"
    if pack.is_dir():
        for entry in sorted(pack.iterdir(), key=lambda entry: entry.name):
            if entry.name.endswith(".csv"):
                digest = hashlib.sha256(entry.read_bytes()).hexdigest()
                files.append({"name": entry.name, "sha256": digest})
    files += [
        {"name": entry.origin["name"], "sha256": entry.origin["sha256"]}
        for entry in store.files(view.country.code)
        if entry.origin["kind"] == "file"
    ]
    return files


def _observations(view: View, documents: Sequence[Document]) -> dict[str, Observation]:
    """The rows behind every figure of the documents, by id."""
    needed = {
        name
        for document in documents
        for figure in document.figures.values()
        for name in figure.inputs
        if name.startswith("obs-")
    }
    return {name: view.used[name] for name in sorted(needed)}


def _all_rows(view: View) -> dict[str, Observation]:
    """Every row that was known, or perhaps known, on the day."""
    rows = read(view.store, view.country, Query(as_of=view.as_of, preferred=False))
    return {row.id: row for row in rows}


def _pages(
    view: View,
    document: Document,
    documents: Sequence[Document],
    observations: dict[str, Observation],
    folder: Path,
    step: Callable[[str], None],
) -> None:
    lang = document.lang
    sources = view.country.sources
    own = words(document)
    downloads = [
        ("PDF", f"{NAME}.{lang}.pdf"),
        ("Markdown", f"{NAME}.{lang}.md"),
        (own["download_figures"], "figures.json"),
        (own["download_data"], "data/observations.csv"),
        (own["download_provenance"], "provenance.json"),
    ]
    siblings = {other.lang: f"{NAME}.{other.lang}.html" for other in documents}
    step(f"{lang}: HTML")
    html = render_html(
        document,
        observations=observations,
        sources=sources,
        siblings=siblings,
        downloads=downloads,
    )
    (folder / f"{NAME}.{lang}.html").write_text(html, encoding="utf-8", newline="\n")
    step(f"{lang}: PDF")
    pdf = render_pdf(document, observations=observations, sources=sources)
    (folder / f"{NAME}.{lang}.pdf").write_bytes(pdf)
    step(f"{lang}: Markdown")
    text = render_markdown(document, observations=observations, sources=sources)
    (folder / f"{NAME}.{lang}.md").write_text(text, encoding="utf-8", newline="\n")
    for block in document.blocks:
        if isinstance(block, Chart):
            path = folder / "figures" / chart_file(block, lang)
            path.parent.mkdir(exist_ok=True)
            svg = render_svg(block, lang, dark=False)
            path.write_text(svg, encoding="utf-8", newline="\n")


def _moved(beside: Path, folder: Path) -> list[Path]:
    """Move every file into place; what an earlier briefing left there goes, nothing else."""
    moved = []
    new = {path.relative_to(beside) for path in beside.rglob("*") if path.is_file()}
    for pattern in OWN_FILES:
        for path in folder.glob(pattern):
            if path.relative_to(folder) not in new:
                path.unlink()
    for path in sorted(beside.rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(beside)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
            moved.append(target)
    order = {".html": 0, ".pdf": 1, ".md": 2}
    return sorted(moved, key=lambda path: (order.get(path.suffix, 3), str(path)))
