from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from arviz_plots import PlotCollection

from bayes_leaks.errors import ParameterError
from bayes_leaks.plots import plot_timeline
from bayes_leaks.plots.rows import Rows
from bayes_leaks.plots.ticks import calendar_ticks
from bayes_leaks.record import LeakHistory, load_iss

KINDS = ("progress", "soyuz")


def fleet(n_leaks: int = 0, **columns: list[str]) -> LeakHistory:
    """Fifty assets a year apart, each exposed for two years; the first ones leak."""
    start = np.arange(50.0)
    ids = [f"a{i:02d}" for i in range(50)]
    assets = pd.DataFrame({"asset_id": ids, "start": start, "end": start + 2, **columns})
    events = pd.DataFrame({"asset_id": ids[:n_leaks], "time": start[:n_leaks] + 1})
    return LeakHistory.from_frames(assets, events, name="fleet")


def panel(plot: PlotCollection, function: str) -> list[dict]:
    return [item for item in plot.viz["plot"].item() if item["function"] == function]


def bars(plot: PlotCollection) -> dict[tuple[str, str], np.ndarray]:
    """Start, end and row of each bar, by kind and batch."""
    found = {}
    for (kind, batch), line in _artists(plot.viz["exposure"]["exposure"]).items():
        x, y = (line[key].reshape(-1, 3) for key in "xy")
        drawn = ~np.isnan(x[:, 0])
        assert np.isnan(x[:, 2]).all()
        np.testing.assert_array_equal(y[drawn, 0], y[drawn, 1])
        found[kind, batch] = np.column_stack([x[drawn, :2], y[drawn, 0]])
    return found


def _artists(artists: xr.DataArray) -> dict[tuple[str, str], dict]:
    return {
        (str(kind), str(batch)): artists.sel(kind=kind, batch=batch).item()
        for kind in artists["kind"].values
        for batch in artists["batch"].values
        if artists.sel(kind=kind, batch=batch).item() is not None
    }


@pytest.mark.parametrize("rule", ["half-year", "family"])
def test_bars_are_the_exposures_of_the_record(rule: str) -> None:
    history = load_iss(batches=rule)
    leaking = {history.batch[asset] for asset in history.event_asset}
    drawn = bars(plot_timeline(history, backend="none"))
    for kind in KINDS:
        for batch, shared in (("batch without a leak", False), ("batch with a leak", True)):
            expected = [
                (history.start[i], history.end[i])
                for i in range(history.n_assets)
                if history.kind[i] == kind and (history.batch[i] in leaking) == shared
            ]
            np.testing.assert_array_equal(drawn[kind, batch][:, :2], sorted(expected))
    rows = np.concatenate([bar[:, 2] for bar in drawn.values()])
    assert np.unique(rows).size == history.n_assets


def test_blocks_follow_each_other_and_start_order_goes_down() -> None:
    drawn = bars(plot_timeline(load_iss(), backend="none"))
    blocks = [
        np.concatenate([bar for key, bar in drawn.items() if key[0] == kind]) for kind in KINDS
    ]
    for block in blocks:
        by_start = block[np.argsort(block[:, 0])]
        assert (np.diff(by_start[:, 2]) < 0).all()
    assert blocks[0][:, 2].min() > blocks[1][:, 2].max() + 1


def test_shade_is_darker_for_a_batch_with_a_leak() -> None:
    plot = plot_timeline(load_iss(), backend="none")
    lines = _artists(plot.viz["exposure"]["exposure"])
    for kind in KINDS:
        light, dark = (lines[kind, f"batch {word} a leak"] for word in ("without", "with"))
        assert light["color"] == dark["color"]
        assert light["alpha"] < dark["alpha"] == 1
        assert light["width"] < dark["width"]
    assert lines["progress", "batch with a leak"]["color"] != light["color"]


