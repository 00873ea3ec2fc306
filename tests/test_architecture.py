"""The house rules that a reader relies on: who may know whom, one door per outside library, cores without I/O. An `ast` walk, lazy imports included."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LEVELS = {
    5: ("appliance.daemon", "appliance.answers", "appliance.chronicle", "appliance.night", "appliance.cli", "web"),
    4: (
        "appliance.voice.agi",
        "appliance.voice.audio_server",
        "appliance.voice.call",
        "appliance.voice.listener",
        "appliance.voice.recording",
        "appliance.voice.line",
        "appliance.voice.lookout",
        "appliance.fax.attendant",
        "appliance.fax.line",
        "appliance.fax.sealing",
        "appliance.fax.folder",
        "appliance.fax.keeping",
        "appliance.retention",
        "appliance.panel",
        "appliance.console",
    ),
    3: ("appliance.store.inbox", "appliance.store.reader", "appliance.access"),
    2: (
        "appliance.condition",
        "appliance.fax",
        "appliance.store",
        "appliance.voice",
        "appliance.retention.rules",
        "appliance.panel.signals",
    ),
    1: (
        "appliance.checks",
        "appliance.settings",
        "appliance.logs",
        "appliance.materials",
        "appliance.serial_devices",
        "appliance.serial_port",
        "appliance.control",
        "appliance.process",
        "appliance.service_manager",
    ),
    0: (
        "appliance.messages",
        "appliance.notes",
        "appliance.deeds",
        "appliance.errors",
        "appliance.clock",
        "appliance.speech",
    ),
}

DOORS = {
    "alembic": {"appliance.store.index", "appliance.store.migrations"},
    "apscheduler": {"appliance.retention.schedule"},
    "asterisk": {"appliance.voice.agi"},
    "cryptography": {"appliance.store.primitives", "appliance.access.certificates"},
    "babel": {"web.languages"},
    "flask": {"web"},
    "flask_babel": {"web.languages"},
    "gpiozero": {"appliance.panel.board"},
    "granian": {"web.server"},
    "PIL": {"appliance.fax.tiff", "appliance.fax.pictures"},  # the one reads pages exactly, the other shows them
    "jinja2": {"web"},
    "markupsafe": {"web.factors", "web.refused"},
    "pyotp": {"appliance.access.one_time"},
    "rich": {"appliance.cli"},
    "sdnotify": {"appliance.service_manager"},
    "segno": {"appliance.access.qr"},
    "serial": {"appliance.serial_port"},
    "sqlalchemy": {"appliance.store.index", "appliance.store.migrations"},
    "webauthn": {"appliance.access.passkeys"},
    "werkzeug": {"web"},
}

CORES = {
    "appliance.access.chain",
    "appliance.fax.answering",
    "appliance.fax.at",
    "appliance.fax.calling",
    "appliance.fax.caller_id",
    "appliance.fax.capabilities",
    "appliance.fax.class1",
    "appliance.fax.dialogue",
    "appliance.fax.ecm",
    "appliance.fax.correcting",
    "appliance.fax.directory",
    "appliance.fax.exchange",
    "appliance.fax.frames",
    "appliance.fax.modem_test",
    "appliance.fax.paper",
    "appliance.fax.player",
    "appliance.fax.hdlc",
    "appliance.fax.pdf",
    "appliance.fax.pictures",
    "appliance.fax.profiles",
    "appliance.fax.rates",
    "appliance.fax.reading",
    "appliance.fax.receiving",
    "appliance.fax.replay",
    "appliance.fax.steps",
    "appliance.fax.t4",
    "appliance.fax.t4_encoder",
    "appliance.fax.t4_lines",
    "appliance.fax.t4_tables",
    "appliance.fax.tiff",
    "appliance.fax.timers",
    "appliance.fax.training",
    "appliance.fax.transcript",
    "appliance.deeds",
    "appliance.messages",
    "appliance.notes",
    "appliance.speech",
    "appliance.store.age_header",
    "appliance.store.bech32",
    "appliance.store.media",
    "appliance.voice.audiosocket",
    "appliance.voice.callflow",
    "appliance.voice.player",
    "appliance.voice.tones",
    "appliance.retention.rules",
    "appliance.panel.signals",
}
IMPURE = {"os", "pathlib", "select", "serial", "socket", "subprocess", "tempfile", "threading", "time"}


def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found = {}
    for top in ("appliance", "web"):
        for path in (ROOT / top).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


MODULES = modules()


def imports(name: str) -> Iterator[tuple[str, int]]:
    """What `name` imports, as dotted names with their lines."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                yield from ((alias.name, node.lineno) for alias in node.names)
            case ast.ImportFrom(module=str() as origin, level=0):
                for alias in node.names:
                    inner = f"{origin}.{alias.name}"
                    yield (inner if inner in MODULES else origin), node.lineno
            case ast.ImportFrom(level=level) if level:
                yield "relative import", node.lineno


def within(name: str, packages: tuple[str, ...] | set[str]) -> str | None:
    """The longest of `packages` that `name` is or lies in."""
    fitting = [package for package in packages if name == package or name.startswith(package + ".")]
    return max(fitting, key=len, default=None)


def level(name: str) -> int | None:
    """The level of a module: that of its longest matching entry."""
    places = {package: number for number, packages in LEVELS.items() for package in packages}
    entry = within(name, set(places))
    return None if entry is None else places[entry]


def package(name: str) -> str:
    return ".".join(name.split(".")[:2])


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_module_has_a_level_and_imports_only_downward(name: str) -> None:
    if not ast.parse(MODULES[name].read_text(encoding="utf-8")).body:
        return  # an empty __init__.py
    own = level(name)
    assert own is not None, f"{name} stands in no level of LEVELS"
    for target, line in imports(name):
        theirs = level(target) if target.split(".")[0] in {"appliance", "web"} else None
        if theirs is None or package(target) == package(name) or (theirs == own and own in {0, 1, 5}):
            continue
        assert theirs < own, f"{name}:{line} (level {own}) imports {target} (level {theirs})"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_each_library_is_met_behind_its_door(name: str) -> None:
    for target, line in imports(name):
        assert target != "relative import", f"{name}:{line} imports relatively"
        top = target.split(".")[0]
        if top in sys.stdlib_module_names or top in {"appliance", "web"}:
            continue
        assert top in DOORS, f"{name}:{line} imports {top}, which has no door"
        assert within(name, DOORS[top]), f"{name}:{line} imports {top}; its door is {DOORS[top]}"


@pytest.mark.parametrize("name", sorted(CORES))
def test_cores_do_no_input_or_output(name: str) -> None:
    assert name in MODULES, f"{name} is listed as a core and is not there"
    for target, line in imports(name):
        assert target.split(".")[0] not in IMPURE, f"{name}:{line} is a core and imports {target}"


def test_packages_hold_no_code() -> None:
    for name, path in MODULES.items():
        if path.name == "__init__.py" and name != "web":
            assert not ast.parse(path.read_text(encoding="utf-8")).body, f"{path} holds code"


def test_the_top_level_is_the_fixed_one() -> None:
    allowed = {
        "appliance",
        "web",
        "systemd",
        "hardware",
        "tests",
        "setup.py",
        "install.sh",
        "README.md",
        "ARCHITECTURE.md",
    }
    allowed |= {"CHANGELOG.md", "LICENSE", "pyproject.toml"}
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.suffix != ".egg-info"}
    assert there == allowed
