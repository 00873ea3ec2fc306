"""The list of software on the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from appliance import materials
from tests.web.practice import TECHNICIAN, TECHNICIAN_PASSWORD, Practice
from tests.web.staff import Staff


@pytest.fixture
def toni(practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Staff:
    """The technician, at a box whose bill was made."""
    monkeypatch.setattr(materials, "FILE", tmp_path / "bill.json")
    materials.write(materials.of_python() + materials.of_debian(["util-linux"]))
    practice.add_technician()
    return Staff(practice).log_in(TECHNICIAN, TECHNICIAN_PASSWORD)


def test_every_part_stands_there_with_version_licence_and_purpose(toni: Staff) -> None:
    page = toni.get("/parts").text
    for part in materials.read():
        if part.name != materials.OURSELVES:
            assert f"<strong>{part.name}</strong>" in page
            assert part.version in page
    assert (
        'seals and opens: every key and message passes through it · <span translate="no">Apache-2.0 OR BSD-3-Clause'
        in page
    )
    assert 'href="/parts"' in toni.get("/status").text


def test_programs_get_the_bill_as_it_was_made(toni: Staff) -> None:
    answer = toni.get("/parts/keepline.cdx.json")
    assert answer.mimetype == "application/vnd.cyclonedx+json"
    assert answer.text == materials.text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(answer.text) is None


def test_without_a_bill_the_page_says_what_to_do(toni: Staff) -> None:
    materials.FILE.unlink()
    assert "keepline parts --make" in toni.get("/parts").text
    assert toni.get("/parts/keepline.cdx.json").status_code == 404
