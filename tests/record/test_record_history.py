"""What a valid record means: exposure, window, cohort, marks."""

import pickle
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_leaks.errors import ParameterError, RecordError
from bayes_leaks.record import LeakHistory


def numbers() -> LeakHistory:
    """Three assets in plain years; the second and then the first leak."""
    assets = pd.DataFrame(
        {
            "asset_id": ["a", "b", "c"],
            "start": [0.0, 0.5, 2.0],
            "end": [1.0, None, 9.0],
            "kind": ["soyuz", "soyuz", ""],
            "batch": ["x", "y", "x"],
            "weight": [1.0, 2.0, 0.5],
        }
    )
    events = pd.DataFrame(
        {
            "asset_id": ["b", "a"],
            "time": [3.0, 1.0],
            "hole_mm_best": [12, None],
            "note": ["<b>", "n"],
        }
    )
    return LeakHistory.from_frames(assets, events, end=4.0, name="three")


def test_exposure_is_planned_and_weighted() -> None:
    history = numbers()
    np.testing.assert_array_equal(history.end, [1.0, 4.0, 4.0])
    assert history.exposure == 1.0 * 1.0 + 2.0 * 3.5 + 0.5 * 2.0
    assert history.window == (0.0, 4.0)


def test_leaks_cut_the_real_exposure_only() -> None:
    history = numbers()
    np.testing.assert_array_equal(history.leak_time, [1.0, 3.0, np.inf])
    np.testing.assert_array_equal(history.censor, [1.0, 3.0, 4.0])


def test_events_are_in_order_of_time_with_their_marks() -> None:
    history = numbers()
    np.testing.assert_array_equal(history.event_time, [1.0, 3.0])
    np.testing.assert_array_equal(history.event_asset, [0, 1])
    np.testing.assert_array_equal(history.marks["hole_mm_best"], [np.nan, 12.0])
    assert history.marks["note"].tolist() == ["n", "<b>"]


def test_batches_and_kinds() -> None:
    history = numbers()
    assert history.kind == ("soyuz", "soyuz", "asset")
    assert history.batch_names == ("x", "y")
    np.testing.assert_array_equal(history.batch_index, [0, 1, 0])
    assert history.batch_rule == "column"


def test_without_a_batch_column_every_asset_is_alone() -> None:
    assets = pd.DataFrame({"asset_id": [7, 8.0], "start": 0, "end": 1})
    history = LeakHistory.from_frames(assets, None)
    assert history.batch == history.asset_id == ("7", "8")
    assert history.batch_rule == "none"
    assert "the defect hypothesis sees only the ages at leak" in history.summary()


def test_the_last_planned_end_closes_the_window_by_default() -> None:
    assets = pd.DataFrame({"asset_id": ["a", "b"], "start": [0, 1], "end": [1.5, 7.25]})
    history = LeakHistory.from_frames(assets, pd.DataFrame(columns=["asset_id", "time"]))
    assert history.window == (0.0, 7.25)
    assert history.n_events == 0
    assert history.event_asset.dtype == np.int64


def test_assets_that_begin_after_the_window_are_dropped() -> None:
    assets = pd.DataFrame({"asset_id": ["a", "b"], "start": [0, 2], "end": [5, 5]})
    assert LeakHistory.from_frames(assets, None, end=2).asset_id == ("a",)


def test_the_cohort_leaves_out_older_assets_with_their_leaks() -> None:
    assets, events = numbers().to_frames()
    cohort = LeakHistory.from_frames(assets, events, start=0.5, end=4.0)
    assert cohort.asset_id == ("b", "c")
    assert [cohort.asset_id[asset] for asset in cohort.event_asset] == ["b"]
    assert cohort.n_left_out == 1
    assert "left out: 1 exposed before the cohort's start" in cohort.summary()


