"""What charts.py works out: scales that people count in, bars in their place."""

import pytest

from clientline.backoffice.money.charts import BAR_HEIGHT, HEIGHT, MOST_BARS, Point, Scale, draw_bars, draw_columns


def points(*values):
    return [Point(label=f"p{index}", value=value, text=str(value), title="t") for index, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([], [0, 1]),
        ([0], [0, 1]),
        ([7], [0, 2, 4, 6, 8]),
        ([1541], [0, 500, 1000, 1500, 2000]),
        ([-30, 90], [-50, 0, 50, 100]),
        ([-5], [-6, -4, -2, 0, 2]),
        ([99999999], [0, 50_000_000, 100_000_000]),
    ],
)
def test_a_scale_holds_every_value_in_round_steps(values, ticks):
    assert Scale(values).ticks == ticks


def test_columns_stand_on_zero_and_fill_the_width():
    chart = draw_columns(points(50, None, -50, 100), str)
    zero = chart["zero"]
    assert zero == pytest.approx(HEIGHT * 2 / 3, abs=0.01)
    assert [bar["x"] for bar in chart["bars"]] == [2.5, 27.5, 52.5, 77.5]
    assert {bar["width"] for bar in chart["bars"]} == {20.0}
    assert [round(bar["height"]) for bar in chart["bars"]] == [67, 0, 67, 133]
    assert [bar["y"] for bar in chart["bars"]] == [pytest.approx(66.67), zero, zero, 0]


def test_a_year_of_days_has_few_labels_and_every_bar():
    chart = draw_columns(points(*range(366)), str)
    assert len(chart["bars"]) == 366
    assert [label["text"] for label in chart["labels"]] == ["p0", "p74", "p148", "p222", "p296"]


def test_lying_bars_are_the_largest_first():
    chart = draw_bars(points(*range(MOST_BARS + 3)))
    assert (len(chart["bars"]), chart["left_out"]) == (MOST_BARS, 3)
    assert [bar["label"] for bar in chart["bars"]][:2] == ["p27", "p26"]
    assert chart["height"] == MOST_BARS * BAR_HEIGHT
    assert draw_bars([])["height"] == 0
