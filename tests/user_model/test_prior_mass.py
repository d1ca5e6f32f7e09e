"""Priors that integrate to one are left alone; the mass of the others is measured and told."""

import math
from collections.abc import Callable

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from pymc.logprob.transforms import Transform
from pytensor.tensor import TensorVariable

from bayes_leaks.engine import CompiledModel
from bayes_leaks.user_model.integrals import log_integral
from bayes_leaks.user_model.prior_mass import PriorMass, prior_mass

ordered = pm.distributions.transforms.ordered


def scalars() -> None:
    pm.Normal("narrow", 3.0, 1e-6)
    pm.Normal("wide", 0.0, 1e8)
    pm.HalfCauchy("half_cauchy", 5.0)
    pm.Cauchy("cauchy", 0.0, 1.0)
    pm.Beta("horns", 0.1, 0.1)
    pm.Beta("edge", 300.0, 2.0)
    pm.Kumaraswamy("kumaraswamy", 0.5, 0.5)
    pm.Uniform("uniform", -1e-9, 1e9)
    pm.Exponential("exponential", 1e-6)
    pm.Gamma("spiked", 0.05, 1.0)
    pm.InverseGamma("inverse", 0.5, 0.5)
    pm.LogNormal("log_normal", 0.0, 8.0)
    pm.StudentT("student", nu=1.2)


def edges() -> None:
    """Densities that jump: no transform, and truncation."""
    pm.HalfNormal("half", 1.0, default_transform=None)
    pm.Uniform("uniform", 0.0, 1.0, default_transform=None)
    pm.Truncated("tail", pm.Normal.dist(0.0, 1.0), lower=2.0)
    pm.TruncatedNormal("middle", 0.0, 1.0, lower=-1.0, upper=0.5)
    pm.VonMises("angle", 0.0, 1.0, transform=pm.distributions.transforms.Interval(-np.pi, np.pi))


def mixtures() -> None:
    """Parts of very different widths, and far from each other."""
    pm.NormalMixture("spike_and_slab", [0.5, 0.5], [0.0, 0.0], [0.01, 10.0])
    pm.NormalMixture("apart", [0.9, 0.1], [0.0, 1000.0], [1.0, 1.0])


def simplices() -> None:
    pm.Dirichlet("share", np.ones(3))
    pm.Dirichlet("sparse", np.full(4, 0.1))
    pm.Dirichlet("rows", np.ones((2, 3)))


def covariances() -> None:
    pm.LKJCholeskyCov("chol", n=3, eta=2.0, sd_dist=pm.Exponential.dist(1.0))
    pm.ZeroSumNormal("zero_sum", sigma=2.0, shape=5)
    pm.MvNormal("rows", np.zeros(2), np.array([[1.0, 0.9], [0.9, 1.0]]), shape=(3, 2))


def walks() -> None:
    step = pm.HalfNormal("step", 1.0)
    start = pm.Normal.dist(0.0, 10.0)
    pm.GaussianRandomWalk("walk", sigma=step, init_dist=start, steps=20)
    pm.AR("ar", rho=[pm.Uniform("rho", -1.0, 1.0)], sigma=step, init_dist=start, steps=10)


def hierarchy() -> None:
    mu = pm.Normal("mu", 0.0, 5.0)
    tau = pm.HalfCauchy("tau", 5.0)
    pm.Normal("theta", mu, tau, shape=8)
    low = pm.Uniform("low", 0.0, tau)
    pm.TruncatedNormal("between", mu=low, sigma=tau, lower=low, upper=low + 1.0)
    pm.MvNormal("pair", mu * np.ones(2), tau * np.eye(2))


def horseshoe() -> None:
    overall = pm.HalfCauchy("overall", 0.01)
    local = pm.HalfCauchy("local", 1.0, shape=10)
    pm.Normal("slope", 0.0, overall * local, shape=10)


def custom() -> None:
    """Densities that PyMC derives; that of the cube of a normal is infinite at zero."""
    pm.CustomDist("cube", dist=lambda size: pm.Normal.dist(0.0, 1.0, size=size) ** 3)
    pm.CustomDist("square", dist=lambda size: pm.Normal.dist(0.0, 1.0, size=size) ** 2)


def measured(build: Callable[[], object], **options: object) -> PriorMass:
    with pm.Model() as model:
        build()
    return prior_mass(CompiledModel(model), **options)


