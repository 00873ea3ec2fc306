"""What every test can ask for: the real-parts line. A test that asks for it is marked `rig` by that."""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.rig.asterisk import Installed, find
from tests.rig.errors import AsteriskMissingError
from tests.rig.line import PhoneCompany

# the same examples each time, and none is too slow on a busy machine; to look for new ones: --hypothesis-profile explore
settings.register_profile("keepline", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", settings.get_profile("keepline"), derandomize=False)
settings.load_profile("keepline")

RIG_FIXTURES = {"asterisk", "company", "fax_pair"}


def pytest_configure() -> None:
    """Whoever starts us in the background has Ctrl-C ignored, and all that the tests start would go on ignoring it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and RIG_FIXTURES & set(item.fixturenames):
            item.add_marker("rig")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="keepline-open-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def asterisk() -> Installed:
    """The Asterisk on this machine. Without it the test fails and says what to do: nothing is skipped in silence."""
    try:
        return find()
    except AsteriskMissingError as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture
def company(asterisk: Installed) -> Iterator[PhoneCompany]:
    """A telephone line of this test's own, both Asterisks up; `company.hand_calls_to(host, port)` says where the daemon is."""
    with PhoneCompany(asterisk) as line:
        yield line
