"""The bill of materials: valid, complete as somebody else's program counts, the same each time, and told to people."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from appliance import materials
from appliance.cli.main import main
from appliance.errors import MaterialsError

ROOT = Path(__file__).parents[1]
MAKE = ["--settings", "/dev/null", "parts", "--make", "--debian", "util-linux", "no-such-package"]


@pytest.fixture
def bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bill as `keepline parts --make` leaves it."""
    file = tmp_path / "keepline.cdx.json"
    monkeypatch.setattr(materials, "FILE", file)
    assert main(MAKE) == 0
    return file


def test_the_bill_is_valid_cyclonedx(bill: Path) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(bill.read_text(encoding="utf-8")) is None
    broken = bill.read_text(encoding="utf-8").replace('"library"', '"thing"', 1)
    assert validator.validate_str(broken) is not None


def test_it_lists_the_python_packages_that_another_program_finds(bill: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("cyclonedx-py")),
        "environment",
        "--sv",
        "1.6",
        "--of",
        "JSON",
        sys.executable,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = {(normal(found["name"]), found["version"]) for found in json.loads(done.stdout)["components"]}
    ours = {(part.name, part.version) for part in materials.read() if part.purl.startswith("pkg:pypi/")}
    assert ours == theirs


def test_it_lists_debian_packages_that_are_there(bill: Path) -> None:
    shown = ["dpkg-query", "--show", "--showformat=${Version}", "util-linux"]
    version = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    found = {part.name: part for part in materials.read() if part.purl.startswith("pkg:deb/")}
    assert found["util-linux"].version == version
    assert "no-such-package" not in found


def test_it_lists_what_lies_in_asterisks_own_debian(bill: Path, tmp_path: Path) -> None:
    status = tmp_path / "root/var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    entry = "Package: {}\nStatus: {} ok {}\nArchitecture: amd64\nVersion: 1:22.10+x\nDescription: of a test\n\n"
    status.write_text(
        entry.format("asterisk", "install", "installed") + entry.format("left", "deinstall", "config-files"), "ascii"
    )
    assert main([*MAKE, "--asterisk", str(tmp_path / "root")]) == 0
    found = {part.name: part for part in materials.read()}
    assert found["asterisk"].purl == "pkg:deb/debian/asterisk@1%3A22.10%2Bx?arch=amd64"
    assert "SIP" in found["asterisk"].purpose
    assert "left" not in found
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(materials.text()) is None


def test_the_same_parts_give_the_same_file(bill: Path) -> None:
    first = bill.read_bytes()
    bill.unlink()
    assert main(MAKE) == 0
    assert bill.read_bytes() == first
    assert str(ROOT).encode() not in first


def test_everything_that_we_ask_for_has_its_purpose_and_every_python_part_its_licence(bill: Path) -> None:
    setup = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    (call,) = (node for node in ast.walk(setup) if isinstance(node, ast.Call) and ast.unparse(node.func) == "setup")
    (asked,) = (ast.literal_eval(word.value) for word in call.keywords if word.arg == "install_requires")
    packages = re.search(r"^runs_on=\((.*)\)$", (ROOT / "install.sh").read_text(encoding="utf-8"), re.MULTILINE)
    assert packages
    for name in [*(normal(re.split(r"[<>=;]", line)[0]) for line in asked), *packages[1].split()]:
        assert name in materials.PURPOSES, name
    run = set(re.findall(r"^([a-z][\w.-]*)==", (ROOT / ".lock/run.txt").read_text(encoding="ascii"), re.MULTILINE))
    for part in materials.read():
        if part.name in {normal(name) for name in run}:
            assert part.licence, part.name
            assert part.purpose, part.name


def test_people_and_programs_are_told(bill: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["--settings", "/dev/null", "parts"]) == 0
    assert "seals and opens" in " ".join(capsys.readouterr().out.split())
    assert main(["--settings", "/dev/null", "parts", "--json"]) == 0
    assert capsys.readouterr().out == bill.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [None, "{", "[]", '{"metadata": {}}'])
def test_a_bill_that_is_missing_or_damaged_is_said_so(bill: Path, content: str | None) -> None:
    if content is None:
        bill.unlink()
    else:
        bill.write_text(content, encoding="ascii")
    with pytest.raises(MaterialsError, match="parts --make"):
        materials.read()
    assert main(["--settings", "/dev/null", "parts"]) == 1


def test_install_writes_the_bill_for_what_it_has_installed(tmp_path: Path) -> None:
    """The very function of the script, on stand-ins for the environment's Python."""
    assert shutil.which("bash")
    root = tmp_path / "root/var/lib/dpkg"
    root.mkdir(parents=True)
    python = tmp_path / "venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/told\n', encoding="ascii")
    python.chmod(0o755)
    script = (ROOT / "install.sh").read_text(encoding="utf-8")
    function = re.search(r"^bill_of_materials\(\) \{.*?^\}", script, re.MULTILINE | re.DOTALL)
    assert function
    ours = f'step() {{ shift; "$@"; }}\n{function[0]}\nbill_of_materials {tmp_path}/venv {tmp_path}/root sox age'
    subprocess.run(["bash", "-euc", ours], check=True)
    told = (tmp_path / "told").read_text(encoding="ascii")
    assert told.endswith(f"parts --make --asterisk {tmp_path}/root --debian sox age\n")
    assert 'packages "${needs[@]}"' in script
    assert 'bill_of_materials "$program/venv" "$program/asterisk/root" "${needs[@]}"' in script


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
