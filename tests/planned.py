"""What the daemon's answers plan, made at once, without a line where none is needed: for tests that begin where it was done already."""

from __future__ import annotations

from pathlib import Path

from appliance.access import decisions, factors, people, personnel, policy
from appliance.access.decisions import Choice
from appliance.access.factors import FactorFiles
from appliance.access.people import PersonFiles, Removal
from appliance.access.record import Record
from appliance.access.recovery import RecoverySheet
from appliance.deeds import Act, Deed
from appliance.store import changes
from appliance.store.changes import Change
from appliance.store.disk import Disk
from tests.fakes.clock import FakeClock


def found(folder: Path, name: str, password: str, work_factor: int) -> RecoverySheet:
    """The practice and its first person, where no daemon is at work. Raises `FoundedError`."""
    founding, sheet = people.prepare_founding(name, password, work_factor)
    personnel.write_founding(folder, founding)
    return sheet


def write_person(folder: Path, files: PersonFiles) -> Act:
    """Somebody is added or changed."""
    act, change = personnel.plan_person(folder, files)
    _make(folder, change)
    return act


def erase_person(folder: Path, removal: Removal) -> None:
    """Somebody is taken away."""
    _make(folder, personnel.plan_removal(folder, removal))


def write_factors(folder: Path, files: FactorFiles) -> dict[str, str]:
    """Somebody's second factors become these."""
    changed, change = factors.plan(folder, files)
    _make(folder, change)
    return changed


def erase_factors(folder: Path, name: str) -> None:
    """Somebody's second factors go."""
    _make(folder, factors.plan_erasure(folder, name))


def decide(folder: Path, choice: Choice, at: float, clock_trusted: bool) -> None:
    """A switch was decided about."""
    perform(folder, Act.DECIDED, decisions.plan(folder, choice, at, clock_trusted)[1])


def set_text(folder: Path, by: str, language: str, text: str, at: float) -> None:
    """The policy sheet is another one."""
    perform(folder, Act.POLICY_SET, policy.plan_text(folder, by, language, text, at)[1])


def acknowledge(folder: Path, by: str, version: str, at: float, clock_trusted: bool) -> None:
    """Somebody has agreed to the policy sheet."""
    perform(folder, Act.POLICY_ACKNOWLEDGED, policy.plan_acknowledgement(folder, by, version, at, clock_trusted)[1])


def perform(folder: Path, act: Act, change: Change) -> None:
    """With a line, since nothing counts without one; for a store whose record nobody has open."""
    record = Record(folder, FakeClock())
    record.open()
    record.perform(Deed(act), change)
    record.close()


def _make(folder: Path, change: Change) -> None:
    changes.apply(folder, Disk(), change)
