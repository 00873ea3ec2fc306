"""The page's TLS as somebody else's scanner sees it: sslyze, held against Mozilla's modern profile."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.web.page_process import PageProcess, control_of
from tests.web.practice import Practice

PYTHON = Path(__file__).parents[2] / ".venv/scan/bin/python"
TRUST = {
    "certificate_path_validation"
}  # the box's own CA: a scanner does not know it, the practice's computers do (web/trust.py)


@pytest.mark.skipif(not PYTHON.exists(), reason="./install.sh test makes the scanner's environment")
def test_mozillas_modern_profile_is_met_but_for_trust(practice: Practice, tmp_path: Path) -> None:
    control, told = control_of(practice), tmp_path / "scan.json"
    control.start()
    try:
        with PageProcess(practice) as page:
            where = f"localhost:{page.port}"
            command = [
                str(PYTHON),
                "-m",
                "sslyze",
                "--mozilla_config=modern",
                "--early_data",
                f"--json_out={told}",
                where,
            ]
            done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    finally:
        control.stop()
    complaints = set(re.findall(r"^ +\* (\w+): ", done.stdout.partition("COMPLIANCE AGAINST")[2], re.MULTILINE))
    assert complaints <= TRUST, done.stdout
    assert "COMPLIANCE AGAINST" in done.stdout, done.stdout + done.stderr
    (found,) = json.loads(told.read_text(encoding="utf-8"))["server_scan_results"]
    scan = found["scan_result"]
    for old in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2"):
        assert scan[f"{old}_cipher_suites"]["result"]["accepted_cipher_suites"] == [], old
    assert len(scan["tls_1_3_cipher_suites"]["result"]["accepted_cipher_suites"]) == 3
    early = scan["tls_1_3_early_data"]["result"]
    assert early["supports_early_data"] is False, "what is sent early can be sent again"
