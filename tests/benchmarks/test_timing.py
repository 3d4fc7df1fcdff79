"""How benchmarks measure."""

from dilatednets.benchmarks import timing


def test_by_turns_alternates_and_takes_the_median(monkeypatch):
    clock, order = [0.0], []
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])

    def call(name, durations):
        def advance():
            order.append(name)
            clock[0] += durations[order.count(name) - 2]

        return advance

    calls = {name: call(name, durations) for name, durations in {"a": [1, 1, 1, 9, 1], "b": [2, 2, 7, 2, 2]}.items()}
    assert timing.by_turns(calls, 1.0) == {"a": 1.0, "b": 0.5}
    assert order == ["a", "b"] * (1 + timing.ROUNDS)


def test_cpu_reads_the_flags(tmp_path):
    info = tmp_path / "cpuinfo"
    assert timing.cpu(info)["amx_bf16"] == "unknown"
    info.write_text("flags\t\t: fpu avx512_bf16 amx_bf16_other\n")
    facts = timing.cpu(info)
    assert facts["cores"] >= 1 and facts["amx_bf16"] == "no" and facts["avx512_bf16"] == "yes"
