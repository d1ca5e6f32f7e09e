"""The evidence on the shipped record against an estimate that shares nothing with the bridge.

The marginal likelihood is the prior mean of the likelihood: here a scrambled Sobol average over the
prior, through SciPy's quantile functions and the plain likelihood graph, without PyMC, NUTS,
transforms or proposals.
"""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.graph.replace import vectorize_graph
from scipy.special import logsumexp
from scipy.stats import qmc

import bayes_leaks as bl
from bayes_leaks import engine
from bayes_leaks.evidence import Evidence
from bayes_leaks.hypotheses import priors

NAMES = ("random", "defect", "common-shock", "common-period", "competing")
CHUNK = 2**13


def quantiles(model, u):
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


def batched_log_likelihood(hypothesis, history):
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


def prior_average(hypothesis, history, log2_points, replicates, seed):
    """Log of the prior mean of the likelihood, and its standard error over replicates."""
    log_likelihood = batched_log_likelihood(hypothesis, history)
    dimension = len(hypothesis.free) + (hypothesis.name == "competing")
    averages = []
    for child in np.random.SeedSequence(seed).spawn(replicates):
        u = qmc.Sobol(dimension, rng=np.random.default_rng(child)).random_base2(log2_points)
        logs = []
        for start in range(0, len(u), CHUNK):
            free = quantiles(hypothesis.model, np.clip(u[start : start + CHUNK], 1e-12, 1 - 1e-12))
            logs.append(log_likelihood(hypothesis.likelihood_values(free)))
        averages.append(logsumexp(np.concatenate(logs)) - np.log(len(u)))
    averages = np.array(averages)
    relative = np.exp(averages - averages.max())
    error = relative.std(ddof=1) / np.sqrt(replicates) / relative.mean()
    return averages.max() + np.log(relative.mean()), error


def check(name, batches, log2_points, replicates):
    history = bl.load_iss(batches=batches)
    (hypothesis,) = bl.make_hypotheses([name])
    tree = bl.fit(hypothesis, history, random_seed=20)
    evidence = Evidence.from_dataset(tree["evidence"].to_dataset())
    assert evidence.trusted, evidence.reasons
    assert evidence.mcse <= 0.01
    expected, error = prior_average(hypothesis, history, log2_points, replicates, seed=7)
    print(f"{name} {batches}: {evidence}, prior average {expected:.4f} ± {error:.4f}")
    assert error < 0.02
    assert abs(evidence.log_ml - expected) < 3 * np.hypot(evidence.mcse, error)
    return evidence


def test_random_reaches_the_figure_of_the_specification():
    evidence = check("random", "half-year", 10, 8)
    assert evidence.log_ml == pytest.approx(-9.6335, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("batches", ["half-year", "family"])
@pytest.mark.parametrize("name", NAMES)
def test_bridge_agrees_with_the_prior_average(name, batches):
    check(name, batches, 16, 16)
