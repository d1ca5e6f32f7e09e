"""A leak history as tables, as an xarray Dataset and as a digest, and back."""

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_leaks.errors import StoredResultError
from bayes_leaks.record.marks import HOLE_COLUMNS

if TYPE_CHECKING:
    from bayes_leaks.record.history import LeakHistory

__all__ = ["check_digest", "content_digest", "read_dataset", "write_dataset", "write_frames"]

_MARK = "mark_"
_NEEDED = ("asset", "event", "start", "end", "weight", "kind", "batch", "event_time")
_ATTRIBUTES = (
    "name",
    "source",
    "window",
    "epoch",
    "batch_rule",
    "n_left_out",
    "marks",
    "digest",
)


def content_digest(history: "LeakHistory") -> str:
    """Compute `LeakHistory.digest`."""
    start, end, weight = (
        column.tolist() for column in (history.start, history.end, history.weight)
    )
    marks = history.marks.to_dict(orient="records")
    content = {
        "assets": sorted(
            zip(history.asset_id, start, end, weight, history.kind, history.batch, strict=True)
        ),
        "events": sorted(
            (
                (history.asset_id[asset], time, sorted(mark.items()))
                for asset, time, mark in zip(
                    history.event_asset, history.event_time.tolist(), marks, strict=True
                )
            ),
            key=lambda event: event[0],
        ),
        "window": history.window,
        "dated": history.epoch is not None,
    }
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def write_frames(history: "LeakHistory") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute `LeakHistory.to_frames`."""
    assets = pd.DataFrame(
        {
            "asset_id": history.asset_id,
            "start": [history.to_time(years) for years in history.start],
            "end": [history.to_time(years) for years in history.end],
            "kind": history.kind,
            "batch": history.batch,
            "weight": history.weight,
        }
    )
    if history.batch_rule == "none":
        assets = assets.drop(columns="batch")
    events = pd.DataFrame(
        {
            "asset_id": [history.asset_id[asset] for asset in history.event_asset],
            "time": [history.to_time(years) for years in history.event_time],
        }
    )
    return assets, pd.concat([events, history.marks], axis="columns")


def write_dataset(history: "LeakHistory") -> xr.Dataset:
    """Compute `LeakHistory.to_dataset`."""
    # "years since ..." in `units` would make xarray decode the floats as calendar times.
    zero = "" if history.epoch is None else history.epoch.isoformat()
    origin = {"time_zero": zero} if zero else {}

    def along(dimension: str, values: object, long_name: str, units: str = "") -> xr.Variable:
        attributes = {"long_name": long_name} | ({"units": units} if units else {})
        attributes |= origin if units == "years" else {}
        array = np.asarray(values)
        text = array.dtype.kind in "OUT" or (array.size == 0 and not units)
        return xr.Variable(dimension, array.astype(np.str_) if text else array, attributes)

    ids = np.asarray(history.asset_id, dtype=np.str_)
    variables = {
        "start": along("asset", history.start, "begin of the exposure", "years"),
        "end": along("asset", history.end, "planned end of the exposure", "years"),
        "weight": along("asset", history.weight, "relative vulnerable area", "1"),
        "kind": along("asset", history.kind, "kind of asset"),
        "batch": along("asset", history.batch, "batch of manufacture"),
        "leak_time": along("asset", history.leak_time, "time of the leak, inf for none", "years"),
        "event_time": along("event", history.event_time, "time of the leak", "years"),
    }
    marks = history.marks
    for column in marks:
        numeric = marks[column].dtype.kind == "f"
        units = ("mm" if column in HOLE_COLUMNS else "as given") if numeric else ""
        values = marks[column].to_numpy(dtype=float if numeric else object)
        variables[f"{_MARK}{column}"] = along("event", values, str(column), units)
    return xr.Dataset(
        variables,
        coords={
            "asset": along("asset", ids, "asset id"),
            "event": along("event", ids[history.event_asset], "id of the asset that leaked"),
        },
        attrs={
            "name": history.name,
            "source": history.source,
            "window": list(history.window),
            "window_units": "years",
            "epoch": zero,
            "exposure": history.exposure,
            "exposure_units": "asset-years",
            "batch_rule": history.batch_rule,
            "n_left_out": history.n_left_out,
            # Stores do not keep the order of variables.
            "marks": [str(column) for column in marks],
            "digest": history.digest,
        },
    )


def read_dataset(dataset: xr.Dataset) -> dict[str, Any]:
    """Read the fields of a history from a dataset.

    Raises
    ------
    StoredResultError
        A variable or an attribute is missing.
    """
    missing = [name for name in _NEEDED if name not in dataset.variables]
    missing += [name for name in _ATTRIBUTES if name not in dataset.attrs]
    missing += [
        f"{_MARK}{column}"
        for column in dataset.attrs.get("marks", ())
        if f"{_MARK}{column}" not in dataset
    ]
    if missing:
        raise StoredResultError(
            f"the dataset does not hold a leak history: {', '.join(missing)} missing. "
            "Give a dataset that LeakHistory.to_dataset made."
        )

    def texts(name: str) -> tuple[str, ...]:
        return tuple(str(value) for value in dataset[name].values)

    asset_id = texts("asset")
    place = {asset: index for index, asset in enumerate(asset_id)}
    marks = {
        column: pd.Series(texts(f"{_MARK}{column}"), dtype="str")
        if "units" not in dataset[f"{_MARK}{column}"].attrs
        else dataset[f"{_MARK}{column}"].values.astype(float)
        for column in dataset.attrs["marks"]
    }
    first, last = dataset.attrs["window"]
    epoch = dataset.attrs["epoch"]
    return {
        "asset_id": asset_id,
        "start": dataset["start"].values.astype(float),
        "end": dataset["end"].values.astype(float),
        "weight": dataset["weight"].values.astype(float),
        "kind": texts("kind"),
        "batch": texts("batch"),
        "event_asset": np.array([place[asset] for asset in texts("event")], dtype=np.int64),
        "event_time": dataset["event_time"].values.astype(float),
        "_marks": pd.DataFrame(marks, index=pd.RangeIndex(dataset.sizes["event"])),
        "window": (float(first), float(last)),
        "epoch": datetime.fromisoformat(epoch) if epoch else None,
        "name": str(dataset.attrs["name"]),
        "source": str(dataset.attrs["source"]),
        "batch_rule": str(dataset.attrs["batch_rule"]),
        "n_left_out": int(dataset.attrs["n_left_out"]),
    }


def check_digest(dataset: xr.Dataset, digest: str) -> None:
    """Compare a history's digest with the one stored with it.

    Raises
    ------
    StoredResultError
        They differ.
    """
    stored = str(dataset.attrs["digest"])
    if stored != digest:
        raise StoredResultError(
            f"the leak history was changed after it was stored: its digest is {digest[:12]}…, "
            f"the stored one {stored[:12]}…. Build it again from its tables."
        )
