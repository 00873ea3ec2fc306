"""What the daemon answers where people and keys are concerned. It holds no key: it looks at what it is handed, writes it, and says who did it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from appliance.access import personnel
from appliance.access.people import PersonFiles, Removal
from appliance.control.values import Event, Verb, unpack
from appliance.deeds import Act, Deed
from appliance.errors import ControlError

Given = Mapping[str, Any]
_BY: Final = re.compile(r"[a-z0-9._-]{0,32}")


class KeyAnswers:
    """The verbs of people and keys. `publish` tells the page, `record` writes a line of the record, `drop_sessions` ends them all."""

    def __init__(
        self,
        folder: Path,
        publish: Callable[[Event], None],
        record: Callable[[Deed], object],
        drop_sessions: Callable[[], None],
    ) -> None:
        self._folder = folder
        self._publish = publish
        self._record = record
        self._drop_sessions = drop_sessions

    def table(self) -> dict[Verb, Callable[[Given], Any]]:
        """A function for each verb."""
        return {Verb.PUT_PERSON: self._put_person, Verb.REMOVE_PERSON: self._remove_person}

    def _put_person(self, given: Given) -> None:
        files, by = unpack(PersonFiles, given["files"]), _by(given)
        act = personnel.write_person(self._folder, files)
        detail = {"role": files.role.value, "mailboxes": " ".join(files.mailboxes)}
        self._record(Deed(act, by, files.name, {} if act is Act.PASSWORD_CHANGED else detail))
        if act is not Act.PERSON_ADDED:
            self._publish(Event.PERSON_CHANGED)

    def _remove_person(self, given: Given) -> None:
        removal, by = unpack(Removal, given["removal"]), _by(given)
        personnel.erase_person(self._folder, removal)
        self._drop_sessions()  # one holds the practice key: who was removed must not go on reading with it
        self._record(Deed(Act.PERSON_REMOVED, by, removal.name))


def _by(given: Given) -> str:
    """Who asks. Raises `ControlError` for what is no log-in name."""
    by = str(unpack(str, given["by"]))
    if not _BY.fullmatch(by):
        raise ControlError("who asks is told by a log-in name.")
    return by
