"""Discrete unknowns are summed out where PyMC can, and otherwise refused in words."""

import builtins
import math
import sys
from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytest
from scipy.special import logsumexp

import bayes_leaks as bl
from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import ParameterError
from bayes_leaks.user_model import sum_out_latent

Y = np.array([-1.9, 2.2, 1.8])


def groups() -> pm.Model:
    with pm.Model() as model:
        mu = pm.Normal("mu", np.array([-2.0, 2.0]), 1.0, shape=2)
        group = pm.Categorical("group", np.array([0.3, 0.7]), shape=len(Y))
        pm.Normal("y", mu[group], 1.0, observed=Y)
    return model


def test_models_without_discrete_unknowns_stay_as_they_are() -> None:
    with pm.Model() as model:
        pm.Poisson("y", pm.Exponential("rate", 1.0), observed=[1, 2])
    assert sum_out_latent(model) is model


def test_without_pymc_extras_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def without(name: str, *args: object, **keywords: object) -> object:
        if name == "pymc_extras":
            raise ImportError(name)
        return real(name, *args, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        ParameterError,
        match=r"'group' is discrete and free.*bayes-leaks\[marginal\].*, for example with pm.Mix",
    ):
        bl.log_evidence(groups(), random_seed=1)


@pytest.mark.parametrize("failure", [NotImplementedError, AttributeError])
def test_what_pymc_extras_cannot_sum_out_is_refused(
    monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    def marginalize(model: pm.Model, names: list[str]) -> pm.Model:
        raise failure("no way")

    fake = SimpleNamespace(marginalize=marginalize, __version__="0.0")
    monkeypatch.setitem(sys.modules, "pymc_extras", fake)
    with pytest.raises(
        ParameterError, match=rf"extras 0.0 cannot sum it out \({failure.__name__}: no way\); write"
    ):
        sum_out_latent(groups())


def test_a_version_that_fails_only_at_the_density_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise AttributeError("FrozenApply")

    fake = SimpleNamespace(marginalize=lambda *_: SimpleNamespace(logp=fail), __version__="0.12")
    monkeypatch.setitem(sys.modules, "pymc_extras", fake)
    with pytest.raises(ParameterError, match=r"0.12 cannot sum it out \(AttributeError: Frozen"):
        sum_out_latent(groups())


def test_with_pymc_extras_the_sum_is_right() -> None:
    summed = CompiledModel(sum_out_latent(groups()))
    points = np.array([[-2.0, 2.0], [0.5, -1.0]])
    expected = []
    for mu in points:
        prior = (-0.5 * (mu - [-2.0, 2.0]) ** 2).sum()
        each = np.log([0.3, 0.7]) - 0.5 * (Y[:, None] - mu) ** 2
        constant = -0.5 * (len(Y) + 2) * math.log(2.0 * math.pi)
        expected.append(prior + logsumexp(each, axis=1).sum() + constant)
    np.testing.assert_allclose(summed.log_density(points), expected, rtol=1e-9)
