"""The Student-t proposal: normalised, drawn from faithfully, safe under exponential tails."""

import numpy as np
import pytest
from scipy import stats

from bayes_leaks.evidence import bridge
from bayes_leaks.evidence.chains import k_hat
from bayes_leaks.evidence.proposals import NormalProposal, StudentProposal

SEEDS = 24


def log_logistic(points):
    """Independent logistic coordinates: the prior of probabilities on the logit scale."""
    return stats.logistic.logpdf(points).sum(axis=1)


def logistic_draws(seed, shape=(4, 500, 3)):
    return stats.logistic.rvs(size=shape, random_state=np.random.default_rng(seed))


def fitted(cls, seed=1):
    return cls.fit(logistic_draws(seed).reshape(-1, 3))


def test_draws_have_the_moments_and_tails_of_the_fit():
    proposal = StudentProposal(fitted(NormalProposal), degrees_of_freedom=8.0)
    points = proposal.draw(2**14, np.random.default_rng(2))
    data = logistic_draws(1).reshape(-1, 3)
    assert points.mean(axis=0) == pytest.approx(data.mean(axis=0), abs=0.02)
    assert np.cov(points.T) == pytest.approx(np.cov(data.T), abs=0.1)
    standard = (points[:, 0] - proposal.mean[0]) / proposal.factor[0, 0]
    assert stats.kstest(standard, stats.t(8).cdf).pvalue > 0.01
    assert stats.kstest(standard, stats.norm.cdf).pvalue < 1e-3, "the check can tell tails apart"


def test_the_density_is_that_of_the_draws():
    proposal, normal = fitted(StudentProposal), fitted(NormalProposal)
    points = proposal.draw(2**14, np.random.default_rng(3))
    ratio = np.exp(normal.log_density(points) - proposal.log_density(points))
    assert ratio.mean() == pytest.approx(1.0, abs=4 * ratio.std() / np.sqrt(len(points)))


def test_weights_are_bounded_where_those_of_a_normal_are_not():
    weights = {}
    for cls in (NormalProposal, StudentProposal):
        proposal = fitted(cls)
        points = proposal.draw(2**14, np.random.default_rng(4))
        weights[cls] = log_logistic(points) - proposal.log_density(points)
    assert k_hat(weights[StudentProposal]) < 0.5
    assert k_hat(weights[NormalProposal]) > k_hat(weights[StudentProposal])
    assert weights[NormalProposal].max() > weights[StudentProposal].max() + 1


def test_the_bridge_from_it_is_right_within_its_error():
    z = []
    for seed in range(SEEDS):
        evidence = bridge(
            log_logistic,
            logistic_draws(seed),
            ladder=[StudentProposal.fit],
            random_seed=seed,
        )
        assert evidence.trusted, evidence.reasons
        z.append(evidence.log_ml / evidence.mcse)
    z = np.array(z)
    low, high = np.sqrt(stats.chi2.ppf([0.001, 0.999], SEEDS) / SEEDS)
    assert low < np.sqrt(np.mean(z**2)) < high
    assert np.sqrt(np.mean((2 * z) ** 2)) > high, "half the error bar must not pass"
