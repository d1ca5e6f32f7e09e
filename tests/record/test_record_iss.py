"""The shipped record and its batch rules."""

import re
from datetime import UTC, datetime
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from bayes_leaks.errors import ParameterError
from bayes_leaks.record import BATCH_RULES, iss_sources, load_iss
from bayes_leaks.record.batches import batch_labels, family, half_year

LEAKERS = ("soyuz-ms-22", "progress-ms-21")


def batch_of(history, asset: str) -> str:
    return history.batch[history.asset_id.index(asset)]


def test_the_default_record() -> None:
    history = load_iss()
    assert history.n_assets == 147
    assert history.exposure == pytest.approx(61.35, abs=0.005)
    assert tuple(history.asset_id[asset] for asset in history.event_asset) == LEAKERS
    assert [history.to_time(time) for time in history.event_time] == [
        "2022-12-15T00:45:00Z",
        "2023-02-11T09:15:00Z",
    ]
    assert history.window[1] == history.to_years("2023-02-22")
    assert set(history.kind) == {"soyuz", "progress"}


def test_the_marks_of_the_two_leaks() -> None:
    marks = load_iss().marks
    np.testing.assert_array_equal(marks["hole_mm_best"], [0.8, 12.0])
    np.testing.assert_array_equal(marks["hole_mm_high"], [1.0, np.nan])
    assert marks["hole_mm_low"].isna().all()
    assert marks["reported_cause"].tolist() == ["external_impact"] * 2
    assert marks["source_group"].tolist() == ["roscosmos-energia"] * 2


def test_exposure_runs_from_launch_to_the_last_undocking() -> None:
    history = load_iss()
    ship = history.asset_id.index("progress-m1-3")
    assert history.to_time(history.start[ship]) == "2000-08-06T18:26:42Z"
    assert history.to_time(history.end[ship]) == "2000-11-01T04:04:49Z"


def test_the_leakers_share_a_half_year_but_no_family() -> None:
    half_years, families = load_iss(), load_iss(batches="family")
    assert {batch_of(half_years, ship) for ship in LEAKERS} == {"2022H2"}
    assert len({batch_of(families, ship) for ship in LEAKERS}) == 2
    assert (half_years.batch_rule, families.batch_rule) == ("half-year", "family")


@pytest.mark.parametrize("rule", BATCH_RULES)
def test_a_ships_batch_does_not_depend_on_the_window(rule: str) -> None:
    early, late = load_iss("2010-01-01", rule), load_iss("2025-12-31", rule)
    batches = dict(zip(late.asset_id, late.batch, strict=True))
    assert early.n_assets < late.n_assets == 163
    assert all(batches[ship] == early.batch[i] for i, ship in enumerate(early.asset_id))


def test_families_are_consecutive_fours() -> None:
    history = load_iss("2025-12-31", "family")
    sizes = pd.Series(history.batch).value_counts()
    assert sizes.max() == 4
    assert sorted(sizes[sizes < 4]) == [1, 2]
    assert len(sizes) == 19 + 23


def test_the_record_before_the_first_leak_has_none() -> None:
    history = load_iss("2022-12-15")
    assert (history.n_events, history.marks.shape) == (0, (0, 5))


def test_the_radiator_on_nauka_is_seen_only_later() -> None:
    assert load_iss(nauka=True).digest == load_iss().digest
    history = load_iss("2025-12-31", nauka=True)
    radiator = history.asset_id.index("nauka-rtod")
    assert (history.kind[radiator], history.weight[radiator]) == ("module-radiator", 1.0)
    assert history.to_time(history.start[radiator]) == "2023-05-12T00:00:00Z"
    assert history.to_time(history.leak_time[radiator]) == "2023-10-09T17:00:00Z"
    assert history.batch.count(history.batch[radiator]) == 1
    assert history.n_assets == load_iss("2025-12-31").n_assets + 1


def test_the_record_has_an_end() -> None:
    assert load_iss("2025-12-31T23:59Z").n_assets == 163
    with pytest.raises(ParameterError, match=r"until: .* through 2025-12-31\. end: '2026-01-02'"):
        load_iss("2026-01-02")


def test_unknown_batch_rules_are_refused() -> None:
    message = "batches: 'decade' is not a batch rule. Choose one of half-year, family."
    with pytest.raises(ParameterError, match=re.escape(message)):
        load_iss(batches="decade")


def test_every_source_key_of_the_fleet_is_listed() -> None:
    sources = iss_sources()
    assert list(sources.columns) == ["key", "title", "address"]
    assert sources["key"].is_unique
    path = resources.files("bayes_leaks.record").joinpath("data", "fleet.csv")
    with path.open(encoding="utf-8") as file:
        fleet = pd.read_csv(file, dtype=str, keep_default_na=False)
    used = {
        key
        for column in ("launch_source", "docked_start_source", "docked_end_source")
        for cell in fleet[column]
        for key in re.split(r"[ ;,+/]+", cell)
    }
    assert used - {"", "memory"} <= set(sources["key"])


def test_half_years_turn_on_the_first_of_july_in_utc() -> None:
    launched = [
        datetime(2022, 6, 30, 23, 59, tzinfo=UTC),
        datetime.fromisoformat("2022-07-01T02:00+03:00"),
        datetime(2022, 7, 1, tzinfo=UTC),
        datetime(2023, 1, 1, tzinfo=UTC),
    ]
    assert half_year(launched, ["a"] * 4) == ("2022H1", "2022H1", "2022H2", "2023H1")


def test_families_count_launches_not_rows() -> None:
    launched = [datetime(2020, month, 1, tzinfo=UTC) for month in (6, 5, 4, 3, 2, 1)]
    kinds = ["x", "x", "x", "x", "x", "y"]
    assert family(launched, kinds) == ("x-02", "x-01", "x-01", "x-01", "x-01", "y-01")
    assert batch_labels("family", launched, kinds) == family(launched, kinds)
