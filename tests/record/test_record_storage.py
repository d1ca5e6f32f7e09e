"""A record goes into files and comes back the same."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayes_leaks.errors import StoredResultError
from bayes_leaks.record import LeakHistory, load_iss


@pytest.fixture
def history() -> LeakHistory:
    """A small record with every sort of mark."""
    assets = pd.DataFrame(
        {
            "asset_id": ["ä", "long name", "c"],
            "start": ["2020-01-01T00:00:00.000001Z", "2020-02-01", "2020-03-01"],
            "end": ["2021-01-01", "", "2021-06-01"],
            "batch": ["x", "x", "y"],
            "weight": [1, 0.1, 3],
        }
    )
    events = pd.DataFrame(
        {
            "asset_id": ["c", "ä"],
            "time": ["2020-05-01T10:30Z", "2020-04-01"],
            "hole_mm_low": [0.5, None],
            "reported_cause": ["external_impact", None],
            "crew": [3, None],
            "sealed": [True, False],
            "nothing": [None, None],
        }
    )
    return LeakHistory.from_frames(
        assets, events, start="2019-01-01", end="2022-01-01", name="small", source="made up"
    )


def same(one: LeakHistory, other: LeakHistory) -> None:
    """Assert that two histories are equal in every field, to the last bit."""
    for field in LeakHistory.__dataclass_fields__:
        mine, theirs = getattr(one, field), getattr(other, field)
        if isinstance(mine, np.ndarray):
            np.testing.assert_array_equal(mine, theirs)
        elif isinstance(mine, pd.DataFrame):
            pd.testing.assert_frame_equal(mine, theirs)
        else:
            assert mine == theirs, field


def through_zarr(dataset: xr.Dataset, folder: Path) -> xr.Dataset:
    dataset.to_zarr(folder / "record.zarr", consolidated=False)
    return xr.open_zarr(folder / "record.zarr", consolidated=False, chunks=None).load()


def test_a_record_survives_zarr(history: LeakHistory, tmp_path: Path) -> None:
    same(LeakHistory.from_dataset(through_zarr(history.to_dataset(), tmp_path)), history)


def test_a_record_without_leaks_survives_zarr(history: LeakHistory, tmp_path: Path) -> None:
    for name, quiet in {
        "no marks": history.with_leak_times(np.full(history.n_assets, np.inf)),
        "marks": history.until("2020-03-15"),
    }.items():
        (tmp_path / name).mkdir()
        restored = LeakHistory.from_dataset(through_zarr(quiet.to_dataset(), tmp_path / name))
        assert restored.n_events == 0
        same(restored, quiet)


def test_the_shipped_record_survives_zarr(tmp_path: Path) -> None:
    history = load_iss("2025-12-31", nauka=True)
    same(LeakHistory.from_dataset(through_zarr(history.to_dataset(), tmp_path)), history)


def test_a_record_in_numbers_survives(history: LeakHistory) -> None:
    assets = pd.DataFrame({"asset_id": ["a"], "start": [0.1], "end": [0.7]})
    plain = LeakHistory.from_frames(assets, None)
    same(LeakHistory.from_dataset(plain.to_dataset()), plain)
    assert "time_zero" not in plain.to_dataset()["start"].attrs


def test_the_dataset_names_its_units(history: LeakHistory) -> None:
    dataset = history.to_dataset()
    assert dict(dataset.sizes) == {"asset": 3, "event": 2}
    assert dataset["event"].values.tolist() == ["ä", "c"]
    for name in ("start", "end", "leak_time", "event_time"):
        assert dataset[name].attrs["units"] == "years"
        assert dataset[name].attrs["time_zero"] == "2000-01-01T00:00:00+00:00"
    assert dataset["mark_hole_mm_low"].attrs["units"] == "mm"
    assert all("long_name" in variable.attrs for variable in dataset.variables.values())
    assert dataset.attrs["exposure"] == history.exposure
    assert dataset.attrs["digest"] == history.digest


def test_a_changed_dataset_is_refused(history: LeakHistory) -> None:
    dataset = history.to_dataset()
    dataset["weight"] = dataset["weight"] * 2
    with pytest.raises(StoredResultError, match="leak history was changed after it was stored"):
        LeakHistory.from_dataset(dataset)


def test_another_dataset_is_refused(history: LeakHistory) -> None:
    dataset = history.to_dataset().drop_vars("batch")
    del dataset.attrs["epoch"]
    with pytest.raises(StoredResultError, match="does not hold a leak history: batch, epoch miss"):
        LeakHistory.from_dataset(dataset)


def test_frames_come_back_the_same(history: LeakHistory) -> None:
    frames = history.to_frames()
    restored = LeakHistory.from_frames(
        *frames, start="2019-01-01", end="2022-01-01", name="small", source="made up"
    )
    same(restored, history)


def test_frames_of_a_record_without_batches_have_no_batch_column() -> None:
    assets = pd.DataFrame({"asset_id": ["a"], "start": [0.1], "end": [0.7]})
    plain = LeakHistory.from_frames(assets, None)
    same(LeakHistory.from_frames(*plain.to_frames()), plain)


def test_files_come_back_the_same(history: LeakHistory, tmp_path: Path) -> None:
    paths = tmp_path / "assets.csv", tmp_path / "events.csv"
    history.to_csv(*paths)
    restored = LeakHistory.from_csv(*paths, end="2022-01-01")
    assert restored.digest == history.digest
    assert (restored.name, restored.source) == ("assets", "assets.csv and events.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["assets.csv", "events.csv"]


def test_a_file_that_cannot_be_written_leaves_the_others_as_they_were(
    history: LeakHistory, tmp_path: Path
) -> None:
    assets = tmp_path / "assets.csv"
    assets.write_text("before", encoding="utf-8")
    with pytest.raises(FileNotFoundError):
        history.to_csv(assets, tmp_path / "no folder" / "events.csv")
    assert assets.read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["assets.csv"]


def test_marks_keep_numbers_as_numbers_and_the_rest_as_text(history: LeakHistory) -> None:
    marks = history.marks
    np.testing.assert_array_equal(marks["crew"], [np.nan, 3.0])
    assert marks["sealed"].tolist() == ["False", "True"]
    assert marks["reported_cause"].tolist() == ["", "external_impact"]
    assert marks["nothing"].tolist() == ["", ""]


def test_csv_columns_without_a_name_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "assets.csv"
    path.write_text(",asset_id,start,end\n0,a,1,2\n", encoding="utf-8-sig")
    assert LeakHistory.from_csv(path, None).asset_id == ("a",)


def test_csv_marks_are_numbers_when_all_of_them_are(tmp_path: Path) -> None:
    assets, events = tmp_path / "assets.csv", tmp_path / "events.csv"
    assets.write_text("asset_id,start,end\na,1,2\nb,1,2\n", encoding="utf-8")
    events.write_text("asset_id,time,crew,serial\na,1.5,3,7\nb,1.6,,7a\n", encoding="utf-8")
    marks = LeakHistory.from_csv(assets, events).marks
    np.testing.assert_array_equal(marks["crew"], [3.0, np.nan])
    assert marks["serial"].tolist() == ["7", "7a"]
