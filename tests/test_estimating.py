"""`log_evidence` and `ModelEstimator` on models whose evidence is known."""

import math
from collections.abc import Callable

import arviz as az
import numpy as np
import nutpie
import pymc as pm
import pytest
from scipy import special, stats
from xarray import DataTree

import bayes_leaks as bl
from bayes_leaks import engine
from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.model_estimator import ModelEstimator

TRIALS, HITS = 10, np.array([3, 4, 1])
Y = np.array([0.3, -0.4, 1.1])


def beta_binomial(a: float = 2.0, b: float = 3.0) -> pm.Model:
    with pm.Model() as model:
        p = pm.Beta("p", a, b)
        pm.Binomial("y", n=TRIALS, p=p, observed=pm.Data("hits", HITS))
    return model


def beta_binomial_exact(hits: np.ndarray = HITS, a: float = 2.0, b: float = 3.0) -> float:
    misses = hits.size * TRIALS - hits.sum()
    constant = np.log(special.binom(TRIALS, hits)).sum()
    return float(constant + special.betaln(a + hits.sum(), b + misses) - special.betaln(a, b))


def beta_draws(seed: int = 1, chains: int = 4, draws: int = 1000, hits: int = 8) -> DataTree:
    """Independent posterior draws of the probability."""
    rng = np.random.default_rng(seed)
    p = rng.beta(2.0 + hits, 3.0 + 3 * TRIALS - hits, size=(chains, draws))
    return az.from_dict({"posterior": {"p": p}})


def normal_mean(**data: object) -> pm.Model:
    with pm.Model() as model:
        pm.Normal("y", pm.Normal("mu"), 1.0, observed=Y, **data)
    return model


def normal_exact(y: np.ndarray, prior_sd: float = 1.0) -> float:
    covariance = np.eye(y.size) + prior_sd**2
    return float(stats.multivariate_normal.logpdf(y, np.zeros(y.size), covariance))


def mean_draws(seed: int = 1) -> DataTree:
    spread = 1.0 / np.sqrt(1.0 + Y.size)
    mu = np.random.default_rng(seed).normal(Y.sum() * spread**2, spread, size=(4, 1000))
    return az.from_dict({"posterior": {"mu": mu}})


@pytest.fixture
def no_sampling(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        pytest.fail("it sampled")

    monkeypatch.setattr(nutpie, "sample", refuse)
    monkeypatch.setattr(nutpie, "compile_pymc_model", refuse)


@pytest.fixture(scope="module")
def estimator() -> ModelEstimator:
    return ModelEstimator(beta_binomial())


def check_right(found: bl.Evidence, exact: float, within: float = 0.02) -> None:
    """Within the error it states, and within what the method is good for."""
    assert found.trusted, found.reasons
    assert found.log_ml == pytest.approx(exact, abs=within)
    assert abs(found.log_ml - exact) < 4.0 * found.mcse + 1e-7


# Nothing is spent on a mistake.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 5}, r"draws: 5 is too few; give a whole number of at least 100"),
        ({"tune": 99.5}, r"tune: 99.5 is too few"),
        ({"chains": 1, "draws": 0}, r"draws: 0 is too few.*; chains: 1 is too few.* at least 2"),
        ({"method": "laplace"}, r"method: 'laplace' is not known; give one of auto, bridge, im"),
        ({"mcse": 0.0}, r"mcse: 0.0 is not a positive number of nats"),
        ({"mcse": math.nan}, r"mcse: nan is not a positive number"),
        ({"method": "", "mcse": -1.0}, r"method: '' is not known.*; mcse: -1.0 is not"),
        ({"potentials": "both"}, r"potentials: 'both' is not known. Give 'likelihood' or 'prior'"),
        ({"shared_improper": ["p"]}, r"shared_improper names 'p', which has no Flat or HalfFlat"),
        ({"shared_improper": ["q"]}, r"shared_improper names 'q'"),
        ({"idata": {"p": [0.1]}}, r"idata is a dict, not a DataTree; give what pm.sample"),
        ({"idata": DataTree()}, r"idata has no group 'posterior', only no groups"),
    ],
)
def test_wrong_arguments_cost_nothing(
    no_sampling: None, options: dict[str, object], words: str
) -> None:
    before = engine.compilations.copy()
    with pytest.raises(ParameterError, match=words):
        bl.log_evidence(beta_binomial(), random_seed=1, **options)
    assert engine.compilations == before


