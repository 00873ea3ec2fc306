"""The command and its folder, with a modem that is a pseudo-terminal."""

from __future__ import annotations

import json
import os
import pty
import threading
import tty
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from appliance.cli.main import main
from appliance.errors import LineGoneError, ModemSilentError, SerialError, TermsError
from appliance.fax import tiff
from appliance.fax.at import stuff
from appliance.fax.capabilities import Terms
from appliance.fax.folder import Folder, check
from appliance.fax.frames import Frame, Kind, check_sequence, pack_identity
from appliance.fax.line import FaxLine, Received
from appliance.fax.receiving import Call, PageTaken, Station
from appliance.fax.records import Outcome
from appliance.fax.steps import Quality
from appliance.fax.t4 import Coding
from appliance.fax.t4_encoder import Encoder
from tests.fakes.acting_modem import ActingModem, ActingTerminal
from tests.fax.test_back_to_back import make_page

CONNECT, OK, NO_CARRIER = b"\r\nCONNECT\r\n", b"\r\nOK\r\n", b"\r\nNO CARRIER\r\n"
PAGE = make_page(1, rows=20)


def frame(kind: Kind, info: bytes = b"", *, final: bool = True) -> bytes:
    octets = Frame(kind, info, final).to_octets(by_caller=True)
    return CONNECT + stuff(octets + check_sequence(octets)) + OK


def image() -> bytes:
    encoder = Encoder(Coding.MH, 1728)
    for row in PAGE:
        encoder.add(row)
    return CONNECT + stuff(bytes(b"\xff" * 500) + encoder.finish()) + NO_CARRIER


class ModemOnAPty(threading.Thread):
    """Plays one call: to each of our commands the next answer; when they are used up it hangs up the device."""

    def __init__(self, answers: list[bytes]) -> None:
        super().__init__()
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.device = Path(os.ttyname(slave))
        self._slave = slave
        self._answers = answers

    def run(self) -> None:
        taken = b""
        for answer in self._answers:
            while not taken.endswith((b"\r", b"\x10\x03", b"\x18")):
                taken += os.read(self.master, 1)
            taken = b""
            os.write(self.master, answer)
        with suppress(OSError):
            while os.read(self.master, 100).find(b"ATH") < 0:
                pass
            os.write(self.master, OK)

    def close(self) -> None:
        self.join(20)
        os.close(self.master)
        os.close(self._slave)


SET_UP = [*(12 * [OK]), b"\r\n24,48,72,73,74,96,97,98,121,122,145,146\r\n" + OK, OK + b"\r\nRING\r\n"]
GREETING = [CONNECT, CONNECT, OK]  # ATA, CSI, DIS
TERMS = [
    frame(Kind.TSI, pack_identity("5550100"), final=False),
    frame(Kind.DCS, Terms().to_info()),
    CONNECT + stuff(bytes(2700)) + NO_CARRIER,
]
ANSWER = [OK, CONNECT, OK]  # silence, carrier, frame
WHOLE = [*SET_UP, *GREETING, *TERMS, *ANSWER, image(), frame(Kind.EOP), *ANSWER, frame(Kind.DCN), OK]
BROKEN = [
    *SET_UP,
    *GREETING,
    *TERMS,
    *ANSWER,
    image(),
    frame(Kind.MPS),
    *ANSWER,
    CONNECT + stuff(b"\x00") + NO_CARRIER,
    frame(Kind.DCN),
    OK,
]
REFUSED = [*SET_UP, *GREETING, frame(Kind.DTC, bytes(3)), *ANSWER, OK]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "keepline.toml"
    file.touch()
    (tmp_path / "out").mkdir()
    return file


@pytest.fixture
def modem(request: pytest.FixtureRequest) -> Iterator[ModemOnAPty]:
    thread = ModemOnAPty(request.param)
    thread.start()
    yield thread
    thread.close()


def run(modem: ModemOnAPty, settings: Path) -> int:
    folder = settings.parent / "out"
    return main(
        [
            "--settings",
            str(settings),
            "modem",
            "answer",
            "--device",
            str(modem.device),
            "--out",
            str(folder),
            "--once",
            "--json",
        ]
    )


