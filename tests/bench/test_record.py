"""The bench of the record runs and finds what it must, in small."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import calls, record


def test_calls_in_progress_lose_no_word_while_lines_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "SECONDS", 2.0)
    busy = calls.crowd_beside(tmp_path, 4, record.DEED)
    assert busy.whole
    assert busy.rate > 0
