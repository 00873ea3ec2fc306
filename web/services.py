"""What the page stands on, handed to it once by whoever starts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast
from zoneinfo import ZoneInfo

from flask import Flask, current_app

from appliance.access.sessions import Sessions
from appliance.access.unlock import Doorkeeper
from appliance.clock import Clock
from appliance.control.client import Client
from appliance.settings import Settings
from appliance.store.reader import Reader
from web.drafts import Drafts
from web.memory import Rows
from web.watch import Watch

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
    watch: Watch = field(init=False)
    rows: Rows = field(init=False)
    drafts: Drafts = field(init=False)

    def __post_init__(self) -> None:
        self.doorkeeper = Doorkeeper(self.folder, self.clock)
        self.watch = Watch(self.control, self.clock)
        self.rows = Rows(self.reader)
        self.drafts = Drafts(self.clock)

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
