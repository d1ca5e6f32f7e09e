"""A few numbers computed on this machine, against exact ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bayes_leaks as bl

if TYPE_CHECKING:
    from bayes_leaks.record import LeakHistory

# Yardsticks, not used for any result. Log likelihoods of `small_record`, from two independent
# implementations to twelve decimals.
_EXACT_LOG_LIKELIHOODS: dict[str, tuple[dict[str, Any], float]] = {
    "random": ({"leak_rate": 0.02}, -9.649346010856),
    "defect": (
        {
            "leak_rate": 0.02,
            "defect_share": 0.8,
            "weibull_shape": 0.7,
            "weibull_scale": 0.4,
            "batch_correlation": 0.1,
        },
        -8.854451140203,
    ),
    "common-shock": (
        {"leak_rate": 0.02, "common_share": 0.8, "hit_probability": 0.3, "latency": 0.15},
        -6.744449142947,
    ),
    "common-period": (
        {
            "leak_rate": 0.02,
            "elevated_fraction": 0.05,
            "hazard_ratio": 50.0,
            "elevated_duration": 0.5,
        },
        -7.915960214552,
    ),
    "competing": (
        {
            "leak_rate": 0.02,
            "shares": (0.3, 0.3, 0.4),
            "weibull_shape": 0.7,
            "weibull_scale": 0.4,
            "batch_correlation": 0.1,
            "hit_probability": 0.3,
            "latency": 0.15,
        },
        -7.418849319494,
    ),
}
# Log evidence of random impacts on the shipped record with the shipped prior, by SciPy's quad.
_EXACT_LOG_EVIDENCE = -9.633505846


@dataclass(frozen=True, slots=True)
class Check:
    """A number computed on this machine, and what it must be.

    Parameters
    ----------
    check : str
        What was computed.
    found, expected, tolerance : float
        In nats.
    """

    check: str
    found: float
    expected: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the number is as expected; NaN is not."""
        return abs(self.found - self.expected) <= self.tolerance


def self_check() -> Iterator[Check]:
    """Compute log likelihoods and an evidence, and compare them with exact ones.

    Yields
    ------
    Check
    """
    record = small_record()
    hypotheses = bl.make_hypotheses(list(_EXACT_LOG_LIKELIHOODS))
    for hypothesis in hypotheses:
        values, expected = _EXACT_LOG_LIKELIHOODS[hypothesis.name]
        found = hypothesis.log_likelihood(record, **values)
        yield Check(f"log likelihood, {hypothesis.name}", found, expected, 1e-9)
    yield Check("log evidence, random", _log_evidence_of_random(), _EXACT_LOG_EVIDENCE, 1e-3)


def small_record() -> "LeakHistory":
    """Make the fleet that the exact log likelihoods are for: 184 ships in batches of eight.

    Returns
    -------
    LeakHistory
    """
    import numpy as np
    import pandas as pd

    ship = np.arange(184)
    start = 0.125 * ship
    assets = pd.DataFrame(
        {
            "asset_id": [f"ship-{number:03d}" for number in ship],
            "start": start,
            "end": start + 0.40 + 0.05 * (ship % 5),
            "batch": [f"batch-{number:02d}" for number in ship // 8],
        }
    )
    events = pd.DataFrame({"asset_id": ["ship-178", "ship-179"], "time": [22.49, 22.65]})
    return bl.LeakHistory.from_frames(assets, events, end=23.5, name="self-check")


def _log_evidence_of_random() -> float:
    import numpy as np

    from bayes_leaks.engine import CompiledModel
    from bayes_leaks.evidence import quadrature

    model = CompiledModel(bl.RandomMicrometeoroid().build(bl.load_iss()))
    return quadrature(model.log_density, [np.log(0.02)], [[1.0]]).log_ml
