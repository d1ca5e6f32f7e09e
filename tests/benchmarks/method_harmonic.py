"""harmonic's learned harmonic mean with a rational-quadratic spline flow.

8 x 2000 draws by NUTS, half of the chains to train the flow and half to infer, 20 epochs as in
harmonic's examples.
"""

from collections.abc import Iterator
from time import perf_counter

import harmonic as hm
from measured import Run
from method_ours import gradients
from problems import Problem

from bayes_leaks import user_model
from bayes_leaks.model_estimator import ModelEstimator

CHAINS, DRAWS, EPOCHS, TEMPERATURE = 8, 2000, 20, 0.8


def runs(problem: Problem, n: int) -> Iterator[Run]:
    """Estimate with n seeds; the first, which compiles, is not counted."""
    estimator = ModelEstimator(problem.rung.build(), **problem.rung.options)
    # Chains of twice the length, and twice as many.
    steps = 3 * gradients(estimator, 0)
    for seed in range(-1, n):
        begin = perf_counter()
        tree = estimator.sample(draws=DRAWS, tune=1000, chains=CHAINS, random_seed=seed + 1)
        draws = user_model.unconstrained_draws(estimator.compiled, tree)
        chains = hm.Chains(problem.rung.dimension)
        chains.add_chains_3d(draws.points, draws.log_density)
        train, infer = hm.utils.split_data(chains, training_proportion=0.5)
        model = hm.model.RQSplineModel(
            problem.rung.dimension, standardize=True, temperature=TEMPERATURE
        )
        model.fit(train.samples, epochs=EPOCHS, verbose=False)
        evidence = hm.Evidence(infer.nchains, model)
        evidence.add_chains(infer)
        log_ml, _ = evidence.compute_ln_evidence()
        lower, upper = evidence.compute_ln_inv_evidence_errors()
        seconds = perf_counter() - begin
        if seed >= 0:
            error = 0.5 * (abs(float(lower)) + abs(float(upper)))
            yield Run(float(log_ml), error, seconds, steps)