@pytest.mark.parametrize(
    "build",
    [scalars, edges, mixtures, simplices, covariances, walks, hierarchy, horseshoe, custom],
)
def test_right_priors_are_not_flagged(build: Callable[[], None]) -> None:
    with pm.Model() as model:
        build()
    found = prior_mass(CompiledModel(model))
    assert found.reasons == ()
    assert set(found.log_mass) == {rv.name for rv in model.free_RVs}
    assert all(abs(mass) < 0.002 for mass in found.log_mass.values()), found.log_mass


class WithoutJacobian(Transform):
    """A logarithm whose author forgot the Jacobian."""

    name = "forgetful"

    def forward(self, value: TensorVariable, *inputs: object) -> TensorVariable:
        return pt.log(value)

    def backward(self, value: TensorVariable, *inputs: object) -> TensorVariable:
        return pt.exp(value)

    def log_jac_det(self, value: TensorVariable, *inputs: object) -> TensorVariable:
        return pt.zeros_like(value)


def forgotten_jacobian() -> None:
    pm.Gamma("x", 4.0, 2.0, default_transform=WithoutJacobian())


def without_constant() -> None:
    def draw(rng: np.random.Generator | None = None, size: object = None) -> np.ndarray:
        return rng.normal(size=size)

    pm.CustomDist("x", logp=lambda value: -0.5 * value**2, random=draw, shape=3)


def half_of_it() -> None:
    """A density on the line, drawn from and transformed as if it lived on its right half."""

    def draw(rng: np.random.Generator | None = None, size: object = None) -> np.ndarray:
        return np.abs(rng.normal(size=size))

    pm.CustomDist(
        "x",
        logp=lambda value: pm.logp(pm.Normal.dist(0.0, 1.0), value),
        random=draw,
        default_transform=pm.distributions.transforms.log,
    )


@pytest.mark.parametrize(
    ("build", "exact"),
    [
        # The mean of one over a gamma variable.
        (forgotten_jacobian, math.log(2.0 / 3.0)),
        (without_constant, 0.5 * math.log(2.0 * math.pi)),
        (half_of_it, -math.log(2.0)),
    ],
)
def test_the_mass_of_wrong_elementwise_priors(build: Callable[[], None], exact: float) -> None:
    found = measured(build)
    assert found.log_mass["x"] == pytest.approx(exact, abs=1e-5)
    (reason,) = found.reasons
    assert reason.startswith("prior_mass: the prior does not integrate to one")
    assert f"'x' to {math.exp(exact):.3g} (log {exact:.2f})" in reason


@pytest.mark.parametrize("labels", [2, 3, 5])
def test_ordered_labels_keep_one_of_many_orders(labels: int) -> None:
    """By itself and below parents, whose values must not matter."""

    def build() -> None:
        scale = pm.HalfCauchy("scale", 1.0)
        start = np.arange(labels, dtype=float)
        pm.Normal("free", 0.0, 5.0, shape=labels, transform=ordered, initval=start)
        pm.Normal("child", 0.0, scale, shape=labels, transform=ordered, initval=start)

    found = measured(build)
    exact = -math.log(math.factorial(labels))
    # Four errors of a bridge between some hundreds of draws.
    for name in ("free", "child"):
        assert found.log_mass[name] == pytest.approx(exact, abs=0.1)
    assert abs(found.log_mass["scale"]) < 1e-4
    assert "'free'" in found.reasons[0]
    assert "'child'" in found.reasons[0]
    assert "'scale'" not in found.reasons[0]


def test_rows_of_ordered_labels_multiply() -> None:
    found = measured(
        lambda: pm.Normal(
            "x", 0.0, 1.0, shape=(2, 2), transform=ordered, initval=[[0.0, 1.0], [0.0, 1.0]]
        )
    )
    assert found.log_mass["x"] == pytest.approx(-2.0 * math.log(2.0), abs=0.1)


def ordered_labels(constant: float) -> None:
    pm.Normal("x", 0.0, 1.0, shape=3, transform=ordered, initval=[-1.0, 0.0, 1.0])
    pm.Potential("orders", pt.as_tensor(constant))


def test_a_constant_makes_up_for_ordered_labels() -> None:
    assert measured(lambda: ordered_labels(math.log(6.0)), potentials="prior").reasons == ()


