"""The evidence of a shipped hypothesis as the prior mean of its likelihood.

A scrambled Sobol average over the prior, through SciPy's quantile functions and the plain
likelihood graph: without PyMC, NUTS, transforms or proposals.
"""

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.graph.replace import vectorize_graph
from scipy.special import logsumexp
from scipy.stats import qmc

from bayes_leaks import engine
from bayes_leaks.hypotheses import Hypothesis, priors
from bayes_leaks.hypotheses.model_file import ModelFile
from bayes_leaks.record import LeakHistory

CHUNK = 2**13


def prior_average(
    hypothesis: Hypothesis, history: LeakHistory, log2_points: int, replicates: int, seed: int
) -> tuple[float, float]:
    """Log of the prior mean of the likelihood, and its standard error over replicates."""
    log_likelihood = _batched_log_likelihood(hypothesis, history)
    dimension = len(hypothesis.free) + (hypothesis.name == "competing")
    averages = []
    for child in np.random.SeedSequence(seed).spawn(replicates):
        u = qmc.Sobol(dimension, rng=np.random.default_rng(child)).random_base2(log2_points)
        logs = []
        for start in range(0, len(u), CHUNK):
            free = _quantiles(hypothesis.model, np.clip(u[start : start + CHUNK], 1e-12, 1 - 1e-12))
            logs.append(log_likelihood(hypothesis.likelihood_values(free)))
        averages.append(logsumexp(np.concatenate(logs)) - np.log(len(u)))
    averages = np.array(averages)
    relative = np.exp(averages - averages.max())
    error = relative.std(ddof=1) / np.sqrt(replicates) / relative.mean()
    return float(averages.max() + np.log(relative.mean())), float(error)


def _quantiles(model: ModelFile, u: np.ndarray) -> dict[str, np.ndarray]:
    """Prior values at points of the unit cube; a Dirichlet(1, 1, 1) from two coordinates."""
    values, column = {}, 0
    for name, prior in model.parameters.items():
        if prior.distribution == "Dirichlet":
            assert [set(weights) for weights in prior.arguments.values()] == [{1.0}]
            first = 1 - np.sqrt(1 - u[:, column])
            second = (1 - first) * u[:, column + 1]
            values[name] = np.stack([first, second, 1 - first - second], axis=1)
            column += 2
        else:
            values[name] = priors.freeze(prior).ppf(u[:, column])
            column += 1
    return values


def _batched_log_likelihood(hypothesis: Hypothesis, history: LeakHistory):
    layout = hypothesis.layout(history)
    arrays = {name: pt.as_tensor(value) for name, value in layout.arrays.items()}
    single = {
        name: pt.vector(name) if kind == "simplex" else pt.scalar(name)
        for name, kind in hypothesis.accepts.items()
    }
    graph = hypothesis.log_density(single, arrays, layout.sizes)
    many = {
        name: pt.matrix(name) if kind == "simplex" else pt.vector(name)
        for name, kind in hypothesis.accepts.items()
    }
    batched = vectorize_graph(graph, {single[name]: many[name] for name in single})
    function = pytensor.function(list(many.values()), batched, mode=engine.NUMPY_MODE)
    return lambda values: function(*(values[name] for name in many))
