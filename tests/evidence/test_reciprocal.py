"""The reciprocal estimate: right in an elliptic middle, silent where its terms have no variance."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal, stats

from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence import reciprocal

Floats = NDArray[np.float64]
CONSTANT = -42.5


def normals(seed: int = 0, shape: tuple[int, int, int] = (4, 1000, 2), rho: float = 0.0) -> Floats:
    noise = np.random.default_rng(seed).normal(size=shape)
    noise[:, 1:] *= np.sqrt(1.0 - rho**2)
    return signal.lfilter([1.0], [1.0, -rho], noise, axis=1)


def normal_density(draws: Floats) -> Floats:
    return CONSTANT + stats.norm.logpdf(draws).sum(axis=-1)


def two_modes(seed: int, distance: float = 4.0) -> tuple[Floats, Floats]:
    """Log densities and draws of two modes of unequal weight."""
    rng = np.random.default_rng(seed)
    centre = np.where(rng.random((4, 1000, 1)) < 0.3, distance, -distance)
    draws = centre + rng.normal(size=(4, 1000, 2))
    parts = ((0.3, distance), (0.7, -distance))
    at = [np.log(w) + stats.norm.logpdf(draws - m).sum(axis=-1) for w, m in parts]
    return CONSTANT + np.logaddexp(*at), draws


@pytest.mark.parametrize("dimension", [1, 3, 20])
@pytest.mark.parametrize("rho", [0.0, 0.9])
def test_the_exact_answer_for_a_normal(dimension: int, rho: float) -> None:
    draws = normals(1, (4, 1000, dimension), rho)
    estimate = reciprocal(normal_density(draws), draws)
    assert estimate.trusted, estimate.reasons
    assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse
    assert estimate.n_evaluations == 0


def test_the_exact_answer_for_correlated_and_for_skewed_draws() -> None:
    factor = np.array([[2.0, 0.0], [1.9, 0.3]])
    z = normals(2)
    estimate = reciprocal(normal_density(z) - np.log(0.6), z @ factor.T)
    assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse
    skewed = np.log(np.random.default_rng(3).gamma(2.0, size=(4, 1000, 4)))
    at_skewed = CONSTANT + stats.loggamma.logpdf(skewed, 2.0).sum(axis=-1)
    estimate = reciprocal(at_skewed, skewed)
    assert estimate.trusted, estimate.reasons
    assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse


def test_a_constant_moves_the_answer_by_itself() -> None:
    draws = normals()
    base = reciprocal(normal_density(draws), draws)
    for constant in (1e5, -1e5):
        moved = reciprocal(normal_density(draws) + constant, draws)
        assert moved.log_ml - base.log_ml == pytest.approx(constant, abs=1e-8)
        assert moved.mcse == pytest.approx(base.mcse, rel=1e-8)


def test_autocorrelated_draws_have_a_larger_error() -> None:
    independent, sticky = (normals(1, rho=rho) for rho in (0.0, 0.95))
    assert (
        reciprocal(normal_density(sticky), sticky).mcse
        > 2.0 * reciprocal(normal_density(independent), independent).mcse
    )


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("distance", [4.0, 8.0])
def test_an_ellipsoid_over_a_valley_is_refused(seed: int, distance: float) -> None:
    """Between two modes the largest terms are never drawn: off by tenths of a nat, and more."""
    estimate = reciprocal(*two_modes(seed, distance), allow_untrusted=True)
    assert "high_k_hat" in estimate.codes
    assert estimate.diagnostics["k_hat"] > 0.5


def test_one_chain_is_refused() -> None:
    draws = normals(1, (1, 2000, 2))
    estimate = reciprocal(normal_density(draws), draws)
    assert estimate.codes == ("few_chains",)
    assert np.isnan(estimate.log_ml)


def test_an_empty_middle_is_refused() -> None:
    """Too few draws for the ellipsoid to hold a hundred."""
    draws = normals(1, (4, 24, 2))
    estimate = reciprocal(normal_density(draws), draws)
    assert estimate.diagnostics["inside"] < 100
    assert estimate.codes == ("few_inside",)
    assert np.isnan(estimate.log_ml)


def test_a_large_error_is_refused() -> None:
    draws = normals(1, (4, 60, 12), rho=0.9)
    estimate = reciprocal(normal_density(draws), draws)
    assert "large_error" in estimate.codes or "few_inside" in estimate.codes
    assert np.isnan(estimate.log_ml)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_densities_that_no_draw_can_have_are_refused(odd: float) -> None:
    draws = normals()
    at_draws = normal_density(draws)
    at_draws[2, 17] = odd
    estimate = reciprocal(at_draws, draws)
    assert estimate.codes == ("non_finite_draws",)
    assert np.isnan(estimate.log_ml)
    assert np.isnan(estimate.mcse)


@pytest.mark.parametrize(
    ("at_draws", "draws", "message"),
    [
        (np.zeros((4, 999)), normals(), r"shape \(chains, draws\) of draws, \(4, 1000\); got \(4,"),
        (np.zeros(10), np.zeros((10, 2)), r"draws must have shape \(chains, draws, d\), got \(10,"),
        (np.zeros((4, 8)), normals(0, (4, 8, 1)), "draws has 8 draws per chain; at least 16"),
        (np.zeros((4, 20)), np.zeros((4, 20, 2)), "draws never move in coordinate 0, 1"),
        (np.zeros((4, 20)), np.full((4, 20, 1), np.nan), r"draws\[0, 0, 0\] is nan"),
    ],
)
def test_bad_arguments_are_refused(at_draws: Floats, draws: Floats, message: str) -> None:
    with pytest.raises(ParameterError, match="reciprocal cannot start: .*" + message):
        reciprocal(at_draws, draws)


def test_collinear_draws_are_an_error() -> None:
    draws = np.repeat(normals(0, (4, 100, 1)), 2, axis=2)
    with pytest.raises(EvidenceError, match="no normal can be fitted"):
        reciprocal(normal_density(draws), draws)
