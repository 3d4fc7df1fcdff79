"""What the picture of a forecast shows."""

import numpy as np

from dilatednets.plots.figure import figure
from dilatednets.plots.forecast import draw_forecast


def test_the_forecast_goes_on_where_the_series_ends():
    _, (ax,) = figure([300])
    times = np.arange("2024-01-01", "2024-04-01", dtype="datetime64[D]")
    values = np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]])
    draw_forecast(ax, (times, np.arange(91.0)), ["2024-04-01", "2024-04-02"], values, (0.1, 0.5, 0.9), "sold")
    known, forecast = ax.get_lines()
    assert len(known.get_xdata()) == 40 and known.get_ydata()[-1] == 90
    assert forecast.get_ydata().tolist() == [90, 2, 3] and forecast.get_xdata()[1] == np.datetime64("2024-04-01")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["known", "forecast", "quantiles 0.1 to 0.9"]
    assert ax.get_title(loc="left") == "sold"