@pytest.mark.parametrize(
    "end",
    [
        "2001-01-01",
        "2001-01-01T00:00Z",
        "2001-01-01T03:00+03:00",
        date(2001, 1, 1),
        datetime(2001, 1, 1, tzinfo=UTC),
        pd.Timestamp("2001-01-01", tz="UTC"),
    ],
)
def test_dates_become_years_of_365_25_days_in_utc(end: object) -> None:
    assets = pd.DataFrame({"asset_id": ["a"], "start": ["1999-12-31T00:00Z"], "end": [None]})
    history = LeakHistory.from_frames(assets, None, end=end)
    np.testing.assert_allclose(history.start, [-1 / 365.25], rtol=1e-15)
    np.testing.assert_allclose(history.end, [366 / 365.25], rtol=1e-15)
    assert history.epoch == datetime(2000, 1, 1, tzinfo=UTC)


def test_timestamps_of_numpy_are_naive_and_read_as_utc() -> None:
    times = pd.to_datetime(["2000-01-01", "2000-01-02"])
    assets = pd.DataFrame({"asset_id": ["a"], "start": times[:1], "end": times[1:]})
    history = LeakHistory.from_frames(assets, None, end=np.datetime64("2000-01-02T00:00"))
    assert history.exposure == 1 / 365.25


@given(st.datetimes(min_value=datetime(1957, 1, 1), max_value=datetime(2060, 1, 1)))
def test_times_survive_the_way_to_years_and_back(moment: datetime) -> None:
    assets = pd.DataFrame({"asset_id": ["a"], "start": ["2000-01-01"], "end": ["2001-01-01"]})
    history = LeakHistory.from_frames(assets, None)
    written = moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    assert history.to_time(history.to_years(written)) == written


def test_to_time_gives_numbers_back() -> None:
    assert numbers().to_time(2.5) == 2.5


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ("2020-01-01", "this record's times are plain numbers of years, found '2020-01-01'"),
        ("soon", "time: 'soon' is not a date"),
        (None, "time: is empty"),
    ],
)
def test_to_years_refuses_other_times(time: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        numbers().to_years(time)


def test_until_gives_the_record_as_it_stood() -> None:
    earlier = numbers().until(2.0)
    assert earlier.asset_id == ("a", "b")
    np.testing.assert_array_equal(earlier.end, [1.0, 2.0])
    np.testing.assert_array_equal(earlier.leak_time, [1.0, np.inf])
    assert earlier.marks["note"].tolist() == ["n"]
    assert earlier.window == (0.0, 2.0)


def test_until_equals_building_with_that_end() -> None:
    assets, events = numbers().to_frames()
    built = LeakHistory.from_frames(assets, events[events["time"] <= 2.5], end=2.5)
    assert numbers().until(2.5).digest == built.digest


def test_until_keeps_indices_right_when_an_asset_before_the_leaker_goes() -> None:
    assets = pd.DataFrame({"asset_id": ["late", "a"], "start": [3, 0], "end": [5, 5]})
    events = pd.DataFrame({"asset_id": ["a"], "time": [1]})
    earlier = LeakHistory.from_frames(assets, events).until(2)
    assert earlier.asset_id[earlier.event_asset[0]] == "a"


def test_until_refuses_times_outside_the_record() -> None:
    with pytest.raises(ParameterError, match=r"end: '5' is after 4\.0, .* does not reach there"):
        numbers().until(5)
    with pytest.raises(ParameterError, match=r"end: '0' is not after 0\.0, when the first"):
        numbers().until(0)


def test_other_leaks_on_the_same_fleet() -> None:
    history = numbers().with_leak_times([np.inf, 4.0, 2.5])
    np.testing.assert_array_equal(history.event_asset, [2, 1])
    np.testing.assert_array_equal(history.leak_time, [np.inf, 4.0, 2.5])
    assert history.marks.shape == (2, 0)
    assert history.exposure == numbers().exposure


@pytest.mark.parametrize("time", [0.5, 4.5, np.nan, -np.inf])
def test_other_leaks_must_lie_in_the_exposure(time: float) -> None:
    with pytest.raises(RecordError, match=r"leak_time\[1\]: .* outside the exposure of 'b'"):
        numbers().with_leak_times([np.inf, time, np.inf])


def test_other_leaks_are_one_an_asset() -> None:
    with pytest.raises(RecordError, match=r"leak_time: has shape \(2,\), must be \(3,\)"):
        numbers().with_leak_times([np.inf, np.inf])


def test_other_batches() -> None:
    history = numbers().with_batches(["p", "p", "q"], rule="half-year")
    assert (history.batch, history.batch_rule) == (("p", "p", "q"), "half-year")
    with pytest.raises(RecordError, match="labels: has 1 batch names, must have 3"):
        numbers().with_batches(["p"])
    with pytest.raises(RecordError, match="labels: the batch name of 'b' is empty"):
        numbers().with_batches(["p", "", "q"])


@given(st.permutations(range(3)), st.permutations(range(2)))
def test_the_order_of_rows_changes_nothing(
    assets_order: list[int], events_order: list[int]
) -> None:
    history = numbers()
    assets, events = history.to_frames()
    shuffled = LeakHistory.from_frames(
        assets.iloc[assets_order], events.iloc[events_order], end=4.0
    )
    assert shuffled.digest == history.digest
    assert shuffled.exposure == pytest.approx(history.exposure, rel=1e-15)
    np.testing.assert_array_equal(shuffled.event_time, history.event_time)
    np.testing.assert_array_equal(shuffled.leak_time, history.leak_time[assets_order])


def changed(table: str, column: str, value: object) -> LeakHistory:
    frames = dict(zip(("assets", "events"), numbers().to_frames(), strict=True))
    frames[table].loc[0, column] = value
    return LeakHistory.from_frames(frames["assets"], frames["events"], end=4.0)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("assets", "start", 0.01),
        ("assets", "end", 1.01),
        ("assets", "weight", 1.01),
        ("assets", "batch", "z"),
        ("assets", "kind", "tug"),
        ("events", "time", 0.99),
        ("events", "note", "m"),
        ("events", "hole_mm_best", 3.0),
    ],
)
def test_the_digest_covers_every_column(table: str, column: str, value: object) -> None:
    assert changed(table, column, value).digest != numbers().digest


