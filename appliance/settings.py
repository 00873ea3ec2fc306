"""The one settings file: every option declared once, with its default, its check and its help.

`read` turns `/etc/keepline/keepline.toml` into a `Settings`; a wrong or unknown option is refused with file, line, nearest right name and allowed values.
An empty file is a good file: every option has a default.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from appliance.checks import Check, EntryError, choice, nearest, number, path, table, text, texts, whole, zero_or, zone
from appliance.errors import SettingsError

DEFAULT_FILE = Path("/etc/keepline/keepline.toml")

T = TypeVar("T")


def option(default: T, check: Check, help_text: str) -> T:
    """Declares an option: its default, what is allowed, and its help in one sentence with the unit."""
    return field(default=default, metadata={"check": check, "help": help_text})


HOST = r"[0-9A-Za-z.:_-]+"
MAILBOX = text(r"[a-z0-9-]{1,32}", "small letters, digits and dashes")
MEGABYTE = 1_000_000  # octets


@dataclass(frozen=True, slots=True)
class Practice:
    name: str = option(
        "Our practice",
        text(r"[^\x00-\x1f]{1,80}", "a name of at most 80 letters"),
        "The practice's name, as the page shows it.",
    )
    zone: str = option("UTC", zone(), "The time zone in which the page shows times.")


@dataclass(frozen=True, slots=True)
class Store:
    folder: Path = option(Path("/var/lib/keepline"), path(), "Folder of the sealed store.")
    work_factor: int = option(
        0,
        zero_or(15, 20),
        "scrypt work factor (log2) for new passwords; 0 chooses by the machine's memory.",
    )


@dataclass(frozen=True, slots=True)
class Voice:
    host: str = option(
        "127.0.0.1", text(HOST, "a host name or address"), "Address on which Asterisk reaches the daemon."
    )
    agi_port: int = option(4573, whole(0, 65535), "TCP port of the FastAGI server; 0 takes a free one.")
    audio_port: int = option(4574, whole(0, 65535), "TCP port of the AudioSocket server; 0 takes a free one.")
    asterisk_host: str = option(
        "127.0.0.1", text(HOST, "a host name or address"), "Address on which Asterisk speaks SIP."
    )
    asterisk_port: int = option(5060, whole(1, 65535), "UDP port on which Asterisk speaks SIP.")
    calls_at_once: int = option(4, whole(1, 64), "Most calls answered at the same time.")
    longest_message: int = option(180, whole(5, 1800), "Longest message, in seconds.")
    silence: float = option(8.0, number(2, 60), "Seconds of silence that end a message.")
    shortest_message: float = option(1.0, number(0, 10), "Seconds of sound that make a message; less is no message.")
    mailbox: str = option("front-desk", MAILBOX, "Mailbox that takes the messages.")


@dataclass(frozen=True, slots=True)
class Fax:
    device: str = option(
        "none",
        text(r"none|/[^\x00-\x1f]+", '"none" or a path that starts with "/"'),
        "Serial port of the fax modem; none: there is no fax line.",
    )
    profile: str = option(
        "auto",
        text(r"[A-Za-z0-9 ._-]{1,40}", '"auto" or the name of a kind of modem'),
        "Kind of modem; auto finds out by what it says of itself.",
    )
    identity: str = option(
        "", text(r"[0-9+ ]{0,20}", "at most 20 digits, spaces and +"), "Our fax number, as the calling fax is told it."
    )
    rings: int = option(
        2, whole(1, 20), "Rings before a fax call is answered; the caller's number comes after the first."
    )
    ring: str = option(
        "any",
        choice("any", "single", "double", "short-short-long", "short-long-short"),
        "With several numbers on one line: the fax's ring, if the modem tells them apart; any answers every ring.",
    )
    mailbox: str = option("front-desk", MAILBOX, "Mailbox that takes the faxes.")
    sub_addresses: tuple[tuple[str, str], ...] = option(
        (),
        table(text(r"[0-9#*]{1,20}", "a sub-address of at most 20 digits, # and *"), MAILBOX),
        "Mailboxes that senders can reach by a sub-address (SUB) behind the number.",
    )
    damaged_share: float = option(
        10.0, number(0, 100), "Percent of damaged lines from which on a page is refused (without error correction)."
    )
    damaged_run: int = option(15, whole(1, 1000), "Damaged lines in a row from which on a page is refused.")
    longest_fax: int = option(
        32, whole(1, 150), "Longest fax, in megabytes; a page of text takes 0.05, of a photograph 1."
    )

    @property
    def port(self) -> Path | None:
        """Where the modem is; None: there is no fax line."""
        return None if self.device == "none" else Path(self.device)

    def mailbox_of(self, sub_address: str) -> str:
        """The mailbox that a sender's sub-address leads to."""
        return dict(self.sub_addresses).get(sub_address.replace(" ", ""), self.mailbox)


