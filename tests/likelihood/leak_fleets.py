"""Fleets, hypotheses and parameter values that the tests share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayes_leaks.hypotheses import (
    CommonCause,
    CompetingCauses,
    Hypothesis,
    ManufacturingDefect,
    RandomMicrometeoroid,
)
from bayes_leaks.record import LeakHistory

HYPOTHESES: dict[str, Hypothesis] = {
    hypothesis.name: hypothesis
    for hypothesis in (
        RandomMicrometeoroid(),
        ManufacturingDefect(),
        CommonCause("shock"),
        CommonCause("period"),
        CompetingCauses(),
    )
}
NAMES = tuple(HYPOTHESES)
STRUCTURED = NAMES[1:]

# Parameters of the F184 check values.
F184_VALUES: dict[str, dict[str, Any]] = {
    "random": {"leak_rate": 0.02},
    "defect": {
        "leak_rate": 0.02,
        "defect_share": 0.8,
        "weibull_shape": 0.7,
        "weibull_scale": 0.4,
        "batch_correlation": 0.1,
    },
    "common-shock": {
        "leak_rate": 0.02,
        "common_share": 0.8,
        "hit_probability": 0.3,
        "latency": 0.15,
    },
    "common-period": {
        "leak_rate": 0.02,
        "elevated_fraction": 0.05,
        "hazard_ratio": 50.0,
        "elevated_duration": 0.5,
    },
    "competing": {
        "leak_rate": 0.02,
        "shares": (0.3, 0.3, 0.4),
        "weibull_shape": 0.7,
        "weibull_scale": 0.4,
        "batch_correlation": 0.1,
        "hit_probability": 0.3,
        "latency": 0.15,
    },
}
F184_EVENTS = {
    "none": {},
    "near": {178: 22.49, 179: 22.65},
    "apart": {175: 22.05, 177: 22.21},
    "three": {64: 8.12, 178: 22.49, 179: 22.65},
}


def make_history(
    start: Sequence[float] | np.ndarray,
    end: Sequence[float] | np.ndarray,
    leaks: Mapping[int, float],
    weight: Sequence[float] | np.ndarray | None = None,
    batch: Sequence[Any] | np.ndarray | None = None,
    window_end: float | None = None,
) -> LeakHistory:
    """Build a history from arrays; `leaks` maps the index of an asset to its leak time."""
    n = len(start)
    names = [f"asset-{i:03d}" for i in range(n)]
    assets = pd.DataFrame(
        {
            "asset_id": names,
            "start": start,
            "end": end,
            "weight": np.ones(n) if weight is None else weight,
            "batch": [str(b) for b in (np.zeros(n, dtype=int) if batch is None else batch)],
        }
    )
    events = pd.DataFrame({"asset_id": [names[i] for i in leaks], "time": list(leaks.values())})
    return LeakHistory.from_frames(assets, events if leaks else None, end=window_end)


def f184(case: str) -> LeakHistory:
    """Return the fleet of the check values with one of its sets of events."""
    i = np.arange(184)
    start = 0.125 * i
    end = start + 0.40 + 0.05 * (i % 5)
    return make_history(start, end, F184_EVENTS[case], batch=i // 8, window_end=23.5)


def irregular(
    seed: int, n_assets: int = 7, n_events: int = 3, n_batches: int = 3, spread: float = 1.5
) -> LeakHistory:
    """Draw a fleet with unequal exposures, weights and batches, and leaks anywhere in it."""
    rng = np.random.default_rng([184, seed])
    start = rng.uniform(0, spread, n_assets)
    length = rng.uniform(0.3, 1.5, n_assets)
    leakers = rng.choice(n_assets, n_events, replace=False)
    leaks = {int(i): start[i] + length[i] * rng.uniform(0.05, 1) for i in leakers}
    return make_history(
        start,
        start + length,
        leaks,
        weight=rng.uniform(0.4, 2.5, n_assets),
        batch=rng.integers(n_batches, size=n_assets),
    )


def draw_values(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw parameter values at which every hypothesis exists on an `irregular` fleet."""
    batches = {
        "weibull_shape": rng.uniform(0.4, 3),
        "weibull_scale": rng.uniform(0.1, 0.8),
        "batch_correlation": rng.uniform(0.01, 0.9),
    }
    shocks = {"hit_probability": rng.uniform(0.02, 1), "latency": 10 ** rng.uniform(-1.5, 0.5)}
    periods = {
        "elevated_fraction": rng.uniform(0.01, 0.6),
        "hazard_ratio": 1 + 10 ** rng.uniform(-1, 2),
        "elevated_duration": 10 ** rng.uniform(-1.5, 1),
    }
    own = {
        "random": {},
        "defect": {"defect_share": rng.uniform()} | batches,
        "common-shock": {"common_share": rng.uniform()} | shocks,
        "common-period": periods,
        "competing": {"shares": tuple(rng.dirichlet(np.ones(3)))} | batches | shocks,
    }
    return {"leak_rate": 10 ** rng.uniform(-2, -0.8)} | own[name]
