"""The catalogues of the page's languages: what there is to say, found in code and templates, and the `.po` file of each language brought up to it.

`python -m tests.web.catalogue` writes every `.po` file anew: what is new stands there without a translation, what is gone goes.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from web.languages import LANGUAGES

ROOT: Final = Path(__file__).parents[2]
TRANSLATIONS: Final = ROOT / "web" / "translations"
SOURCE_LANGUAGE: Final = "en"
WIDTH: Final = 160  # columns of the file
HEADER: Final = "# {language}, for Keepline's page. Apache-2.0, as Keepline itself.\n"
SAY_NOTHING: Final = (
    "Project",
    "Report",
    "POT",
    "PO-",
    "Last",
    "Language-Team",
    "Generated",
)  # who and when: git knows
KEYWORDS: Final[dict[str, Any]] = {
    "_": None,
    "gettext": None,
    "lazy": None,
    "spoken": None,
    "ngettext": (1, 2),
    "counted": (1, 2),
}


def extract() -> Catalog:
    """Everything that page and box say to a person."""
    found = Catalog(project="Keepline", charset="utf-8")
    methods = [("web/templates/*.html", "jinja2"), ("web/*.py", "python"), ("appliance/errors.py", docstrings)]
    methods += [("appliance/**.py", "python")]
    folders = [ROOT / "web", ROOT / "appliance"]
    options = {"web/templates/*.html": {"trimmed": "false", "silent": "false"}}
    for folder in folders:
        for file, _, text, comments, _ in extract_from_dir(
            ROOT,
            methods,  # type: ignore[arg-type]  # a function is a method as well
            options,
            KEYWORDS,
            directory_filter=lambda place: _lies_in(Path(place), folder),  # noqa: B023 - used within the turn
        ):
            found.add(text, locations=[(file, 0)], auto_comments=comments)
    return found


def file_of(language: str) -> Path:
    """The `.po` file of `language`."""
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """What is translated into `language`."""
    file = file_of(language)
    if not file.exists():
        return Catalog(locale=language, charset="utf-8")
    with file.open("rb") as source:
        return read_po(source, locale=language)


def write(language: str, catalogue: Catalog) -> None:
    """The `.po` file, in an order that does not change with the code's."""
    catalogue.header_comment = HEADER.format(language=Locale.parse(language).english_name)
    catalogue.fuzzy = False
    written = io.BytesIO()
    write_po(
        written, catalogue, width=WIDTH, sort_output=True, ignore_obsolete=True, include_lineno=False, omit_header=False
    )
    file_of(language).parent.mkdir(parents=True, exist_ok=True)
    unsaid = tuple(f'"{start}'.encode() for start in SAY_NOTHING)
    lines = (line for line in written.getvalue().splitlines(keepends=True) if not line.startswith(unsaid))
    file_of(language).write_bytes(b"".join(lines))


def docstrings(file: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple[int, None, str, list[str]]]:
    """What errors tell: a docstring each, in one line."""
    for node in ast.parse(file.read()).body:
        if isinstance(node, ast.ClassDef) and (said := ast.get_docstring(node)):
            yield node.lineno, None, said.replace("\n", " "), []


def _lies_in(place: Path, folder: Path) -> bool:
    return place == ROOT or place.is_relative_to(folder)


if __name__ == "__main__":
    for one in LANGUAGES:
        if one != SOURCE_LANGUAGE:
            known = read(one)
            known.update(extract(), no_fuzzy_matching=True)
            write(one, known)
