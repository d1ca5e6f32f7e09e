"""`pm.sample_smc` at its defaults; one run is one chain of 2000 particles.

The kernel is driven as `pm.sample_smc` drives it, so that compiling can be told from sampling.
"""

from collections.abc import Iterator
from time import perf_counter

import numpy as np
from measured import Run
from problems import Problem
from pymc.smc.kernels import IMH


def runs(problem: Problem, n: int) -> Iterator[Run]:
    """Run n chains."""
    kernel = IMH(draws=2000, model=problem.rung.build())
    for seed in range(n):
        kernel.initialize(None, np.random.default_rng(seed))
        stages = evaluations = 0
        begin = perf_counter()
        while kernel.beta < 1.0:
            kernel.update_beta_and_weights()
            kernel.step()
            stages += 1
            # `n_steps` starts at one.
            evaluations += kernel.draws * (kernel.n_steps - 1)
        seconds = perf_counter() - begin
        # Drawing the first particles compiles; evaluating them is counted by a second pass.
        begin = perf_counter()
        for point in kernel.tempered_posterior:
            kernel.prior_logp_func(point)
            kernel.likelihood_logp_func(point)
        seconds += perf_counter() - begin
        yield Run(
            float(kernel.log_marginal_likelihood), np.nan, seconds, evaluations + kernel.draws
        )
