"""One estimate of one rung, with its time."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from rung import Rung
from xarray import DataTree

from bayes_leaks.evidence import Evidence
from bayes_leaks.model_estimator import ModelEstimator

SEED = 20261124


@dataclass(frozen=True)
class Measured:
    """An estimate from 4 x 1000 NUTS draws; seconds without compiling and without sampling."""

    evidence: Evidence
    exact: float
    error: float
    z: float
    seconds: float


def draw(estimator: ModelEstimator, seed: int) -> DataTree:
    """Draw 4 x 1000 times from the posterior, as `log_evidence` does with this seed."""
    sampler_seed, _ = np.random.SeedSequence(seed).spawn(2)
    number = int(sampler_seed.generate_state(1)[0])
    return estimator.sample(draws=1000, tune=1000, chains=4, random_seed=number)


def estimate(estimator: ModelEstimator, tree: DataTree, seed: int) -> Evidence:
    """Estimate from these draws, as `log_evidence` does with this seed."""
    # A SeedSequence counts its children, so that every estimate needs a fresh one.
    _, own_seed = np.random.SeedSequence(seed).spawn(2)
    return estimator.estimate(tree, random_seed=own_seed)


def measure(rung: Rung, seed: int = SEED) -> Measured:
    """Compile, sample and estimate; estimate again for the time alone."""
    estimator = ModelEstimator(rung.build(), **rung.options)
    assert estimator.compiled.dimension == rung.dimension
    tree = draw(estimator, seed)
    first = estimate(estimator, tree, seed)
    begin = perf_counter()
    evidence = estimate(estimator, tree, seed)
    seconds = perf_counter() - begin
    assert first.untrusted_numbers == evidence.untrusted_numbers
    return judge(rung, evidence, seconds)


def judge(rung: Rung, evidence: Evidence, seconds: float) -> Measured:
    """Hold an estimate against what is known."""
    exact = rung.exact()
    error = evidence.log_ml - exact
    z = error / float(np.hypot(evidence.mcse, rung.uncertainty))
    return Measured(evidence, exact, error, z, seconds)


def missed(rung: Rung, found: Measured) -> list[str]:
    """Every figure that was promised and not reached."""
    evidence = found.evidence
    if not evidence.trusted:
        return [] if rung.hard else [f"not trusted: {'; '.join(evidence.reasons)}"]
    bars = {"z": (abs(found.z), 4.0)}
    if not rung.hard:
        bars["error"] = (abs(found.error), rung.error_bar)
        bars["mcse"] = (evidence.mcse, rung.mcse_bar)
    return [f"{name} {got:.4g} above {bar:.4g}" for name, (got, bar) in bars.items() if got > bar]


HEADER = (
    "model", "d", "estimate", "exact", "error", "mcse", "z", "s", "evaluations", "method",
    "coverage",
)  # fmt: skip


def row(rung: Rung, found: Measured, coverage: str = "") -> list[str]:
    """One line of the table; NaN where the estimate was refused."""
    evidence = found.evidence
    return [
        f"{rung.name}{' (hard)' if rung.hard else ''}",
        f"{rung.dimension}",
        f"{evidence.log_ml:.5f}",
        f"{found.exact:.5f}",
        f"{found.error:+.5f}",
        f"{evidence.mcse:.5f}",
        f"{found.z:+.2f}",
        f"{found.seconds:.1f}",
        f"{evidence.n_evaluations}",
        evidence.method if evidence.trusted else f"refused: {', '.join(evidence.codes)}",
        coverage,
    ]
