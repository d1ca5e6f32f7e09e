"""Every rule of a record, with its message."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayes_leaks.errors import ParameterError, RecordError
from bayes_leaks.record import LeakHistory

ASSETS = "asset_id,start,end\nship-1,2020-01-01,2021-01-01\nship-2,2020-03-01,\n"
EVENTS = "asset_id,time\nship-1,2020-06-01T12:00Z\n"
END = "2022-01-01"


def problems_of(folder: Path, assets: str, events: str, **arguments: object) -> tuple[str, ...]:
    """Read two CSV texts that are not a record, and give the problems."""
    (folder / "assets.csv").write_text(assets, encoding="utf-8")
    (folder / "events.csv").write_text(events, encoding="utf-8")
    with pytest.raises(RecordError) as caught:
        LeakHistory.from_csv(folder / "assets.csv", folder / "events.csv", **arguments)
    return caught.value.problems


CASES = {
    "missing column": (
        "asset_id,start\na,2020-01-01\n",
        "asset_id,time\n",
        END,
        "assets.csv: column end is missing. Columns found: asset_id, start.",
    ),
    "missing column of events": (
        ASSETS,
        "asset_id,when\nship-1,2020-06-01\n",
        END,
        "events.csv: column time is missing. Columns found: asset_id, when.",
    ),
    "misspelt column": (
        "asset_id,start,end,Weights\na,2020-01-01,2021-01-01,2\n",
        "asset_id,time\n",
        END,
        "assets.csv, column Weights: looks like weight, which the table does not have. "
        "Rename it to weight, or to something less alike.",
    ),
    "column twice": (
        "asset_id,start,end,end\na,2020-01-01,2021-01-01,2021-01-01\n",
        "asset_id,time\n",
        END,
        "assets.csv, column end: the column is there twice. Keep one.",
    ),
    "duplicate id": (
        ASSETS + "ship-1,2020-05-01,2020-06-01\n",
        EVENTS,
        END,
        "assets.csv, line 4, column asset_id: 'ship-1' is already in line 2. "
        "Give every asset one row.",
    ),
    "empty id": (
        ASSETS + ",2020-05-01,2020-06-01\n",
        EVENTS,
        END,
        "assets.csv, line 4, column asset_id: is empty. Give every asset a name.",
    ),
    "unknown id": (
        ASSETS,
        EVENTS + "ship-9,2020-07-01\n",
        END,
        "events.csv, line 3, column asset_id: 'ship-9' is not in assets.csv.",
    ),
    "event without asset": (
        ASSETS,
        EVENTS + ",2020-07-01\n",
        END,
        "events.csv, line 3, column asset_id: is empty. Name the asset that leaked.",
    ),
    "end before start": (
        ASSETS + "ship-3,2020-05-01,2020-05-01\n",
        EVENTS,
        END,
        "assets.csv, line 4, column end: '2020-05-01' is not after start '2020-05-01'.",
    ),
    "event at the start": (
        ASSETS,
        "asset_id,time\nship-1,2020-01-01\n",
        END,
        "events.csv, line 2, column time: '2020-01-01' is outside the exposure of 'ship-1', "
        "2020-01-01 to 2021-01-01. A leak comes after the start and not after the end.",
    ),
    "event after the asset's end": (
        ASSETS,
        "asset_id,time\nship-1,2021-01-02\n",
        END,
        "events.csv, line 2, column time: '2021-01-02' is outside the exposure of 'ship-1', "
        "2020-01-01 to 2021-01-01. A leak comes after the start and not after the end.",
    ),
    "event after the window": (
        ASSETS,
        EVENTS + "ship-2,2022-02-01\n",
        END,
        "events.csv, line 3, column time: '2022-02-01' is an event after the window. "
        "Move end= to or after it, or leave the event out.",
    ),
    "two events on one asset": (
        ASSETS,
        EVENTS + "ship-1,2020-07-01\n",
        END,
        "events.csv, line 3, column asset_id: 'ship-1' already leaked in line 2. An asset leaks "
        "at most once; enter a repaired asset as a new one.",
    ),
    "not a date": (
        ASSETS,
        EVENTS + "ship-2,2023-13-01\n",
        END,
        "events.csv, line 3, column time: '2023-13-01' is not a date. "
        "Write ISO 8601, for example 2023-02-11T09:15Z.",
    ),
    "infinite time": (
        "asset_id,start,end\na,1.0,inf\n",
        "asset_id,time\n",
        5.0,
        "assets.csv, line 2, column end: 'inf' is not finite. "
        "Leave an end empty where the asset is still exposed.",
    ),
    "empty start": (
        ASSETS + "ship-3,,2021-01-01\n",
        EVENTS,
        END,
        "assets.csv, line 4, column start: is empty. "
        "Every asset needs the time its exposure begins.",
    ),
    "empty time": (
        ASSETS,
        EVENTS + "ship-2,\n",
        END,
        "events.csv, line 3, column time: is empty. Every event needs the time of the leak.",
    ),
    "naive against zoned": (
        ASSETS,
        EVENTS + "ship-2,2020-07-01T00:00\n",
        END,
        "times must be all with or all without a time zone: '2020-06-01T12:00Z' (events.csv, "
        "line 2, column time) has one, '2020-07-01T00:00' (events.csv, line 3, column time) has "
        "none. Add Z to times in UTC.",
    ),
    "naive end": (
        ASSETS,
        EVENTS,
        "2022-01-01T00:00",
        "times must be all with or all without a time zone: '2020-06-01T12:00Z' (events.csv, "
        "line 2, column time) has one, '2022-01-01T00:00' (argument end) has none. "
        "Add Z to times in UTC.",
    ),
    "numbers with dates": (
        ASSETS,
        "asset_id,time\nship-1,20.5\n",
        END,
        "times must be all dates or all numbers: '20.5' (events.csv, line 2, column time) is a "
        "number, '2022-01-01' (argument end) is a date.",
    ),
    "weight of nothing": (
        "asset_id,start,end,weight\na,2020-01-01,2021-01-01,0\n",
        "asset_id,time\n",
        END,
        "assets.csv, line 2, column weight: '0' is not a weight. "
        "Write a finite number above 0; 1 is the ordinary asset.",
    ),
    "infinite weight": (
        "asset_id,start,end,weight\na,2020-01-01,2021-01-01,inf\n",
        "asset_id,time\n",
        END,
        "assets.csv, line 2, column weight: 'inf' is not a weight. "
        "Write a finite number above 0; 1 is the ordinary asset.",
    ),
    "weight in words": (
        "asset_id,start,end,weight\na,2020-01-01,2021-01-01,heavy\n",
        "asset_id,time\n",
        END,
        "assets.csv, line 2, column weight: 'heavy' is not a weight. "
        "Write a finite number above 0; 1 is the ordinary asset.",
    ),
    "empty batch": (
        "asset_id,start,end,batch\na,2020-01-01,2021-01-01,\n",
        "asset_id,time\n",
        END,
        "assets.csv, line 2, column batch: is empty. "
        "Name a batch for every asset, or leave the column out.",
    ),
    "no assets": (
        "asset_id,start,end\n",
        "asset_id,time\n",
        END,
        "assets.csv: has no rows. A record needs at least one asset.",
    ),
    "open end without end": (
        ASSETS,
        EVENTS,
        None,
        "assets.csv, column end: 1 empty, the first in line 3. "
        "Pass end=, the time at which the observation ends.",
    ),
    "bad end": (
        ASSETS,
        EVENTS,
        "tomorrow",
        "argument end: 'tomorrow' is not a date. Write ISO 8601, for example 2023-02-11T09:15Z.",
    ),
    "hole of no size": (
        ASSETS,
        "asset_id,time,hole_mm_best\nship-1,2020-06-01,-1\n",
        END,
        "events.csv, line 2, column hole_mm_best: '-1' is not a hole size. "
        "Write a diameter in mm above 0, or leave it empty.",
    ),
    "hole in words": (
        ASSETS,
        "asset_id,time,hole_mm_best\nship-1,2020-06-01,small\n",
        END,
        "events.csv, line 2, column hole_mm_best: 'small' is not a number.",
    ),
    "holes out of order": (
        ASSETS,
        "asset_id,time,hole_mm_low,hole_mm_best,hole_mm_high\nship-1,2020-06-01,2,,1\n",
        END,
        "events.csv, line 2, columns hole_mm_low, hole_mm_best, hole_mm_high: 2 > 1 is out of "
        "order. Sizes must rise from low over best to high.",
    ),
    "slash in a column": (
        ASSETS,
        "asset_id,time,mass/kg\nship-1,2020-06-01,2\n",
        END,
        "events.csv, column mass/kg: a column's name must not hold '/'. "
        "Rename it, for example to mass_per_kg.",
    ),
    "unquoted comma": (
        ASSETS,
        "asset_id,time,note\nship-1,2020-06-01,red, wet\n",
        END,
        "events.csv, line 2: has 4 fields where the header has 3. Quote fields that hold a comma.",
    ),
    "no header": (
        "",
        EVENTS,
        END,
        "assets.csv: has no header. Its first line must name the columns.",
    ),
    "every asset too late": (
        ASSETS,
        "asset_id,time\n",
        "2019-01-01",
        "assets.csv: no asset is left, because every exposure begins before start= or not before "
        "end=.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_problem_gives_one_message(tmp_path: Path, case: str) -> None:
    assets, events, end, message = CASES[case]
    assert problems_of(tmp_path, assets, events, end=end) == (message,)


def test_start_after_the_end_is_refused(tmp_path: Path) -> None:
    found = problems_of(tmp_path, ASSETS, EVENTS, start="2023-01-01", end=END)
    assert found == ("argument start: '2023-01-01' is not before the end of the observation.",)


def test_problems_of_both_tables_are_reported_together(tmp_path: Path) -> None:
    assets = "asset_id,start,end,weight\na,2020-01-01,2019-01-01,1\na,2020-01-01,2021-01-01,-2\n"
    events = "asset_id,time,hole_mm_best\nb,2020-06-01,1\na,soon,0\n"
    found = problems_of(tmp_path, assets, events)
    places = [re.match(r"\w+\.csv, line \d, column \w+", problem)[0] for problem in found]
    assert sorted(places) == [
        "assets.csv, line 2, column end",
        "assets.csv, line 3, column asset_id",
        "assets.csv, line 3, column weight",
        "events.csv, line 2, column asset_id",
        "events.csv, line 3, column hole_mm_best",
        "events.csv, line 3, column time",
    ]


def test_the_error_lists_and_counts_its_problems(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^the record has 2 problems:\n  - .*\n  - .*$"):
        LeakHistory.from_csv(tmp_path / "none.csv", tmp_path / "nothing.csv", end=END)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"none\.csv: there is no such file\. Check the path"):
        LeakHistory.from_csv(tmp_path / "none.csv", None, end=END)


def test_a_folder_is_not_a_table(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"cannot be read \(Is a directory\)"):
        LeakHistory.from_csv(tmp_path, None, end=END)


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "assets.csv").write_text("asset_id,start,end\nschön,1,2\n", encoding="latin-1")
    with pytest.raises(RecordError, match=r"assets\.csv: is not UTF-8 text\. Save the table"):
        LeakHistory.from_csv(tmp_path / "assets.csv", None)


def test_unclosed_quotes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "assets.csv").write_text('asset_id,start,end\n"a,1,2\n', encoding="utf-8")
    with pytest.raises(RecordError, match=r"assets\.csv: is not a CSV file \(unexpected end"):
        LeakHistory.from_csv(tmp_path / "assets.csv", None)


def test_line_numbers_count_blank_lines_and_line_breaks_in_fields(tmp_path: Path) -> None:
    events = 'asset_id,time,note\n\nship-1,2020-06-01,"two\nlines"\n,,\nship-9,2020-06-01,\n'
    assert problems_of(tmp_path, ASSETS, events, end=END) == (
        "events.csv, line 6, column asset_id: 'ship-9' is not in assets.csv.",
    )


def test_frames_are_named_by_table_and_row_label() -> None:
    assets = pd.DataFrame(
        {"asset_id": ["a", "b"], "start": [1.0, 2.0], "end": [2.0, 1.0]}, index=["x", "y"]
    )
    with pytest.raises(RecordError, match=r"assets, row y, column end: '1' is not after start '2'"):
        LeakHistory.from_frames(assets, None)


def test_a_path_is_not_a_frame() -> None:
    with pytest.raises(ParameterError, match="assets must be a pandas DataFrame, found str"):
        LeakHistory.from_frames("assets.csv", None)


@pytest.mark.parametrize("value", [True, np.bool_(False), [1], object()])
def test_things_that_are_no_times_are_refused(value: object) -> None:
    assets = pd.DataFrame({"asset_id": ["a"], "start": pd.Series([value], dtype=object), "end": 9})
    with pytest.raises(RecordError, match=r"assets, row 0, column start: .* is not a date"):
        LeakHistory.from_frames(assets, None)
