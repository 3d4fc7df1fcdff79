"""The benchmark of archives: its arithmetic, on commands that take as long as they are told."""

import os

import pytest

from dilatednets.benchmarks import mapping
from dilatednets.errors import InputError


@pytest.fixture
def timed(monkeypatch):
    """A start of 4 s for the plain command and 10 s for workers; 0.1 s a record and core, workers a tenth slower."""

    def cost(command, cores):
        if command[0] == "map":
            return 10 + records[-1] * 0.11 / int(command[-1]), 600_000_000 + records[-1]
        return 4 + records[-1] * 0.1, 0

    records = []
    part = mapping.registry.family_of_preset("context_segmenter_nuclei").part("archive")
    monkeypatch.setattr(part, "example_archive", lambda folder, count: records.append(count) or folder)
    monkeypatch.setattr(mapping, "_cost", cost)
    monkeypatch.setattr(mapping.os, "sched_getaffinity", lambda process: {0, 1})
    return records


def test_rates_leave_out_what_starting_takes(timed):
    result = mapping.run("context_segmenter_nuclei", 80)
    assert timed == [10, 80]
    plain, one, two = result["rows"]
    assert plain["rate"] == pytest.approx(10) and plain["start"] == pytest.approx(4)
    assert one["ratio"] == pytest.approx(1 / 1.1) and one["start"] == pytest.approx(10)
    assert two["ratio"] == pytest.approx(2)
    assert two["memory"] == [600_000_010, 600_000_080] and two["steady"] is None
    assert "| 2 workers | 10.0 | 18.2 | 2.00 | 600 / 600 |  |" in mapping.report(result)


def test_what_cannot_be_measured_is_said_faults(timed, monkeypatch):
    with pytest.raises(InputError, match="workers: 3 need as many cores"):
        mapping.run("context_segmenter_nuclei", 80, [3])
    with pytest.raises(InputError, match="has no example of an archive for a WaveNet"):
        mapping.run("wavenet_digits")
    monkeypatch.setattr(mapping, "_cost", lambda command, cores: (1.0, 0))
    with pytest.raises(InputError, match="too few to tell"):
        mapping.run("context_segmenter_nuclei", 80)


def test_the_end_is_held_against_the_start(tmp_path):
    assert mapping.steadiness(tmp_path) is None
    moments = [0, 1, 2, 3, 4, 6, 8, 10]  # half as fast from the middle on
    for number, moment in enumerate(moments):
        (shard := tmp_path / f"part-{number}.parquet").touch()
        os.utime(shard, (moment, moment))
    assert mapping.steadiness(tmp_path) == pytest.approx(0.5)


def test_a_command_is_timed_and_its_workers_weighed_faults(monkeypatch):
    monkeypatch.setattr(mapping, "WATCHED_EVERY", 0.01)
    monkeypatch.setattr(mapping, "_memory_of_workers", iter(range(5000, 0, -1)).__next__)
    cores = sorted(mapping.os.sched_getaffinity(0))
    seconds, most = mapping._cost(["--version"], cores[:1])
    assert 0 < seconds < 60 and most == 5000
    assert sorted(mapping.os.sched_getaffinity(0)) == cores
    with pytest.raises(InputError, match=r"chunk nobody: failed .*nobody"):
        mapping._cost(["chunk", "nobody"], cores[:1])
