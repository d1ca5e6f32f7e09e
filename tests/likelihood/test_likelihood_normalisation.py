"""On two assets the densities of all possible records must integrate to one."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from leak_fleets import HYPOTHESES, NAMES, make_history
from leak_outcomes import outcome_probabilities

from bayes_leaks.record import LeakHistory

FLEETS = {
    "partly together": {"start": [0.0, 0.3], "end": [1.0, 1.2]},
    "never together": {"start": [0.0, 1.1], "end": [1.0, 1.6]},
    "one within": {"start": [0.0, 0.2], "end": [1.3, 0.7]},
}
VALUES: dict[str, dict[str, Any]] = {
    "random": {"leak_rate": 0.7},
    "defect": {"defect_share": 0.7, "batch_correlation": 0.4},
    "common-shock": {"common_share": 0.8, "hit_probability": 0.6, "latency": 0.4},
    "common-period": {
        "leak_rate": 0.7,
        "elevated_fraction": 0.2,
        "hazard_ratio": 8.0,
        "elevated_duration": 0.5,
    },
    "competing": {
        "shares": (0.2, 0.4, 0.4),
        "batch_correlation": 0.4,
        "hit_probability": 0.6,
        "latency": 0.4,
    },
}
for own in ("defect", "competing"):
    VALUES[own] |= {"weibull_shape": 2.0, "weibull_scale": 0.8}
for own in ("defect", "common-shock", "competing"):
    VALUES[own]["leak_rate"] = 0.5


def pair_of_assets(fleet: str) -> LeakHistory:
    return make_history(**FLEETS[fleet], leaks={}, weight=[1.0, 1.7], batch=["lot", "lot"])


def density_of(name: str) -> Callable[[LeakHistory], float]:
    return lambda history: math.exp(HYPOTHESES[name].log_likelihood(history, **VALUES[name]))


@pytest.mark.parametrize("fleet", FLEETS)
@pytest.mark.parametrize("name", NAMES)
def test_the_density_integrates_to_one(name: str, fleet: str) -> None:
    total = outcome_probabilities(pair_of_assets(fleet), density_of(name)).sum()
    assert total == pytest.approx(1, rel=0, abs=1e-8)


def test_a_density_off_by_one_part_in_a_thousand_would_be_noticed() -> None:
    density = density_of("random")
    wrong = outcome_probabilities(
        pair_of_assets("partly together"),
        lambda history: density(history) * 1.001**history.n_events,
    )
    assert abs(wrong.sum() - 1) > 1e-4