def test_leaks_lie_on_their_assets_bars_and_are_named() -> None:
    history = load_iss()
    plot = plot_timeline(history, backend="none")
    dots = plot.viz["leak"]["leak"].item()
    np.testing.assert_array_equal(dots["x"], history.event_time)
    every = np.concatenate(list(bars(plot).values()))
    for asset, height in zip(history.event_asset, dots["y"], strict=True):
        bar = every[every[:, 2] == height]
        np.testing.assert_array_equal(bar[:, :2], [[history.start[asset], history.end[asset]]])
    assert [text["string"].strip() for text in plot.viz["leak_label"]["leak_label"].values] == [
        "soyuz-ms-22, 2022-12-15, batch 2022H2",
        "progress-ms-21, 2023-02-11, batch 2022H2",
    ]
    assert [line["x"] for line in panel(plot, "vline")] == history.event_time.tolist()


def test_labels_stand_apart_and_beside_the_bars() -> None:
    rows = Rows.of(fleet(n_leaks=12), first=0.0)
    labels = rows.labels()
    assert labels.align == "left"
    heights = np.sort(labels.places[:, 1])
    assert (np.diff(heights) * rows.row_inches >= 0.2 - 1e-9).all()
    assert heights[0] > rows.span[0]
    for x, y in labels.places:
        beside = np.abs(rows.height - y) < 0.1 / rows.row_inches
        assert (x > rows.history.end[beside]).all()


def test_labels_near_the_lower_edge_move_up() -> None:
    times = np.full(50, np.inf)
    times[-8:] = np.arange(42.0, 50.0) + 1
    rows = Rows.of(fleet().with_leak_times(times), first=0.0)
    labels = rows.labels()
    heights = labels.places[:, 1]
    assert labels.align == "right"
    assert heights.min() > rows.span[0]
    assert (np.diff(heights) < 0).all()
    assert (-np.diff(heights) * rows.row_inches >= 0.2 - 1e-9).all()


def test_labels_never_cover_the_names_of_rows() -> None:
    assets = pd.DataFrame({"asset_id": ["a", "b"], "start": [0, 0.2], "end": [1.0, 1.0]})
    events = pd.DataFrame({"asset_id": ["a", "b"], "time": [0.8, 0.9]})
    rows = Rows.of(LeakHistory.from_frames(assets, events), first=0.0)
    labels = rows.labels()
    assert labels.align == "left"
    assert (labels.places[:, 0] > 1).all()


def test_many_leaks_have_dots_without_labels() -> None:
    plot = plot_timeline(fleet(n_leaks=13), backend="none")
    assert plot.viz["leak"]["leak"].item()["x"].size == 13
    assert "leak_label" not in plot.viz.children
    assert not panel(plot, "vline")


def test_no_leaks() -> None:
    plot = plot_timeline(fleet(), backend="none")
    assert "leak" not in plot.viz.children
    assert len(np.concatenate(list(bars(plot).values()))) == 50


def test_title_says_what_is_shown() -> None:
    (title,) = panel(plot_timeline(load_iss(), backend="none"), "title")
    assert title["string"] == (
        "ISS coolant leaks: 147 assets, 61.35 asset-years, 2 leaks\n"
        "2000-08-06 to 2023-02-22; batch rule: half-year"
    )
    (title,) = panel(plot_timeline(fleet(n_leaks=1), since=40, backend="none"), "title")
    assert title["string"] == (
        "fleet: 50 assets, 100.00 asset-years, 1 leak\n0 to 51 (shown from 40); batch rule: none"
    )
    with_batches = fleet(batch=["b"] * 50)
    (title,) = panel(plot_timeline(with_batches, backend="none"), "title")
    assert title["string"].endswith("batch rule: given with the assets")


def test_since_shows_only_later_exposure_and_leaks() -> None:
    history = load_iss()
    plot = plot_timeline(history, since="2023-01-01", backend="none")
    first = history.to_years("2023-01-01")
    every = np.concatenate(list(bars(plot).values()))
    assert len(every) == (history.end > first).sum()
    assert (every[:, 1] > first).all()
    (limits,) = panel(plot, "xlim")
    assert limits["lims"][0] == pytest.approx(first, abs=0.01)
    np.testing.assert_array_equal(plot.viz["leak"]["leak"].item()["x"], history.event_time[1:])
    (ticks,) = panel(plot, "yticks")
    assert ticks["labels"][-1] == "soyuz-ms-22"