@dataclass(frozen=True, slots=True)
class Retention:
    heard_days: int = option(30, whole(1, 3650), "Days after hearing when a message is purged.")
    unheard_days: int = option(60, whole(1, 3650), "Days after arriving when an unheard message is purged.")
    warning_days: int = option(7, whole(1, 60), "Days of warning before an unheard message is purged.")
    undo: int = option(30, whole(5, 86400), "Seconds in which an erased message can be had back.")
    hour: int = option(2, whole(0, 23), "Hour of the day, in the practice's zone, when due messages are purged.")


@dataclass(frozen=True, slots=True)
class Page:
    host: str = option("0.0.0.0", text(HOST, "a host name or address"), "Address on which the page is served.")  # nosec B104 # noqa: S104 - it is for the whole LAN
    port: int = option(443, whole(1, 65535), "TCP port of the page.")
    names: tuple[str, ...] = option(
        ("keepline.local", "localhost"),
        texts(HOST, "host names or addresses"),
        "Names and addresses by which browsers may ask for the page.",
    )
    idle_minutes: float = option(10.0, number(2, 30), "Minutes without activity after which a person is logged off.")
    longest_hours: float = option(12.0, number(0.1, 12), "Hours after which a person must log in again.")


@dataclass(frozen=True, slots=True)
class Control:
    path: Path = option(Path("/run/keepline/control.sock"), path(), "The Unix socket between daemon, page and console.")
    page_user: str = option(
        "", text(r"[a-z_0-9-]{0,32}", "a user name"), "User that the page runs as; empty for the daemon's own."
    )
    console_user: str = option(
        "", text(r"[a-z_0-9-]{0,32}", "a user name"), "User that the console runs as; empty for the daemon's own."
    )


@dataclass(frozen=True, slots=True)
class Panel:
    board: str = option(
        "none", choice("none", "gpio", "mock"), "Lamps and buttons: none, the Pi's pins, or gpiozero's mock pins."
    )
    pins: Path = option(Path("/etc/keepline/pins.toml"), path(), "Which pin each lamp and button is wired to.")


@dataclass(frozen=True, slots=True)
class Console:
    device: Path = option(Path("/dev/ttyGS0"), path(), "Serial port of the technician's console.")
    speed: int = option(115200, whole(300, 921600), "Speed of that port, in bit/s.")
    idle_minutes: float = option(
        10.0, number(0.01, 60), "Minutes without a key after which the technician is logged off."
    )


@dataclass(frozen=True, slots=True)
class Time:
    marker: Path = option(
        Path("/run/systemd/timesync/synchronized"), path(), "File that exists once the clock was synchronised."
    )