@pytest.mark.parametrize("modem", [WHOLE], indirect=True, ids=["whole"])
def test_a_fax_lies_in_the_folder_and_the_exit_code_says_so(
    modem: ModemOnAPty, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(modem, settings) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["outcome"] == "complete"
    assert result["sender"] == "5550100"
    files = sorted(
        file.name.partition("-")[2].partition("-")[2] or file.suffix for file in (settings.parent / "out").iterdir()
    )
    assert files == [".json", ".t30", "01.tif"]
    (page,) = tiff.read((settings.parent / "out" / result["pages"][0]["file"]).read_bytes())
    assert list(page.rows) == PAGE
    (transcript,) = (settings.parent / "out").glob("*.t30")
    assert "5550100" not in transcript.read_text()
    assert transcript.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("modem", [BROKEN], indirect=True, ids=["broken"])
def test_a_fax_that_broke_off_is_partial(
    modem: ModemOnAPty, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(modem, settings) == 9
    said = capsys.readouterr()
    result = json.loads(said.out)
    assert (result["outcome"], result["error"], len(result["pages"])) == ("partial", "CallerHungUpError", 1)
    assert "1 pages came" in said.err


@pytest.mark.parametrize("modem", [REFUSED], indirect=True, ids=["refused"])
def test_a_call_without_a_fax_is_nothing(
    modem: ModemOnAPty, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(modem, settings) == 8
    assert json.loads(capsys.readouterr().out)["outcome"] == "nothing"


def test_a_device_that_is_not_there_and_a_folder_that_is_not_are_named(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--settings", str(settings), "modem", "answer", "--device", "/dev/nothing", "--out"]
    assert main([*words, str(settings.parent / "out")]) == SerialError.exit_code
    assert main([*words, str(settings.parent / "missing")]) == 2
    assert "mkdir" in capsys.readouterr().err


def test_a_modem_that_is_silent_is_let_go() -> None:
    silent = ModemOnAPty([])
    try:
        with pytest.raises(ModemSilentError), FaxLine(silent.device):
            pass
        with pytest.raises(ModemSilentError), FaxLine(silent.device):  # the port was given back
            pass
    finally:
        os.close(silent.master)


def test_a_page_that_cannot_be_written_is_not_kept(tmp_path: Path) -> None:
    page = tiff.Page(PAGE, 1728, 204, 98)
    assert Folder(tmp_path, "call").keep(page)
    assert not Folder(tmp_path, "call").keep(page)  # that name is taken: nothing is ever written over
    assert not Folder(tmp_path / "missing", "call").keep(page)


def test_the_outcome_tells_how_much_came() -> None:
    page = PageTaken(Terms(), Quality(10, 0, 0, True), Kind.MCF)
    whole, part, nothing = Call(pages=[page], complete=True), Call(pages=[page]), Call()
    error = LineGoneError()
    assert Received(whole, 1.0, None, ()).outcome(1) is Outcome.COMPLETE
    assert Received(part, 1.0, error, ()).outcome(1) is Outcome.PARTIAL
    assert Received(nothing, 1.0, error, ()).outcome(0) is Outcome.NOTHING
    check(Received(whole, 1.0, None, ()))
    with pytest.raises(LineGoneError):
        check(Received(nothing, 1.0, error, ()))


def test_only_what_the_modem_receives_is_offered_and_taken(tmp_path: Path) -> None:
    acting = ActingModem()
    acting.lists["+FRM=?"] = "24,48"
    with ActingTerminal(tmp_path / "modem", acting) as terminal, FaxLine(terminal.device) as line:
        received = line.receive(Station("5550199"), lambda page: True)
    assert isinstance(received.error, TermsError)  # this caller insists on V.17


def test_the_log_names_an_error_where_there_was_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with ActingTerminal(tmp_path / "modem", ActingModem()) as terminal, FaxLine(terminal.device) as line:
        assert line.receive(Station("5550199"), lambda page: True).error is None
    (told,) = [record.getMessage() for record in caplog.records if record.getMessage().startswith("fax.received")]
    assert "complete=True" in told
    assert told.endswith("error=")