def test_an_unsupported_model_costs_nothing(no_sampling: None) -> None:
    with pm.Model() as model:
        pm.Normal("y", pm.Flat("mu"), 1.0, observed=Y)
    before = engine.compilations.copy()
    with pytest.raises(ParameterError, match=r"no evidence yet: 'mu' has an improper prior"):
        bl.log_evidence(model, random_seed=1)
    assert engine.compilations == before


def test_draws_of_another_model_are_refused(no_sampling: None) -> None:
    with pytest.raises(ParameterError, match=r"no draws of 'mu'; its posterior holds p"):
        bl.log_evidence(normal_mean(), beta_draws(), random_seed=1)


# Every method, and what it starts from.


@pytest.mark.parametrize("method", ["auto", "bridge", "importance", "smc", "quadrature"])
def test_every_method_is_right(estimator: ModelEstimator, no_sampling: None, method: str) -> None:
    found = estimator.estimate(beta_draws(), method=method, random_seed=2)
    # Sequential Monte Carlo is the coarse one.
    check_right(found, beta_binomial_exact(), within=0.1 if method == "smc" else 0.005)
    assert found.method.startswith("importance" if method == "importance" else "")
    assert (method in found.method) or method == "auto"
    assert found.data_digest
    assert found.improper == ()


def test_nested_sampling_is_right(estimator: ModelEstimator) -> None:
    found = estimator.estimate(None, method="nested", random_seed=2)
    check_right(found, beta_binomial_exact(), within=0.5)


def test_auto_confirms_one_estimator_by_another(estimator: ModelEstimator) -> None:
    found = estimator.estimate(beta_draws(), random_seed=2)
    assert ", confirmed by " in found.method
    for name in ("bridge", "importance"):
        assert found.diagnostics[f"log_ml_{name}"] == pytest.approx(beta_binomial_exact(), abs=0.01)


@pytest.mark.parametrize("method", ["importance", "smc"])
def test_methods_that_start_from_the_prior_need_no_draws(
    estimator: ModelEstimator, no_sampling: None, method: str
) -> None:
    found = estimator.estimate(None, method=method, random_seed=2)
    check_right(found, beta_binomial_exact(), within=0.1)
    again = bl.log_evidence(beta_binomial(), method=method, random_seed=2)
    check_right(again, beta_binomial_exact(), within=0.1)


@pytest.mark.parametrize("method", ["auto", "bridge", "quadrature"])
def test_methods_that_need_draws_say_so(estimator: ModelEstimator, method: str) -> None:
    with pytest.raises(ParameterError, match=rf"method: '{method}' needs posterior draws"):
        estimator.estimate(None, method=method, random_seed=2)


@pytest.mark.parametrize("method", ["importance", "smc"])
def test_an_improper_prior_starts_nothing(method: str) -> None:
    with pm.Model() as model:
        pm.Normal("y", pm.Flat("mu"), 1.0, observed=Y)
    with pytest.raises(ParameterError, match=r"starts from prior draws, and this prior cannot"):
        bl.log_evidence(model, method=method, shared_improper=["mu"], random_seed=1)


# One compilation, reproducible, on a budget.


def test_it_compiles_once_and_a_seed_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    # The one end-to-end run here: sampled, estimated, data swapped, sampled again.
    mine = ModelEstimator(beta_binomial())
    options = {"draws": 400, "tune": 400, "chains": 2}
    first = mine.estimate(mine.sample(**options, random_seed=1), random_seed=2)
    check_right(first, beta_binomial_exact())
    assert engine.compilations["gradient"] > 0
    before = engine.compilations.copy()
    again = mine.estimate(mine.sample(**options, random_seed=1), random_seed=2)
    other = mine.estimate(mine.sample(**options, random_seed=3), random_seed=4)
    assert engine.compilations == before
    assert (again.log_ml, again.mcse) == (first.log_ml, first.mcse)
    assert other.log_ml != first.log_ml
    check_right(other, beta_binomial_exact())
    alone = [bl.log_evidence(beta_binomial(), random_seed=s, **options).log_ml for s in (5, 5)]
    assert alone[0] == alone[1]


