"""nautilus at its defaults, on a vectorised likelihood in NumPy."""

from collections.abc import Iterator
from time import perf_counter

import numpy as np
from measured import Counted, Run
from nautilus import Sampler
from problems import Problem

LIMIT_S = 200.0


def runs(problem: Problem, n: int) -> Iterator[Run]:
    """Sample n times; a run that has not ended after LIMIT_S ends without an answer."""
    for seed in range(n):
        likelihood = Counted(problem.from_cube)
        begin = perf_counter()
        sampler = Sampler(
            lambda cube: np.clip(cube, 1e-15, 1.0 - 1e-15),
            likelihood,
            n_dim=problem.rung.dimension,
            vectorized=True,
            pass_dict=False,
            seed=seed,
        )
        ended = sampler.run(verbose=False, timeout=LIMIT_S)
        seconds = perf_counter() - begin
        if not ended:
            yield Run(np.nan, np.nan, seconds, likelihood.calls)
            return
        # The author states the error as that of the effective number of points.
        yield Run(float(sampler.log_z), float(sampler.n_eff) ** -0.5, seconds, likelihood.calls)
