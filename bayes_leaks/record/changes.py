"""Histories made from a history: an earlier window, other leaks, other batches.

Each function gives the fields that change.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bayes_leaks.errors import ParameterError, RecordError

if TYPE_CHECKING:
    from bayes_leaks.record.history import LeakHistory

__all__ = ["other_batches", "other_leaks", "shorter_window"]


def shorter_window(history: "LeakHistory", end: Any) -> dict[str, Any]:
    """Compute the fields that `LeakHistory.until` changes."""
    years = history.to_years(end)
    first, last = (history.to_time(bound) for bound in history.window)
    if years > history.window[1]:
        raise ParameterError(
            f"end: {str(end)!r} is after {last}, the end of the observation. The record does "
            "not reach there."
        )
    if years <= history.window[0]:
        raise ParameterError(
            f"end: {str(end)!r} is not after {first}, when the first exposure begins."
        )
    kept = np.flatnonzero(history.start < years)
    place = np.full(history.n_assets, -1, dtype=np.int64)
    place[kept] = np.arange(kept.size)
    seen = history.event_time <= years
    return {
        "asset_id": tuple(history.asset_id[asset] for asset in kept),
        "start": history.start[kept],
        "end": np.minimum(history.end[kept], years),
        "weight": history.weight[kept],
        "kind": tuple(history.kind[asset] for asset in kept),
        "batch": tuple(history.batch[asset] for asset in kept),
        "event_asset": place[history.event_asset[seen]],
        "event_time": history.event_time[seen],
        "_marks": history.marks[seen].reset_index(drop=True),
        "window": (history.window[0], years),
    }


def other_leaks(history: "LeakHistory", leak_time: ArrayLike) -> dict[str, Any]:
    """Compute the fields that `LeakHistory.with_leak_times` changes."""
    times = np.asarray(leak_time, dtype=float)
    if times.shape != (history.n_assets,):
        raise RecordError(
            [f"leak_time: has shape {times.shape}, must be ({history.n_assets},), one an asset."]
        )
    leaks = times != np.inf
    bad = np.flatnonzero(leaks & ~((times > history.start) & (times <= history.end)))
    if bad.size:
        raise RecordError(
            [
                f"leak_time[{asset}]: {times[asset]:g} is outside the exposure of "
                f"{history.asset_id[asset]!r}, ({history.start[asset]:g}, "
                f"{history.end[asset]:g}]. Use +inf for no leak."
                for asset in bad
            ]
        )
    assets = np.flatnonzero(leaks)
    assets = assets[np.argsort(times[assets], kind="stable")]
    return {
        "event_asset": assets,
        "event_time": times[assets],
        "_marks": pd.DataFrame(index=pd.RangeIndex(assets.size)),
    }


def other_batches(history: "LeakHistory", labels: Sequence[str], rule: str) -> dict[str, Any]:
    """Compute the fields that `LeakHistory.with_batches` changes."""
    if len(labels) != history.n_assets:
        raise RecordError(
            [f"labels: has {len(labels)} batch names, must have {history.n_assets}, one an asset."]
        )
    unnamed = [
        f"labels: the batch name of {asset!r} is empty."
        for asset, label in zip(history.asset_id, labels, strict=True)
        if not label
    ]
    if unnamed:
        raise RecordError(unnamed)
    return {"batch": tuple(str(label) for label in labels), "batch_rule": rule}