def test_axis_is_calendar_time_only_where_the_record_has_dates() -> None:
    (ticks,) = panel(plot_timeline(load_iss(), backend="none"), "xticks")
    assert ticks["labels"][:2] == ["2002", "2004"]
    assert ticks["ticks"][0] == load_iss().to_years("2002-01-01")
    plain = plot_timeline(fleet(), backend="none")
    assert not panel(plain, "xticks")
    assert [label["string"] for label in panel(plain, "xlabel")] == ["time (years)"]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (0.0, 30.0, "2000"),
        (0.1, 1.1, "2000-03"),
        (0.1, 0.2, "2000-02-09"),
        (0.1, 0.104, "2000-02-06T16:00"),
    ],
)
def test_ticks_are_as_precise_as_they_need(first: float, last: float, expected: str) -> None:
    ticks, labels = calendar_ticks(first, last, datetime(2000, 1, 1, tzinfo=UTC))
    assert expected in labels
    assert len(set(labels)) == len(labels) <= 16
    assert first <= min(ticks) and max(ticks) <= last


def test_visuals_change_or_leave_away_parts() -> None:
    plot = plot_timeline(
        load_iss(), backend="none", visuals={"leak_label": False, "leak": {"size": 99}}
    )
    assert "leak_label" not in plot.viz.children
    assert plot.viz["leak"]["leak"].item()["size"] == 99


def test_aesthetics_can_be_chosen() -> None:
    plot = plot_timeline(load_iss(), backend="none", color=["red", "black"])
    lines = _artists(plot.viz["exposure"]["exposure"])
    assert lines["progress", "batch with a leak"]["color"] == "red"


def test_draws_into_a_given_collection() -> None:
    own = PlotCollection.grid(xr.Dataset({"nothing": 0.0}), backend="none")
    plot = plot_timeline(load_iss(), plot_collection=own)
    assert plot is own
    assert len(np.concatenate(list(bars(own).values()))) == 147


def test_large_fleet_is_few_artists() -> None:
    start = np.linspace(0, 50, 20_000)
    ids = [f"a{i}" for i in range(start.size)]
    assets = pd.DataFrame({"asset_id": ids, "start": start, "end": start + 1})
    plot = plot_timeline(LeakHistory.from_frames(assets, None), backend="none")
    assert len(panel(plot, "line")) == 1
    assert len(np.concatenate(list(bars(plot).values()))) == 20_000


def test_bad_input() -> None:
    with pytest.raises(ParameterError, match="history: is a dict, must be a LeakHistory"):
        plot_timeline({}, backend="none")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="since: no asset is exposed after '2030-01-01'; the"):
        plot_timeline(load_iss(), since="2030-01-01", backend="none")
    with pytest.raises(ParameterError, match="backend: 'svg' is not a plotting backend"):
        plot_timeline(load_iss(), backend="svg")
    with pytest.raises(ParameterError, match="visuals: 'leaks' is not part of this plot"):
        plot_timeline(load_iss(), visuals={"leaks": False})  # type: ignore[dict-item]


@pytest.mark.usefixtures("agg")
@pytest.mark.parametrize("since", [None, "2021-01-01"])
def test_bars_end_sharply_and_labels_fit_in_matplotlib(since: str | None) -> None:
    plot = plot_timeline(load_iss(), since=since, backend="matplotlib")
    axes = plot.viz["plot"].item()
    lines = _artists(plot.viz["exposure"]["exposure"]).values()
    assert {line.get_solid_capstyle() for line in lines} == {"butt"}
    plot.viz["figure"].item().canvas.draw()
    texts = [text.get_window_extent() for text in axes.texts]
    assert len(texts) == 2
    assert not texts[0].overlaps(texts[1])
    assert all(axes.bbox.x0 < text.x0 and text.x1 < axes.bbox.x1 for text in texts)