def test_the_digest_covers_the_window_but_no_names() -> None:
    assets = pd.DataFrame({"asset_id": ["a"], "start": [0], "end": [1]})
    plain = LeakHistory.from_frames(assets, None, end=2)
    assert plain.digest != LeakHistory.from_frames(assets, None, end=3).digest
    assert plain.digest == LeakHistory.from_frames(assets, None, end=2, name="n", source="s").digest


def test_a_history_cannot_be_changed() -> None:
    history = numbers()
    with pytest.raises(ValueError, match="read-only"):
        history.start[0] = 5.0
    with pytest.raises(AttributeError):
        history.name = "other"
    marks = history.marks
    marks.loc[0, "note"] = "changed"
    assert history.marks["note"].tolist() == ["n", "<b>"]


def test_a_history_is_not_made_directly() -> None:
    with pytest.raises(TypeError, match=r"Use LeakHistory\.from_frames"):
        LeakHistory()


def test_a_history_pickles() -> None:
    assert pickle.loads(pickle.dumps(numbers())).digest == numbers().digest


def test_the_summary_tells_the_record() -> None:
    assert numbers().summary().splitlines() == [
        "three",
        "source: not given",
        "window: 0.0 to 4.0",
        "assets: 3 (2 soyuz, 1 asset)",
        "exposure: 9.00 asset-years",
        "batches: 2, rule column",
        "events: 2",
        "  time  asset  batch  age (days)",
        "  1.0   a      x      365.2",
        "  3.0   b      y      913.1",
    ]
    assert repr(numbers()) == "<LeakHistory 'three': 3 assets, 2 events, 9 asset-years to 4.0>"


def test_markup_in_a_record_stays_text() -> None:
    nasty = "<script>alert('x')</script>"
    assets = pd.DataFrame(
        {"asset_id": [nasty], "start": [0], "end": [1], "kind": [nasty], "batch": [nasty]}
    )
    events = pd.DataFrame({"asset_id": [nasty], "time": [1]})
    history = LeakHistory.from_frames(assets, events, name=nasty, source=nasty)
    page = history._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 5
