"""The shipped hypotheses on the fleet F184, fitted as users fit them.

``data/f184_values.csv`` holds their evidence as prior means of the likelihood; it is made without
PyMC, NUTS, transforms and proposals by ``f184_reference.py``.
"""

import math

import numpy as np
import pytest
from f184_reference import EVENTS
from ladder_f184 import DIMENSIONS, RUNGS, VALUES, measure_fit
from ladder_run import missed, row
from leak_fleets import HYPOTHESES, f184
from prior_average import prior_average
from scipy import integrate

from bayes_leaks.hypotheses import priors


def test_every_shipped_hypothesis_has_a_value() -> None:
    assert set(VALUES) == set(DIMENSIONS) == set(HYPOTHESES)


def test_random_by_quadrature_over_its_only_parameter() -> None:
    hypothesis = HYPOTHESES["random"]
    prior, history = priors.freeze(hypothesis.model.parameters["leak_rate"]), f184(EVENTS)

    def joint(rate: float) -> float:
        return prior.pdf(rate) * math.exp(hypothesis.log_likelihood(history, leak_rate=rate))

    value = math.log(integrate.quad(joint, 0.0, 1.0, epsabs=0.0, epsrel=1e-10, limit=200)[0])
    assert value == pytest.approx(VALUES["random"][0], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", HYPOTHESES)
def test_values_come_out_again_with_other_points(name: str) -> None:
    value, error = prior_average(HYPOTHESES[name], f184(EVENTS), 13, 8, seed=5)
    assert error < 2e-3
    assert abs(value - VALUES[name][0]) < 4.0 * np.hypot(error, VALUES[name][1])


@pytest.mark.slow
@pytest.mark.parametrize("name", HYPOTHESES)
def test_fitted_evidence_is_as_known(name: str) -> None:
    found = measure_fit(name)
    print("\n" + " | ".join(row(RUNGS[name], found)))
    assert not missed(RUNGS[name], found)
