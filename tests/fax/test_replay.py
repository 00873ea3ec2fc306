"""A recorded call played again: what is the same, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.cli.main import main
from appliance.errors import TranscriptError
from appliance.fax.replay import Moment, replay

FOLDER = Path(__file__).parents[1] / "transcripts" / "fax"
TRANSCRIPTS = sorted(FOLDER.glob("*.t30"))


def read(name: str) -> list[str]:
    return (FOLDER / f"{name}.t30").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "keepline.toml"
    file.touch()
    return file


@pytest.mark.parametrize("file", TRANSCRIPTS, ids=lambda file: file.stem)
def test_every_call_that_is_kept_goes_as_it_went(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    played = replay(lines)
    assert not played.differs
    assert f"= {played.pages} pages {'complete' if played.complete else played.error}" == lines[-1]


def test_an_answer_that_would_be_another_ends_the_replay_there() -> None:
    lines = ["> Send RTN" if line == "> Send MCF" else line for line in read("efax-three-pages")]
    played = replay(lines)
    assert played.differs
    assert played.moments[-1] == Moment("Send RTN", "Done", "Send MCF")


def test_a_wait_that_would_be_longer_or_shorter_does_not_end_it() -> None:
    lines = [
        line.replace("> Listen 6.0", "> Listen 5.0").replace("> KeepPage 1.5", "> KeepPage 2.0")
        for line in read("efax-three-pages")
    ]
    played = replay(lines)
    assert played.differs
    assert (played.pages, played.complete) == (3, True)
    assert {moment.today for moment in played.moments if moment.differs} == {"Listen 6.0", "KeepPage 1.5"}


def test_a_call_that_would_end_sooner_or_later_differs() -> None:
    lines = read("efax-three-pages")
    assert replay([*lines[:-1], "> Listen 6.0", "< Silent"]).moments[-1] == Moment("Listen 6.0", "Silent", "")
    place = lines.index("> HangUp")
    played = replay(lines[:place])
    assert played.moments[-1] == Moment("", "", "HangUp")
    assert not replay([*lines[:place], "# ... more than is kept"]).differs


def test_a_modem_that_vanished_is_a_step_without_an_event() -> None:
    lines = read("hung-up-in-a-page")
    place = lines.index("< Gone")
    played = replay(
        [*lines[:place], "> EndPage V.17/14400 FINE MMR A4 unlimited ECM", "< Done", "> KeepPage 600.0", "< NotKept"]
    )
    assert not played.differs
    assert (played.pages, played.error) == (0, "NotKeptError")


def test_what_we_offered_then_is_offered_again() -> None:
    lines = [line.replace("DIS 00eefac4809f01 [", "DIS 00ce78 [") for line in read("nobody")]
    sent = {moment.today for moment in replay(lines).moments if moment.today.startswith("Send CSI")}
    assert len(sent) == 1
    assert "DIS 00ce78 [" in sent.pop()


@pytest.mark.parametrize(
    "lines",
    [[], ["# arrived: never"], ["< Done"], ["> PickUp", "< Nonsense"], ["rubbish"], ["> Send DIS 00 [x]", "< Done"]],
)
def test_what_is_no_transcript_is_refused(lines: list[str]) -> None:
    with pytest.raises(TranscriptError):
        replay(lines)


@given(
    st.lists(
        st.sampled_from(
            sorted({line for file in TRANSCRIPTS for line in file.read_text(encoding="utf-8").splitlines()})
        ),
        max_size=40,
    )
)
def test_any_lines_are_played_or_refused(lines: list[str]) -> None:
    try:
        assert replay(lines).moments
    except TranscriptError:
        return


def test_the_command_shows_each_step_and_tells_by_its_exit_code(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--settings", str(settings), "fax", "replay"]
    assert main([*words, str(FOLDER / "efax-three-pages.t30")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == read("efax-three-pages")[1:]
    changed = tmp_path / "changed.t30"
    changed.write_text("\n".join("> Send RTN" if line == "> Send MCF" else line for line in read("efax-three-pages")))
    assert main([*words, str(changed)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[-4:] == ["> Send RTN", "! Send MCF", "< Done", "= 1 page open"]
    ended = tmp_path / "ended.t30"
    ended.write_text("\n".join([*read("efax-three-pages")[:-1], "> HangUp", "< Done"]))
    assert main([*words, str(ended)]) == 1
    assert "! would have ended here" in capsys.readouterr().out
    assert main([*words, str(tmp_path / "none.t30")]) == 2
