"""`keepline store check`: do files, list and record fit together?"""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

import time
from argparse import Namespace
from typing import Final

from appliance.cli import output, verbs
from appliance.cli.verbs import Verb
from appliance.errors import StoreError
from appliance.settings import Settings

SECOND_LOOK: Final = 1.0  # s until what does not fit is looked at again


def check(given: Namespace, settings: Settings) -> None:
    """`keepline store check`: files and list against the record; exit status 4 when something does not fit."""
    from appliance.access import audit
    from appliance.cli import record

    report = audit.compare_surely(
        settings.store.folder, lambda: record.head_told(settings), lambda: time.sleep(SECOND_LOOK)
    )
    if given.json:
        output.as_json(list(report.found))
    else:
        rows = [(item.place, item.words) for item in report.found]
        fits = (
            f"{output.count(report.messages, 'message')} and {output.count(report.verdict.lines, 'line')} of the record fit together. "
            f"The record's head: line {report.verdict.head.sequence}, {report.verdict.head.short}"
        )
        output.table("", ("Where", "What is wrong"), rows, fits)
    if report.found:
        raise StoreError(
            f"{output.count(len(report.found), 'thing')} {'does' if len(report.found) == 1 else 'do'} not fit. Change nothing; copy the store first, "
            "then find out who had the memory card, and restore what is damaged from the backup."
        )


VERBS = (
    Verb(
        ("store", "check"),
        "compare every sealed file and every row with the record, and the record with itself",
        check,
        verbs.as_json,
    ),
)
