"""What the daemon's answers plan, made at once and without a line: for tests that begin where it was done already."""

from __future__ import annotations

from pathlib import Path

from appliance.access import decisions, factors, personnel, policy
from appliance.access.decisions import Choice
from appliance.access.factors import FactorFiles
from appliance.access.people import PersonFiles, Removal
from appliance.deeds import Act
from appliance.store import changes
from appliance.store.changes import Change
from appliance.store.disk import Disk


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
    _make(folder, decisions.plan(folder, choice, at, clock_trusted)[1])


def set_text(folder: Path, by: str, language: str, text: str, at: float) -> None:
    """The policy sheet is another one."""
    _make(folder, policy.plan_text(folder, by, language, text, at)[1])


def acknowledge(folder: Path, by: str, version: str, at: float, clock_trusted: bool) -> None:
    """Somebody has agreed to the policy sheet."""
    _make(folder, policy.plan_acknowledgement(folder, by, version, at, clock_trusted)[1])


def _make(folder: Path, change: Change) -> None:
    changes.apply(folder, Disk(), change)
