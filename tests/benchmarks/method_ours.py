"""`log_evidence` at its defaults, NUTS included."""

from collections.abc import Iterator
from time import perf_counter

import numpy as np
import nutpie
from ladder_run import draw, estimate
from measured import Run
from problems import Problem

from bayes_leaks.model_estimator import ModelEstimator


def gradients(estimator: ModelEstimator, seed: int) -> int:
    """Gradients of one run of NUTS, adaptation included."""
    compiled = nutpie.compile_pymc_model(estimator.compiled.model)
    tree = nutpie.sample(
        compiled, draws=1000, tune=1000, chains=4, seed=seed, progress_bar=False, save_warmup=True
    )
    groups = ("warmup_sample_stats", "sample_stats")
    return int(sum(tree[group]["n_steps"].sum() for group in groups))


def runs(problem: Problem, n: int) -> Iterator[Run]:
    """Estimate with n seeds; the first, which compiles, is not counted."""
    estimator = ModelEstimator(problem.rung.build(), **problem.rung.options)
    steps = gradients(estimator, 0)
    estimate(estimator, draw(estimator, n), n)
    for seed in range(n):
        begin = perf_counter()
        found = estimate(estimator, draw(estimator, seed), seed)
        seconds = perf_counter() - begin
        log_ml, mcse = found.untrusted_numbers
        yield Run(log_ml, mcse, seconds, found.n_evaluations + steps)
        assert found.trusted or np.isnan(found.log_ml)
