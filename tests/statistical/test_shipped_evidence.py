"""The evidence on the shipped record against the prior mean of the likelihood.

`prior_average` shares nothing with the bridge.
"""

import numpy as np
import pytest
from prior_average import prior_average

import bayes_leaks as bl
from bayes_leaks.evidence import Evidence

NAMES = ("random", "defect", "common-shock", "common-period", "competing")


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
