"""What the page stands on, handed to it once by whoever starts it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast
from zoneinfo import ZoneInfo

from flask import Flask, current_app

from appliance.access import practice
from appliance.access.attempts import Kind, source
from appliance.access.second_step import SecondStep
from appliance.access.sessions import Sessions
from appliance.access.signs import Beginning, Sign, sign_of
from appliance.access.unlock import Doorkeeper
from appliance.clock import Clock
from appliance.control.client import Client
from appliance.deeds import Act, Deed
from appliance.errors import KeeplineError, PersonNameError
from appliance.settings import Settings
from appliance.store.reader import Reader
from web.doers import Doers
from web.drafts import Drafts
from web.exchanging import Exchanging
from web.memory import Rows
from web.refused import Refused
from web.trying import Trying
from web.verifying import Verifying
from web.visits import Visits
from web.watch import Watch

BETWEEN_STEPS: Final = 300.0  # s between the password and what follows it
_PLACE: Final = "keepline"


@dataclass(slots=True)
class PageServices:
    """Settings, the sealed store to read from, the daemon to ask, and who is logged in."""

    settings: Settings
    reader: Reader
    folder: Path
    control: Client
    sessions: Sessions
    clock: Clock
    doorkeeper: Doorkeeper = field(init=False)
    second: SecondStep = field(init=False)
    steps: Sessions = field(
        init=False
    )  # of people whose password was right just now: their own key is open, and nothing else is allowed to them
    watch: Watch = field(init=False)
    rows: Rows = field(init=False)
    drafts: Drafts = field(init=False)
    exchanging: Exchanging = field(init=False)
    verifying: Verifying = field(init=False)
    doers: Doers = field(init=False)
    trying: Trying = field(init=False)
    visits: Visits = field(default_factory=Visits)
    refused: Refused = field(default_factory=Refused)
    _founded: bool = False
    _locks: int = 0  # how often everybody was logged off

    def __post_init__(self) -> None:
        self.doorkeeper = Doorkeeper(self.folder, self.clock)
        self.second = SecondStep(self.folder, self.clock, self.control.put_factors)
        self.steps = Sessions(self.clock, BETWEEN_STEPS, BETWEEN_STEPS, keeps_own=True, outlives=("address", "told"))
        self.watch = Watch(self.control, self.clock)
        self.rows = Rows(self.reader)
        self.drafts = Drafts(self.clock)
        self.exchanging = Exchanging(self.clock)
        self.verifying = Verifying(self.folder, self.clock)
        self.doers = Doers(self.folder)
        self.trying = Trying(self.folder, self.clock)

    def lock(self) -> None:
        """Nobody is logged in any more, nor on the way in."""
        self._locks += 1  # before they end: whoever is about to open one either sees it or is ended here
        self.sessions.close_all()
        self.steps.close_all("locked")

    def begin(self, name: str) -> Beginning:
        """Somebody begins to log in as `name`, whether there is such a person or not. To be asked before anything of them is read."""
        locks = self._locks
        try:
            return Beginning(name, sign_of(self.folder, name), locks)
        except PersonNameError:
            return Beginning(name, Sign("", "", ""), locks)

    def stands(self, beginning: Beginning) -> bool:
        """Is everything still as that log-in began with?"""
        return beginning.locks == self._locks and beginning.sign == sign_of(self.folder, beginning.name)

    def drop_changed(self) -> None:
        """Whoever's role, password, key or second factor changed must log in again."""
        for kept in (self.sessions, self.steps):
            kept.drop_changed(lambda name: sign_of(self.folder, name))

    def drop_ended(self) -> None:
        """Let go of what has ended."""
        for ended in self.sessions.take_ended():
            with suppress(KeeplineError):  # nothing hangs on it: the session has ended
                self.control.record(Deed(Act.SESSION_ENDED, ended.name, detail={"why": ended.why}))
        for ended in self.steps.take_ended():
            if not ended.kept.get("told"):  # a password was right, and its line is still owed
                why, address = (
                    "overtaken" if ended.why == "overtaken" else "no second step",
                    ended.kept.get("address", ""),
                )
                try:
                    self.tell_failed(ended.name, address, {"why": why})
                except KeeplineError:
                    self.doorkeeper.attempts.add(Kind(ended.name, source(address), looked_at=True))

    def tell_failed(self, by: str, address: str, detail: dict[str, str]) -> None:
        """A log-in failed. Of many in a minute only the first have a line of their own; `tell_refused` tells how many others there were."""
        attempts = self.doorkeeper.attempts
        if attempts.has_room():
            self.control.record(Deed(Act.LOG_IN_FAILED, by, detail={"from": address} | detail))
        else:
            attempts.add(Kind(by, source(address), looked_at=True))

    def tell_started(self) -> None:
        """A line of the record: whoever was logged in before is so no more. Without a daemon nobody was, and none can be written."""
        with suppress(KeeplineError):
            self.control.record(Deed(Act.PAGE_STARTED))

    def tell_refused(self) -> None:
        """A line of the record for each sum of failed log-ins that have none of their own; what cannot be written now is told the next time."""
        self.doorkeeper.attempts.tell(self.control.record)

    def founded(self) -> bool:
        """Does this box belong to a practice? Once it does, it does for good."""
        self._founded = self._founded or (self.folder / practice.PUBLIC).exists()
        return self._founded

    @property
    def zone(self) -> ZoneInfo:
        """The practice's time zone."""
        return ZoneInfo(self.settings.practice.zone)


def put(app: Flask, services: PageServices) -> None:
    """Let `app` carry `services`."""
    app.extensions[_PLACE] = services


def here() -> PageServices:
    """The services of the page that answers this request."""
    return cast(PageServices, current_app.extensions[_PLACE])