@dataclass(frozen=True, slots=True)
class Log:
    level: str = option("info", choice("debug", "info", "warning", "error"), "Least level of events that are logged.")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, a section each."""

    practice: Practice = Practice()
    store: Store = Store()
    voice: Voice = Voice()
    fax: Fax = Fax()
    retention: Retention = Retention()
    page: Page = Page()
    control: Control = Control()
    panel: Panel = Panel()
    console: Console = Console()
    time: Time = Time()
    log: Log = Log()


def read(file: Path = DEFAULT_FILE) -> Settings:
    """The settings in `file`. Raises `SettingsError` naming file, line and remedy."""
    try:
        source = file.read_text(encoding="utf-8")
        data = tomllib.loads(source)
    except FileNotFoundError:
        raise SettingsError(
            f"{file} does not exist. Make it (an empty file takes every default) or name another with --settings."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: {error}.") from error
    return _Reading(file, source).settings(data)


def describe() -> Iterator[tuple[str, str, str, str]]:
    """Name, default, what is allowed and help of each option, in order."""
    for section in dataclasses.fields(Settings):
        for item in dataclasses.fields(cast(Any, section.default)):
            check = cast(Check, item.metadata["check"])
            yield f"{section.name}.{item.name}", str(item.default), check.allowed, item.metadata["help"]


def current(settings: Settings, name: str) -> str:
    """The value of the option `name`, such as "voice.silence", for a person to read."""
    section, option_name = name.split(".")
    return str(getattr(getattr(settings, section), option_name))


@dataclass(frozen=True, slots=True)
class _Reading:
    file: Path
    source: str

    def settings(self, data: dict[str, Any]) -> Settings:
        sections = {item.name: item for item in dataclasses.fields(Settings)}
        made = {}
        for name, values in data.items():
            if name not in sections:
                raise self._unknown("section", f"[{name}]", name, list(sections), self._line(name, ""))
            if not isinstance(values, dict):
                raise self._error(self._line("", name), f'"{name}" is a section: write [{name}] on a line of its own.')
            made[name] = self._section(name, type(sections[name].default), values)
        settings = Settings(**made)
        if settings.retention.warning_days >= settings.retention.unheard_days:
            raise self._error(
                self._line("retention", "warning_days"),
                "[retention] warning_days must be less than unheard_days, so that staff are warned in time.",
            )
        if settings.voice.shortest_message >= settings.voice.longest_message:
            raise self._error(
                self._line("voice", "shortest_message"),
                "[voice] shortest_message must be less than longest_message: no message could be both.",
            )
        return settings

    def _section(self, name: str, kind: type[Any], values: dict[str, Any]) -> Any:
        options = {item.name: item for item in dataclasses.fields(kind)}
        made = {}
        for key, value in values.items():
            line = self._line(name, key)
            if key not in options:
                raise self._unknown("option", f"[{name}] {key}", key, list(options), line)
            check = cast(Check, options[key].metadata["check"])
            try:
                made[key] = check.parse(value)
            except EntryError as wrong:
                line = self._line(f"{name}.{key}", wrong.key, line)
                raise self._error(line, f"[{name}] {key}: {wrong}.") from None
            except (ValueError, TypeError):
                raise self._error(line, f"[{name}] {key} takes {check.allowed}.") from None
        return kind(**made)

    def _unknown(self, what: str, shown: str, name: str, right: list[str], line: int) -> SettingsError:
        return self._error(line, f"there is no {what} {shown}. {nearest(name, right)}")

    def _error(self, line: int, message: str) -> SettingsError:
        return SettingsError(f"{self.file}, line {line}: {message}")

    def _line(self, section: str, key: str, otherwise: int = 1) -> int:
        """The line where `key` of `section` stands (tomllib keeps no positions)."""
        here = ""
        for count, line in enumerate(self.source.splitlines(), 1):
            if header := re.match(r"\s*\[+([^\]]+)", line):
                names = [name.strip().strip('"') for name in header[1].split(".")]
                here = ".".join(names)
                if (names[0] == section and not key) or here == f"{section}.{key}":
                    return count
            elif here == section and key and re.match(rf"\s*\"?{re.escape(key)}\"?\s*[.=]", line):
                return count
        return otherwise