def test_three_estimates_compile_nothing_new(estimator: ModelEstimator, no_sampling: None) -> None:
    estimator.estimate(beta_draws(), random_seed=1)
    before = engine.compilations.copy()
    found = [estimator.estimate(beta_draws(seed), random_seed=seed) for seed in (2, 3, 4)]
    assert engine.compilations == before
    assert len({estimate.log_ml for estimate in found}) == 3
    twice = estimator.estimate(beta_draws(2), random_seed=2)
    assert twice.log_ml == found[0].log_ml


class Recorder:
    """Hands out exact posterior draws in place of the sampler's, and counts them."""

    def __init__(self, chains_differ: bool = False) -> None:
        self.asked: list[tuple[int, int]] = []

    def sample(self, *, draws: int, tune: int, chains: int, random_seed: int) -> DataTree:
        self.asked.append((chains, draws))
        return beta_draws(random_seed, chains, draws)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    monkeypatch.setattr(ModelEstimator, "sample", lambda self, **options: made.sample(**options))
    return made


def test_given_draws_that_suffice_are_all_that_is_used(
    estimator: ModelEstimator, recorder: Recorder
) -> None:
    found = estimator.estimate(beta_draws(), mcse=0.01, random_seed=1)
    assert found.mcse <= 0.01
    assert recorder.asked == []


