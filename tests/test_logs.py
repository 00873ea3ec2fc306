"""Logs are events; people are private."""

from __future__ import annotations

import logging

import pytest

from appliance import logs
from appliance.logs import Private


def test_a_private_thing_shows_only_whether_it_is_there() -> None:
    assert (
        f"{Private('5551234567')} {Private('')} {Private('x')!r} %s" % Private("y")
        == "(private) (none) (private) (private)"
    )


def test_a_logged_exception_names_its_place_and_never_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start("debug")
    try:
        try:
            raise ValueError("5551234567")
        except ValueError:
            logs.get("somewhere").exception("voice.failed line=%s", 1)
    finally:
        logging.getLogger().handlers.clear()
    shown = capsys.readouterr().err
    assert "5551234567" not in shown
    assert "ERROR somewhere voice.failed line=1" in shown
    assert "ValueError at test_logs.py:" in shown