@pytest.mark.parametrize("constant", [0.0, math.log(2.0), -math.log(6.0)])
def test_another_constant_does_not(constant: float) -> None:
    (reason,) = measured(lambda: ordered_labels(constant), potentials="prior").reasons
    assert "'x' to 0.1" in reason
    told = "that of the Potentials to" in reason
    assert told == (constant != 0.0)


def shrunk() -> None:
    pm.Potential("shrink", -0.5 * (pm.Normal("x", shape=2) ** 2).sum())


def test_potentials_are_measured_if_they_belong_to_the_prior() -> None:
    found = measured(shrunk, potentials="prior")
    assert found.log_mass["potentials"] == pytest.approx(-math.log(2.0), abs=0.05)
    assert "that of the Potentials to 0.5" in found.reasons[0]
    assert measured(shrunk, potentials="likelihood") == PriorMass({"x": found.log_mass["x"]})


def test_the_role_of_potentials_must_be_told() -> None:
    (reason,) = measured(shrunk).reasons
    assert reason.startswith("potential_role: the model has Potential 'shrink'; say potentials='l")


def test_potentials_that_a_few_draws_decide_are_not_measured() -> None:
    (reason,) = measured(
        lambda: pm.Potential("narrow", -0.5 * (pm.Normal("x") / 1e-4) ** 2), potentials="prior"
    ).reasons
    assert reason.startswith("prior_mass_unknown: the mean of the Potentials over the prior")


def without_random() -> None:
    pm.CustomDist("x", logp=lambda value: pm.logp(pm.Normal.dist(0.0, 1.0), value))


def neighbours() -> None:
    pm.ICAR("x", W=np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]))


@pytest.mark.parametrize("build", [without_random, neighbours])
def test_priors_that_cannot_be_drawn_are_not_known(build: Callable[[], None]) -> None:
    found = measured(build)
    assert found.log_mass == {}
    assert found.reasons[0].startswith("prior_mass_unknown: the prior cannot be drawn from")


def test_labels_with_too_many_orders_are_not_known() -> None:
    start = np.arange(8.0)
    (reason,) = measured(
        lambda: pm.Normal("x", 0.0, 1.0, shape=8, transform=ordered, initval=start)
    ).reasons
    assert reason.startswith("prior_mass_unknown: the prior of 'x' was not measured")
    assert "have an image" in reason


def test_what_is_too_large_to_measure_is_taken_from_pymc_and_from_no_one_else() -> None:
    class OwnSimplex(type(pm.distributions.transforms.simplex)):
        """Right, but not known to be."""

    ones = np.ones(600)
    assert measured(lambda: pm.Dirichlet("x", ones)) == PriorMass({}, ())
    (reason,) = measured(lambda: pm.Dirichlet("x", ones, default_transform=OwnSimplex())).reasons
    assert reason.endswith("the prior of 'x' was not measured: 599 dimensions are too many")


def test_proper_variables_are_measured_beside_improper_ones() -> None:
    def build(**options: object) -> None:
        shift = pm.Flat("shift")
        pm.Normal("x", shift, pm.HalfFlat("scale"), shape=2, **options)

    names = ["shift", "scale"]
    assert measured(build, shared_improper=names).reasons == ()
    found = measured(lambda: build(transform=ordered, initval=[0.0, 1.0]), shared_improper=names)
    assert set(found.log_mass) == {"x"}
    assert found.log_mass["x"] == pytest.approx(-math.log(2.0), abs=0.1)


@pytest.mark.parametrize(
    ("log_density", "exact"),
    [
        (lambda x: -0.5 * x**2, 0.5 * math.log(2.0 * math.pi)),
        (lambda x: np.where(np.abs(x) < 1.0 / 3.0, 0.0, -np.inf), math.log(2.0 / 3.0)),
        (lambda x: -np.abs(x) / 1e-3, math.log(2e-3)),
        (lambda x: -2.0 / 3.0 * np.log(np.abs(x)) - x**2, math.log(math.gamma(1.0 / 6.0))),
    ],
    ids=["smooth", "jumps", "narrow", "infinite"],
)
def test_integrals_between_nodes(
    log_density: Callable[[np.ndarray], np.ndarray], exact: float
) -> None:
    """Few nodes are enough where some lie near what is narrow."""
    nodes = np.array([-20.0, -3.0, -1.0, -0.01, 0.0, 0.02, 1.0, 2.5, 30.0])
    with np.errstate(divide="ignore"):
        assert log_integral(log_density, nodes) == pytest.approx(exact, abs=2e-3)
