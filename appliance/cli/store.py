"""`keepline store check`: is every sealed file as its row says?"""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

from argparse import Namespace

from appliance.cli import output, verbs
from appliance.cli.verbs import Verb
from appliance.errors import StoreError
from appliance.settings import Settings


def check(given: Namespace, settings: Settings) -> None:
    """`keepline store check`: every file against its row; exit status 4 when something does not fit."""
    from appliance.store.inspection import inspect

    findings = inspect(settings.store.folder)
    if given.json:
        output.as_json(list(findings))
    else:
        rows = [(finding.file, finding.trouble.value) for finding in findings]
        output.table("", ("File", "What is wrong"), rows, "Every sealed file is as its row says.")
    if findings:
        raise StoreError(
            f"{len(findings)} files are not as they should be. Restore them from the backup; do not delete them before."
        )


VERBS = (Verb(("store", "check"), "compare every sealed file with its row", check, verbs.as_json),)
