"""The sample of sales, as its page has it."""

import pytest
from helpers import CHECKOUT, tool

from dilatednets.cli.main import main
from dilatednets.data.samples import sample
from dilatednets.zoo.tcn import TCN


def test_the_sample_is_what_the_tool_makes(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["make_sales", str(tmp_path / "sales.csv")])
    tool("make_sales").main()
    assert (tmp_path / "sales.csv").read_bytes() == (sample("sales") / "sales.csv").read_bytes()


@pytest.mark.slow
def test_the_recipe_forecasts_better_than_the_last_value(tmp_path, capsys):
    train = ["train", str(CHECKOUT / "datasets" / "sales" / "recipe.toml"), "--data-dir", str(sample("sales"))]
    assert main([*train, "--output", str(tmp_path / "run")]) == 0
    found = TCN.from_preset(tmp_path / "run" / "best").evaluate_on(sample("sales"), "test")
    assert found["scaled_error"] < 0.4 < found["last_value_scaled_error"]
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "run" / "best"), str(sample("sales") / "sales.csv")]) == 0
    days = capsys.readouterr().out.splitlines()[1:]
    assert [day.split(",")[0] for day in days] == [f"2025-01-{day:02}" for day in range(1, 15)]
    promoted, weeks_before = (sum(float(day.split(",")[2]) for day in days[first : first + 4]) for first in (8, 1))
    assert promoted > 1.2 * weeks_before
