"""Messages as files: only where the practice has decided so."""

from __future__ import annotations

import io
import wave

import pytest

from appliance.access.decisions import Switch
from tests.web.faxes import leave_fax, letter
from tests.web.practice import Practice, babble
from tests.web.staff import Staff


@pytest.fixture
def sound_and_fax(practice: Practice) -> tuple[str, str]:
    """Two messages; their ids."""
    return practice.leave(babble(2), name="Maria Lopez"), leave_fax(practice, [letter()])


def links(staff: Staff, ids: tuple[str, str]) -> list[str]:
    found = []
    for id in ids:
        page = staff.get(f"/messages/{id}").text
        found += [path for path in ("voicemail.wav", "fax.pdf", "fax.tiff") if f"/messages/{id}/{path}" in page]
    return found


def test_a_voicemail_is_saved_as_a_sound_file_whose_name_tells_nobodys(
    practice: Practice, ana: Staff, sound_and_fax: tuple[str, str]
) -> None:
    answer = ana.post(f"/messages/{sound_and_fax[0]}/voicemail.wav")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="voicemail-2025-11-21-1200.wav"'
    with wave.open(io.BytesIO(answer.data)) as file:
        assert file.readframes(file.getnframes()) == babble(2)
    assert ana.post(f"/messages/{sound_and_fax[1]}/voicemail.wav").status_code == 404


def test_where_it_is_switched_off_there_is_no_button_and_no_file(
    practice: Practice, ana: Staff, sound_and_fax: tuple[str, str]
) -> None:
    sound, fax = sound_and_fax
    assert links(ana, sound_and_fax) == ["voicemail.wav", "fax.pdf", "fax.tiff"]
    practice.switch(Switch.TAKE_MESSAGES, False)
    assert links(ana, sound_and_fax) == []
    for path in (f"{sound}/voicemail.wav", f"{fax}/fax.pdf", f"{fax}/fax.tiff"):
        refused = ana.get(f"/messages/{path}")
        assert refused.status_code == 403
        assert "“Downloads” is switched off" in refused.text
        assert "Ana can switch it on" in refused.text
        assert "Content-Disposition" not in refused.headers
        assert ana.ask("HEAD", f"/messages/{path}").status_code == 403
    assert ana.get(f"/messages/{sound}/content").status_code == 200  # hearing is no download
    for method in ("GET", "HEAD"):  # and a fax is looked at page by page: its file is one
        assert ana.ask(method, f"/messages/{fax}/content").status_code == 404


def test_nobody_has_downloads_before_the_practice_has_decided(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Practice(tmp_path_factory.mktemp("new"), downloads=False) as practice:
        id = practice.leave(babble(1))
        assert Staff(practice).log_in().get(f"/messages/{id}/voicemail.wav").status_code == 403
