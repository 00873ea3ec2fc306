"""The `keepline` command as a program of its own: what is typed into it leaves its memory nowhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

# what `keepline` does, and then what the kernel says of the process that did it
PROGRAM = """
import ctypes, os, resource, sys
from pathlib import Path
from appliance.cli.main import main
sys.argv = ["keepline", "--settings", sys.argv[1], *sys.argv[2:]]
code = main()
dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)  # PR_GET_DUMPABLE
core = resource.getrlimit(resource.RLIMIT_CORE)
print("after", code, os.getuid(), dumpable, *core)
"""


def ended(settings: Path, *words: str, typed: str = "") -> list[int]:
    """The verb's exit code, the user, whether a debugger of the same user may look in, and the limits of a core dump."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(settings), *words], input=typed, capture_output=True, text=True, check=True
    )
    told = re.search(r"^after (.*)$", done.stdout, re.MULTILINE)
    assert told, done.stderr
    return [int(word) for word in told[1].split()]


def written(folder: Path) -> Path:
    (folder / "store").mkdir()
    file = folder / "keepline.toml"
    file.write_text(
        f'[store]\nfolder = "{folder}/store"\nwork_factor = 15\n[control]\npath = "{folder}/control.sock"\n',
        encoding="utf-8",
    )
    return file


def test_a_command_that_was_given_a_password_cannot_be_dumped_or_looked_into(tmp_path: Path) -> None:
    words = ("people", "add", "ana", "--password-stdin")
    found = ended(written(tmp_path), *words, typed="marble pigeon ticket cloud\n")
    assert found == [0, os.getuid(), 0, 0, 0]


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes somebody else")
def test_nor_when_root_has_become_the_stores_owner(tmp_path: Path) -> None:
    settings = written(tmp_path)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    os.chown(tmp_path / "store", 65534, 65534)
    assert ended(settings, "settings") == [0, 65534, 0, 0, 0]