def test_draws_are_doubled_until_the_error_is_reached(
    estimator: ModelEstimator, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = estimator.estimate(beta_draws(draws=100), max_draws=400, random_seed=1)
    target = 0.5 * min(few.diagnostics["mcse_bridge"], few.diagnostics["mcse_importance"])
    found = estimator.estimate(beta_draws(draws=100), mcse=target, max_draws=100_000, random_seed=1)
    assert found.mcse <= target
    check_right(found, beta_binomial_exact())


@pytest.mark.parametrize(("budget", "asked"), [(799, []), (800, [4]), (3200, [4, 8, 16])])
def test_the_budget_of_draws_is_kept(
    estimator: ModelEstimator, recorder: Recorder, budget: int, asked: list[int]
) -> None:
    found = estimator.estimate(beta_draws(draws=100), mcse=1e-9, max_draws=budget, random_seed=1)
    assert recorder.asked == [(chains, 100) for chains in asked]
    assert found.mcse > 1e-9
    check_right(found, beta_binomial_exact())


def test_draws_of_the_sampler_are_used_as_asked_for(recorder: Recorder) -> None:
    bl.log_evidence(beta_binomial(), draws=150, tune=100, chains=3, max_draws=1, random_seed=1)
    assert recorder.asked == [(3, 150)]


# What models are made of.


def test_swapped_data(estimator: ModelEstimator) -> None:
    model = beta_binomial()
    before = bl.log_evidence(model, beta_draws(), random_seed=1)
    hits = np.array([9, 8])
    pm.set_data({"hits": hits}, model=model)
    rng = np.random.default_rng(1)
    draws = az.from_dict({"posterior": {"p": rng.beta(19.0, 6.0, size=(4, 1000))}})
    after = bl.log_evidence(model, draws, random_seed=1)
    check_right(after, beta_binomial_exact(hits))
    assert after.data_digest != before.data_digest
    check_right(before, beta_binomial_exact())


def test_draws_of_old_data_are_not_believed() -> None:
    """Estimators that start from the prior see that the draws are not of this posterior."""
    stale = bl.log_evidence(beta_binomial(), beta_draws(hits=28), max_draws=1, random_seed=1)
    check_right(stale, beta_binomial_exact())
    assert "bridge" not in stale.method
    alone = bl.log_evidence(beta_binomial(), beta_draws(hits=28), "bridge", random_seed=1)
    assert not alone.trusted


def test_coordinates_deterministics_and_two_outcomes() -> None:
    """A mean for each group, seen by two instruments; a copy of it that is not random."""
    y, z = np.array([0.3, -0.4]), np.array([0.5, 0.1])
    with pm.Model(coords={"group": ["north", "south"]}) as model:
        mu = pm.Normal("mu", 0.0, 1.0, dims="group")
        twice = pm.Deterministic("twice", 2.0 * mu, dims="group")
        pm.Normal("y", mu, 1.0, observed=y, dims="group")
        pm.Normal("z", twice, 1.0, observed=z, dims="group")
    exact = sum(
        stats.multivariate_normal.logpdf(pair, np.zeros(2), np.eye(2) + np.outer([1, 2], [1, 2]))
        for pair in zip(y, z, strict=True)
    )
    mean, spread = (y + 2.0 * z) / 6.0, 1.0 / np.sqrt(6.0)
    mu_draws = np.random.default_rng(1).normal(mean, spread, size=(4, 1000, 2))
    draws = az.from_dict({"posterior": {"mu": mu_draws, "twice": 2.0 * mu_draws}})
    check_right(bl.log_evidence(model, draws, random_seed=1), float(exact))


def test_outcomes_of_several_dimensions() -> None:
    rows = np.array([[0.3, -0.4], [1.1, 0.2], [0.6, 0.9]])
    covariance = np.array([[1.0, 0.5], [0.5, 1.0]])
    with pm.Model() as model:
        mu = pm.MvNormal("mu", np.zeros(2), np.eye(2))
        pm.MvNormal("y", mu, covariance, observed=rows)
    whole = np.kron(np.eye(3), covariance) + np.kron(np.ones((3, 3)), np.eye(2))
    exact = stats.multivariate_normal.logpdf(rows.ravel(), np.zeros(6), whole)
    precision = np.eye(2) + 3.0 * np.linalg.inv(covariance)
    mean = np.linalg.solve(precision, np.linalg.solve(covariance, rows.sum(axis=0)))
    rng = np.random.default_rng(1)
    mu_draws = rng.multivariate_normal(mean, np.linalg.inv(precision), size=(4, 1000))
    draws = az.from_dict({"posterior": {"mu": mu_draws}})
    check_right(bl.log_evidence(model, draws, random_seed=1), float(exact))


def test_a_missing_value_changes_nothing() -> None:
    """PyMC makes it a parameter, whose density integrates to one."""
    with pm.Model() as model:
        mu = pm.Normal("mu")
        with pytest.warns(Warning, match="missing values"):
            pm.Normal("y", mu, 1.0, observed=np.append(Y, np.nan))
    posterior = mean_draws()["posterior"].to_dataset()
    noise = np.random.default_rng(2).normal(size=(4, 1000, 1))
    unseen = posterior["mu"].to_numpy()[..., None] + noise
    draws = az.from_dict({"posterior": {"mu": posterior["mu"], "y_unobserved": unseen}})
    found = bl.log_evidence(model, draws, random_seed=1)
    check_right(found, normal_exact(Y))
    assert (
        found.data_digest == bl.log_evidence(normal_mean(), mean_draws(), random_seed=1).data_digest
    )


def test_a_model_without_unknowns_has_its_likelihood(no_sampling: None) -> None:
    """The null hypothesis of a point, which has nothing to sample."""
    with pm.Model() as null:
        pm.Binomial("y", n=TRIALS, p=0.5, observed=HITS)
    found = bl.log_evidence(null, random_seed=1)
    assert found.trusted
    # PyMC computes with small whole numbers in single precision.
    assert found.log_ml == pytest.approx(stats.binom.logpmf(HITS, TRIALS, 0.5).sum(), abs=1e-6)
    assert (found.mcse, found.method) == (0.0, "exact")
    assert found.data_digest == ModelEstimator(beta_binomial()).data_digest


def test_a_null_that_excludes_the_data_has_no_evidence(no_sampling: None) -> None:
    with pm.Model() as null:
        pm.Binomial("y", n=TRIALS, p=0.0, observed=HITS)
    found = bl.log_evidence(null, random_seed=1)
    assert found.codes == ("non_finite_density",)
    assert math.isnan(found.log_ml)


def with_potential() -> pm.Model:
    with pm.Model() as model:
        mu = pm.Normal("mu")
        pm.Potential("y", pm.logp(pm.Normal.dist(mu, 1.0), Y).sum())
    return model


@pytest.mark.parametrize(
    ("role", "code"),
    [(None, "potential_role"), ("prior", "prior_mass"), ("likelihood", "")],
)
def test_potentials_need_a_role(role: str | None, code: str) -> None:
    found = bl.log_evidence(with_potential(), mean_draws(), potentials=role, random_seed=1)
    assert found.codes == ((code,) if code else ())
    if code:
        assert math.isnan(found.log_ml)
        kept = bl.log_evidence(
            with_potential(), mean_draws(), potentials=role, allow_untrusted=True, random_seed=1
        )
        assert kept.log_ml == pytest.approx(normal_exact(Y), abs=0.01)
        assert not kept.trusted
    else:
        check_right(found, normal_exact(Y))


def unnormalised(build: Callable[[], object]) -> pm.Model:
    with pm.Model() as model:
        pm.Normal("y", build(), 1.0, observed=Y)
    return model


def test_the_check_of_the_prior_can_be_left_out() -> None:
    def draw(rng: np.random.Generator | None = None, size: object = None) -> np.ndarray:
        return rng.normal(size=size)

    def flawed() -> pm.Model:
        return unnormalised(
            lambda: pm.CustomDist("mu", logp=lambda value: -0.5 * value**2, random=draw)
        )

    checked = bl.log_evidence(flawed(), mean_draws(), random_seed=1)
    assert checked.codes == ("prior_mass",)
    left_out = bl.log_evidence(flawed(), mean_draws(), check_prior=False, random_seed=1)
    # Silently wrong by the prior's own mass: that is what the check is for.
    check_right(left_out, normal_exact(Y) + 0.5 * math.log(2.0 * math.pi))


def test_a_shared_improper_prior_is_kept_with_the_number() -> None:
    with pm.Model() as model:
        pm.Normal("y", pm.Flat("mu"), 1.0, observed=Y)
    mu = np.random.default_rng(1).normal(Y.mean(), 1.0 / np.sqrt(Y.size), size=(4, 1000))
    draws = az.from_dict({"posterior": {"mu": mu}})
    found = bl.log_evidence(model, draws, shared_improper=["mu"], random_seed=1)
    residuals = -0.5 * ((Y - Y.mean()) ** 2).sum() - 0.5 * (Y.size - 1) * math.log(2.0 * math.pi)
    check_right(found, residuals - 0.5 * math.log(Y.size))
    assert found.improper == ("mu",)


def test_declared_labels_must_be_exchangeable() -> None:
    with pm.Model() as model:
        mu = pm.Normal("mu", [0.0, 1.0], 1.0, shape=2)
        pm.NormalMixture("y", [0.5, 0.5], mu, 1.0, observed=Y)
    draws = az.from_dict({"posterior": {"mu": np.random.default_rng(1).normal(size=(4, 200, 2))}})
    with pytest.raises(ParameterError, match=r"exchangeable: the posterior changes when the lab"):
        bl.log_evidence(model, draws, exchangeable=["mu"], random_seed=1)


def test_a_prior_that_cannot_be_drawn_is_told_by_its_name() -> None:
    model = unnormalised(
        lambda: pm.CustomDist("mu", logp=lambda v: pm.logp(pm.Normal.dist(0.0, 1.0), v))
    )
    found = bl.log_evidence(model, mean_draws(), random_seed=1)
    assert found.codes == ("prior_mass_unknown",)
    assert "random= function" in found.reasons[0]
    trusting = bl.log_evidence(model, mean_draws(), check_prior=False, random_seed=1)
    check_right(trusting, normal_exact(Y))
    with pytest.raises(EvidenceError, match="cannot be drawn from"):
        ModelEstimator(model).draw_prior(1, random_seed=0)
