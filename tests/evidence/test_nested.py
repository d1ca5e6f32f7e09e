"""Nested sampling by dynesty: right within its error, and clear without it."""

import sys
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence.nested import nested

Floats = NDArray[np.float64]
CONSTANT = -42.5


def normal(cube: Floats) -> Floats:
    """Prior N(0, 1), likelihood N(0.3; x, 0.1), through the quantiles of the prior."""
    return stats.norm.logpdf(0.3, stats.norm.ppf(cube), 0.1).sum(axis=1)


def two_modes(cube: Floats) -> Floats:
    parts = ((0.3, 0.2), (0.7, 0.8))
    at = [np.log(w) + stats.norm.logpdf(cube, m, 0.02).sum(axis=1) for w, m in parts]
    return CONSTANT + np.logaddexp(*at)


def half_zero(cube: Floats) -> Floats:
    inside = CONSTANT + stats.norm.logpdf(cube, 0.75, 0.02).sum(axis=1)
    return np.where(cube[:, 0] > 0.5, inside, -np.inf)


TARGETS: dict[str, tuple[Callable[[Floats], Floats], float]] = {
    "normal": (normal, 2.0 * float(stats.norm.logpdf(0.3, 0.0, np.sqrt(1.01)))),
    "two modes": (two_modes, CONSTANT),
    "half zero": (half_zero, CONSTANT),
}


def test_without_dynesty_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dynesty", None)
    calls: list[Floats] = []
    with pytest.raises(ParameterError, match=r"'nested' needs dynesty; pip install 'bayes-leaks\["):
        nested(calls.append, 2, random_seed=1)
    assert not calls


@pytest.mark.parametrize(
    ("dimension", "n_live", "message"),
    [
        (2, 4, "n_live must be more than 4 in 2 dimensions, got 4"),
        (0, 500, "dimension must be 1 or more, got 0"),
        (0, -1, "dimension must be 1 or more, got 0; n_live must be more than 0 in 0 dim"),
    ],
)
def test_bad_arguments_are_refused_before_the_likelihood_is_called(
    dimension: int, n_live: int, message: str
) -> None:
    calls: list[Floats] = []
    with pytest.raises(ParameterError, match="nested cannot start: " + message):
        nested(calls.append, dimension, n_live=n_live, random_seed=1)
    assert not calls


@pytest.mark.parametrize("name", TARGETS)
def test_the_exact_answer_and_the_evaluations(name: str) -> None:
    likelihood, exact = TARGETS[name]
    calls = []

    def counted(cube: Floats) -> Floats:
        calls.append(len(cube))
        return likelihood(cube)

    estimate = nested(counted, 2, n_live=100, random_seed=1)
    assert estimate.trusted, estimate.reasons
    assert abs(estimate.log_ml - exact) < 4.0 * estimate.mcse
    assert 0.05 < estimate.mcse < 0.5
    assert estimate.n_evaluations == sum(calls)


def test_same_seed_same_bits_and_other_seed_other_bits() -> None:
    first, again, other = (
        nested(normal, 1, n_live=50, random_seed=seed) for seed in (7, np.random.SeedSequence(7), 8)
    )
    assert first == again
    assert first.log_ml != other.log_ml


def test_more_live_points_give_a_smaller_error() -> None:
    few, many = (nested(normal, 1, n_live=n, random_seed=1) for n in (50, 450))
    assert many.mcse == pytest.approx(few.mcse / 3.0, rel=0.3)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_a_value_that_no_density_has_refuses_all(odd: float) -> None:
    estimate = nested(
        lambda cube: np.where(cube[:, 0] > 0.9, odd, normal(cube)), 1, n_live=50, random_seed=1
    )
    assert estimate.codes == ("non_finite_density",)
    assert np.isnan(estimate.log_ml)


def test_a_plateau_is_not_trusted() -> None:
    """dynesty stops there and cannot know what lies above."""
    estimate = nested(
        lambda cube: np.where(cube[:, 0] < 0.1, 0.0, -5.0), 1, n_live=50, random_seed=1
    )
    assert set(estimate.codes) == {"not_converged"}
    assert "plateau" in estimate.reasons[0]


def test_a_likelihood_that_is_zero_everywhere_is_an_error() -> None:
    with pytest.raises(EvidenceError, match=r"dynesty gave up: .*valid log-likelihood"):
        nested(lambda cube: np.full(len(cube), -np.inf), 1, n_live=3, random_seed=1)


def test_warnings_of_the_likelihood_are_passed_on() -> None:
    def warns(cube: Floats) -> Floats:
        warnings.warn("look here", UserWarning, stacklevel=1)
        return normal(cube)

    with pytest.warns(UserWarning, match="look here"):
        assert nested(warns, 1, n_live=20, random_seed=1).trusted


def test_infinite_quantiles_are_never_asked_for() -> None:
    seen = []

    def edges(cube: Floats) -> Floats:
        seen.append(stats.norm.ppf(cube))
        return np.where(cube[:, 0] > 0.5, cube[:, 0], cube[:, 0] * 2.0)

    nested(edges, 1, n_live=50, random_seed=1)
    assert np.isfinite(np.concatenate(seen)).all()


@pytest.mark.slow
def test_its_error_is_of_the_right_size() -> None:
    for likelihood, exact in TARGETS.values():
        z = []
        for seed in range(30):
            estimate = nested(likelihood, 2, n_live=100, random_seed=seed)
            z.append((estimate.log_ml - exact) / estimate.mcse)
        low, high = stats.chi2.ppf([0.001, 0.999], 30) / 30
        assert low < np.mean(np.square(z)) < high
