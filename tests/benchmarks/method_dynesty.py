"""dynesty's static nested sampler at its defaults, on a likelihood in NumPy."""

from collections.abc import Iterator
from time import perf_counter

import numpy as np
from dynesty import NestedSampler
from measured import Counted, Run
from problems import Problem


def runs(problem: Problem, n: int) -> Iterator[Run]:
    """Sample n times."""
    for seed in range(n):
        likelihood = Counted(problem.from_cube)

        def at(cube: np.ndarray, likelihood: Counted = likelihood) -> float:
            return float(likelihood(np.clip(cube, 1e-15, 1.0 - 1e-15)[None])[0])

        begin = perf_counter()
        sampler = NestedSampler(
            at, lambda cube: cube, problem.rung.dimension, rstate=np.random.default_rng(seed)
        )
        sampler.run_nested(print_progress=False)
        seconds = perf_counter() - begin
        results = sampler.results
        yield Run(float(results.logz[-1]), float(results.logzerr[-1]), seconds, likelihood.calls)
