"""The record that ships with the package: coolant leaks of Soyuz and Progress at the ISS."""

from datetime import datetime
from importlib import resources

import pandas as pd

from bayes_leaks.errors import ParameterError
from bayes_leaks.record.batches import batch_labels
from bayes_leaks.record.history import LeakHistory
from bayes_leaks.record.times import TimeLike

__all__ = ["iss_sources", "load_iss"]

_RECORD_END = "2026-01-01T00:00Z"
_SOURCE_GROUP = "roscosmos-energia"
_SOURCE = "public reports; see bayes_leaks.record.iss_sources() and record/data/data-notes.md"
_EVENT_COLUMNS = {
    "vehicle_id_or_asset": "asset_id",
    "time_utc": "time",
    "hole_diameter_mm_low": "hole_mm_low",
    "hole_diameter_mm_best": "hole_mm_best",
    "hole_diameter_mm_high": "hole_mm_high",
    "reported_cause": "reported_cause",
}


def load_iss(
    until: TimeLike = "2023-02-22", batches: str = "half-year", nauka: bool = False
) -> LeakHistory:
    """Load the shipped record: Soyuz and Progress ships at the ISS and their coolant losses.

    Exposure runs from launch to last undocking. The leaks are the losses of an external coolant
    loop: Soyuz MS-22 on 2022-12-15 and Progress MS-21 on 2023-02-11. Both statements on their
    cause come from one group, the builder and operator. Times are UTC.

    Parameters
    ----------
    until : time, optional
        End of the observation, through 2025-12-31. The default is the day after the statement
        on the second ship.
    batches : str, optional
        "half-year" (ships launched in the same half-year share parts) or "family" (consecutive
        fours of Soyuz, and of Progress). Which ships really share parts is not public.
    nauka : bool, optional
        Whether to add the radiator on the Nauka module, filled on 2023-05-12 and leaking since
        2023-10-09, as an asset of another kind and of weight 1. Only visible when `until` is
        later.

    Returns
    -------
    LeakHistory
        With marks `hole_mm_low`, `hole_mm_best`, `hole_mm_high` (mm), `reported_cause` and
        `source_group`.

    Raises
    ------
    ParameterError
        Unknown batch rule, or `until` outside the record.

    Examples
    --------
    >>> from bayes_leaks.record import load_iss
    >>> history = load_iss()
    >>> history.n_assets, history.n_events, round(history.exposure, 2)
    (147, 2, 61.35)
    """
    fleet = _read("fleet.csv")
    launched = [datetime.fromisoformat(time) for time in fleet["launch_utc"]]
    assets = pd.DataFrame(
        {
            "asset_id": fleet["vehicle_id"],
            "start": fleet["launch_utc"],
            "end": fleet["docked_end_utc"],
            "kind": fleet["kind"],
            "batch": batch_labels(batches, launched, fleet["kind"].tolist()),
        }
    )
    if nauka:
        modules = _read("modules.csv").rename(columns={"start_utc": "start", "end_utc": "end"})
        assets = pd.concat([assets, modules[assets.columns]], ignore_index=True)
    events = _read("events.csv").query("system == 'coolant_loop'").rename(columns=_EVENT_COLUMNS)
    events = events[events["asset_id"].isin(assets["asset_id"])]
    events = events[list(_EVENT_COLUMNS.values())].assign(source_group=_SOURCE_GROUP)
    record = LeakHistory.from_frames(
        assets, events, end=_RECORD_END, name="ISS coolant leaks", source=_SOURCE
    )
    record = record.with_batches(record.batch, rule=batches)
    try:
        return record.until(until)
    except ParameterError as error:
        raise ParameterError(
            f"until: the shipped record runs from 2000-08-06 through 2025-12-31. {error}"
        ) from None


def iss_sources() -> pd.DataFrame:
    """List the sources of the shipped record.

    Returns
    -------
    DataFrame
        Columns `key` (as used in the fleet table), `title` and `address`.
    """
    return _read("sources.csv")


def _read(name: str) -> pd.DataFrame:
    path = resources.files("bayes_leaks.record").joinpath("data", name)
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)
