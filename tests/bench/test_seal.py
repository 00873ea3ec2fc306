"""The bench itself: it must go on measuring what it says."""

from __future__ import annotations

from tests.bench import seal
from tests.bench.figures import Figure


def test_sealing_is_measured_beside_the_age_command() -> None:
    figures = seal.measure(rounds=1, size=1 << 20)
    assert [figure.name for figure in figures] == [
        "seal 1 MiB, file to file",
        "open 1 MiB, file to file",
        "read 4 kB anywhere in that file",
        "seal one second of sound",
        "open one second of sound",
    ]
    assert all(figure.ours > 0 for figure in figures)
    assert [figure.peer is not None for figure in figures] == [True, True, False, False, False]


def test_a_ratio_above_one_means_that_we_are_better() -> None:
    assert Figure("speed", 30.0, 20.0, "MB/s", "", "higher").ratio == 1.5
    assert Figure("time", 20.0, 30.0, "ms", "", "lower").ratio == 1.5
    assert Figure("time", 20.0, None, "ms", "", "lower").ratio is None
    assert (
        str(Figure("speed", 30.0, 20.0, "MB/s", "at least 1.0", "higher"))
        == "speed: 30.0 MB/s   peer 20.0 MB/s   ratio 1.50   goal: at least 1.0"
    )
