"""Models that are refused, each for its reason, before anything is compiled."""

from collections.abc import Callable

import numpy as np
import pymc as pm
import pytest

from bayes_leaks.errors import ParameterError
from bayes_leaks.user_model import check_supported

Y = np.array([0.3, -0.4, 0.1])
transforms = pm.distributions.transforms


def nothing_observed() -> None:
    pm.Normal("mu")


def discrete() -> None:
    k = pm.Poisson("k", 2.0)
    pm.Normal("y", k, 1.0, observed=Y)


def truth_value() -> None:
    k = pm.CustomDist("k", dist=lambda size: pm.Bernoulli.dist(0.5, size=size) > 0, dtype="bool")
    pm.Normal("y", pm.math.switch(k, 1.0, 0.0), 1.0, observed=Y)


def flat() -> None:
    pm.Normal("y", pm.Flat("mu"), pm.HalfFlat("sigma"), observed=Y)


def circular() -> None:
    pm.Normal("y", pm.VonMises("angle", 0.0, 1.0), 1.0, observed=Y)


def minibatch() -> None:
    pm.Normal("y", pm.Normal("mu"), 1.0, observed=Y, total_size=300)


def simulator() -> None:
    def simulate(rng: np.random.Generator, mu: np.ndarray, size: object) -> np.ndarray:
        return rng.normal(mu, 1.0, size=3)

    pm.Simulator("y", simulate, pm.Normal("mu"), observed=Y)


# PyMC's own Simulator uses what PyTensor has deprecated.
@pytest.mark.filterwarnings("ignore:.*RandomVariable:DeprecationWarning")
@pytest.mark.parametrize(
    ("build", "words"),
    [
        (nothing_observed, r"nothing is observed; give the data as observed="),
        (discrete, r"'k' is discrete and has to be summed out"),
        (truth_value, r"'k' is discrete and has to be summed out"),
        (flat, r"'mu', 'sigma' has an improper prior"),
        (circular, r"'angle' has a circular transform.*Interval\(-np.pi, np.pi\)"),
        (minibatch, r"'y' has total_size=, which raises its density to a power"),
        (simulator, r"'y' is a Simulator, which has no density"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_reason(build: Callable[[], None], words: str) -> None:
    with pm.Model() as model:
        build()
    with pytest.raises(ParameterError, match=words):
        check_supported(model)


def test_all_reasons_come_together() -> None:
    with pm.Model() as model:
        pm.Flat("mu")
        pm.Poisson("k", 2.0)
        pm.VonMises("angle", 0.0, 1.0)
    with pytest.raises(
        ParameterError, match=r"nothing is observed.*'k' is discrete.*'mu' has an imp.*'angle'"
    ):
        check_supported(model)


@pytest.mark.parametrize("names", [["mu", "sigma"], ("sigma", "mu")])
def test_declared_improper_priors_pass(names: list[str]) -> None:
    with pm.Model() as model:
        flat()
    check_supported(model, shared_improper=names)


def test_declared_names_must_be_improper_variables() -> None:
    with pm.Model() as model:
        flat()
        pm.Normal("nu")
    with pytest.raises(ParameterError, match=r"names 'nu', 'tau', which has no Flat.*in it\.$"):
        check_supported(model, shared_improper=["mu", "sigma", "nu", "tau"])


def test_a_single_name_is_not_read_letter_by_letter() -> None:
    with pm.Model() as model:
        pm.Normal("y", pm.Flat("mu"), 1.0, observed=Y)
    check_supported(model, shared_improper="mu")


def test_sound_models_pass() -> None:
    with pm.Model() as model:
        angle = pm.VonMises("angle", 0.0, 1.0, transform=transforms.Interval(-np.pi, np.pi))
        scale = pm.HalfCauchy("scale", 5.0, default_transform=None)
        cut = pm.Normal("cut", 0.0, 1.0, shape=2, transform=transforms.ordered, initval=[0, 1])
        pm.Censored("y", pm.Normal.dist(angle + cut.sum(), scale), -1.0, 1.0, observed=Y)
    check_supported(model)
    with pm.Model() as by_potential:
        pm.Potential("likelihood", -(pm.Normal("mu") ** 2))
    check_supported(by_potential)
