"""Serial ports as the system shows them: in a folder that looks like /dev, /sys and /proc, and once on this machine."""

from __future__ import annotations

import os
import pty
from pathlib import Path

from appliance.serial_devices import SerialDevice, find_devices, look_at, users


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def plug(root: Path, name: str, usb: str = "", maker: str = "", product: str = "") -> Path:
    """A port, and what is plugged into it."""
    write(root / "dev" / name, "")
    place = root / "sys/devices/usb1/1-1/1-1:1.0"
    folder = root / "sys/class/tty" / name
    folder.mkdir(parents=True)
    if usb:
        place = root / f"sys/devices/usb1/{usb}/{usb}:1.0"
        place.mkdir(parents=True)
        vendor, _, number = usb.partition(":")
        write(place.parent / "idVendor", vendor + "\n")
        write(place.parent / "idProduct", number + "\n")
        if maker:
            write(place.parent / "manufacturer", maker + "\n")
        write(place.parent / "product", product + "\n")
        (folder / "device").symlink_to(place)
    return root / "dev" / name


def test_a_modem_on_usb_is_seen_with_its_identity_and_the_names_that_stay(tmp_path: Path) -> None:
    path = plug(tmp_path, "ttyACM0", "0BAF:0303", "U.S. Robotics", "USR5637 56K Faxmodem")
    by_id = tmp_path / "dev/serial/by-id/usb-USR"
    by_id.parent.mkdir(parents=True)
    by_id.symlink_to(path)
    (tmp_path / "dev/keepline-fax").symlink_to(path)
    assert find_devices(tmp_path) == (
        SerialDevice(
            path, "0baf:0303", "U.S. Robotics USR5637 56K Faxmodem", (tmp_path / "dev/keepline-fax", by_id), ()
        ),
    )
    assert look_at(by_id, tmp_path).usb == "0baf:0303"


def test_a_port_without_anything_behind_it_is_left_out(tmp_path: Path) -> None:
    for name, kind in (("ttyS0", "4"), ("ttyS1", "0")):
        plug(tmp_path, name)
        write(tmp_path / "sys/class/tty" / name / "type", kind + "\n")
    assert [device.path.name for device in find_devices(tmp_path)] == ["ttyS0"]
    assert find_devices(tmp_path)[0].usb == ""


def test_who_uses_a_port_is_named(tmp_path: Path) -> None:
    path = plug(tmp_path, "ttyACM0", "0572:1329", product="USB Modem")
    write(tmp_path / "proc/12/comm", "faxgetty\n")
    (tmp_path / "proc/12/fd").mkdir()
    (tmp_path / "proc/12/fd/3").symlink_to(path)
    (tmp_path / "proc/13/fd").mkdir(parents=True)
    (tmp_path / "proc/13/fd/3").symlink_to(path)
    (tmp_path / "proc/14").mkdir()  # has ended, or is another user's
    write(tmp_path / "proc/15/comm", "cat\n")
    (tmp_path / "proc/15/fd").mkdir()
    assert users(path, tmp_path) == ("faxgetty", "process 13")


def test_a_lock_counts_as_long_as_its_program_lives(tmp_path: Path) -> None:
    path = plug(tmp_path, "ttyACM0")
    write(tmp_path / "proc/77/comm", "minicom\n")
    for text, found in (("        77\n", ("minicom",)), ("78\n", ()), ("", ()), ("../77", ())):
        write(tmp_path / "run/lock/LCK..ttyACM0", text)
        assert users(path, tmp_path) == found


def test_on_this_machine_it_looks_and_does_not_fail() -> None:
    near, far = pty.openpty()
    try:
        assert look_at(Path(os.ttyname(far))).usb == ""
        assert isinstance(find_devices(), tuple)
    finally:
        os.close(near)
        os.close(far)
