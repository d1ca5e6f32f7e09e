"""Importance sampling: right on exact integrals, reproducible, and refused where it cannot be."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence import importance
from bayes_leaks.evidence.importance import importance_sample

Floats = NDArray[np.float64]
LOGS = 2.0 * np.log(10.0)
CONSTANT = -42.5
FACTOR = np.linalg.cholesky(0.3 * np.eye(5) + 0.7)


def normal(points: Floats) -> Floats:
    return CONSTANT + stats.norm.logpdf(points).sum(axis=1)


def correlated(points: Floats) -> Floats:
    z = np.linalg.solve(FACTOR, points.T).T
    return normal(z) - np.log(np.diag(FACTOR)).sum()


def student(points: Floats) -> Floats:
    dimension = points.shape[1]
    shape = stats.multivariate_t(np.zeros(dimension), np.eye(dimension), df=6)
    return CONSTANT + shape.logpdf(points)


def log_gamma(points: Floats) -> Floats:
    return CONSTANT + stats.loggamma.logpdf(points, 2.0).sum(axis=1)


def two_modes(points: Floats) -> Floats:
    parts = ((0.3, 4.0), (0.7, -4.0))
    at = [np.log(w) + stats.norm.logpdf(points - m).sum(axis=1) for w, m in parts]
    return CONSTANT + np.logaddexp(*at)


def labels(points: Floats) -> Floats:
    """Three exchangeable means: six equal copies, apart from each other."""
    means = np.array([[-6.0, 0.0, 6.0]])
    orders = ([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0])
    copies = [stats.norm.logpdf(points - means[:, order]).sum(axis=1) for order in orders]
    return CONSTANT + np.logaddexp.reduce(copies) - np.log(6.0)


def banana(points: Floats) -> Floats:
    bent = points[:, 1] - 0.5 * (points[:, 0] ** 2 - 2.25)
    return CONSTANT + stats.norm.logpdf(points[:, 0], 0.0, 1.5) + stats.norm.logpdf(bent)


TARGETS: dict[str, tuple[Callable[[Floats], Floats], int]] = {
    "normal": (normal, 1),
    "normal, 20 dimensions": (normal, 20),
    "correlated": (correlated, 5),
    "student": (student, 3),
    "log-gamma": (log_gamma, 4),
    "two modes": (two_modes, 2),
    "labels": (labels, 3),
    "banana": (banana, 2),
}


def wide_start(dimension: int, size: int = 1000, seed: int = 0) -> Floats:
    return 6.0 * np.random.default_rng(seed).normal(size=(size, dimension))


@pytest.mark.parametrize("name", TARGETS)
def test_the_exact_answer_from_wide_starts(name: str) -> None:
    density, dimension = TARGETS[name]
    estimate = importance(density, wide_start(dimension), random_seed=1)
    assert estimate.trusted, estimate.reasons
    assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse
    assert 0.0 < estimate.mcse < 0.01


def test_a_posterior_far_from_the_start_and_much_narrower_is_found() -> None:
    def narrow(points: Floats) -> Floats:
        return normal((points - 4.0) / 0.01) - points.shape[1] * np.log(0.01)

    estimate = importance(narrow, wide_start(4), random_seed=1)
    assert estimate.trusted, estimate.reasons
    assert estimate.diagnostics["rounds"] > 3
    assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse


def test_no_mass_outside_the_support_is_counted() -> None:
    def half(points: Floats) -> Floats:
        return np.where(points[:, 0] > 0.0, normal(points), -np.inf)

    estimate = importance(half, wide_start(2), random_seed=1)
    assert estimate.diagnostics["impossible_proposals"] > 100
    assert abs(estimate.log_ml - CONSTANT + np.log(2.0)) < 4.0 * estimate.mcse


def test_same_seed_same_bits_and_other_seed_other_bits() -> None:
    start = wide_start(2)
    first = importance(two_modes, start, random_seed=7)
    for same in (7, np.random.SeedSequence(7), np.random.default_rng(7)):
        assert importance(two_modes, start, random_seed=same) == first
    assert importance(two_modes, start, random_seed=8).log_ml != first.log_ml


def test_a_constant_moves_the_answer_by_itself() -> None:
    start = wide_start(3)
    base = importance(student, start, random_seed=1)
    for constant in (1e4, -3.5):
        moved = importance(lambda x, c=constant: student(x) + c, start, random_seed=1)
        assert moved.log_ml - base.log_ml == pytest.approx(constant, abs=1e-8)
        assert moved.mcse == pytest.approx(base.mcse, rel=1e-5)


def test_evaluations_are_those_counted_and_the_error_asked_for_decides_them() -> None:
    calls = []

    def counted(points: Floats) -> Floats:
        calls.append(len(points))
        return two_modes(points)

    rough, fine = (
        importance(counted, wide_start(2), mcse=mcse, random_seed=1) for mcse in (0.05, 0.0005)
    )
    assert rough.n_evaluations + fine.n_evaluations == sum(calls)
    assert fine.n_evaluations > 3 * rough.n_evaluations
    assert fine.mcse < 0.5 * rough.mcse
    assert rough.mcse < 0.05


def test_draws_come_from_the_posterior() -> None:
    found = importance_sample(two_modes, wide_start(2), random_seed=1)
    draws = found.draws
    assert found.evidence.trusted
    assert draws.shape == (2000, 2)
    # Shares of the modes, 0.3 and 0.7, within four standard errors of a fifth of the draws.
    assert np.mean(draws[:, 0] > 0.0) == pytest.approx(0.3, abs=4.0 * np.sqrt(0.21 / 400))
    np.testing.assert_allclose(np.abs(draws).mean(axis=0), 4.0, atol=4.0 / np.sqrt(400))


def test_draws_that_the_proposal_covers_leave_its_error() -> None:
    found = importance_sample(normal, wide_start(2), random_seed=1)
    points = np.random.default_rng(2).normal(size=(4000, 2))
    widened = found.widened(points, normal(points))
    assert widened.log_ml == found.evidence.log_ml
    assert found.evidence.mcse <= widened.mcse < found.evidence.mcse + 0.001


def test_draws_where_the_proposal_never_was_widen_its_error() -> None:
    """One draw in a hundred lies in an island of that share of the mass, which was not found."""

    def islands(points: Floats) -> Floats:
        parts = [np.log(0.99) + normal(points), np.log(0.01) + normal((points - 40.0) / 0.1) + LOGS]
        return np.logaddexp(*parts)

    found = importance_sample(
        islands, np.random.default_rng(3).normal(size=(500, 2)), random_seed=1
    )
    points = np.random.default_rng(4).normal(size=(4000, 2))
    points[:40] = 40.0 + 0.1 * points[:40]
    widened = found.widened(points, islands(points))
    assert found.evidence.mcse < 0.003
    error = abs(found.evidence.log_ml - CONSTANT)
    assert error == pytest.approx(-np.log(0.99), rel=0.2)
    assert widened.mcse > error
    assert widened.diagnostics["mcse_unseen"] == pytest.approx(widened.mcse, rel=0.01)


def test_an_estimate_that_is_not_trusted_is_not_widened() -> None:
    found = importance_sample(normal, wide_start(2), random_seed=1)
    doubted = replace(found, evidence=found.evidence.distrusted("code: why."))
    assert doubted.widened(np.zeros((1, 2)), np.zeros(1)) is doubted.evidence


@pytest.mark.parametrize(
    ("start", "mcse", "message"),
    [
        (np.zeros(100), 0.01, r"start must have shape \(n, d\) with n of at least 50, got \(100,"),
        (np.zeros((49, 2)), 0.01, r"with n of at least 50, got \(49, 2\)"),
        (np.zeros((100, 0)), 0.01, r"got \(100, 0\)"),
        (np.full((100, 2), np.nan), 0.01, r"start must be finite; start\[0, 0\] is nan; leave"),
        (wide_start(2), 0.0, "mcse must be positive and finite, got 0.0"),
        (wide_start(2), -1.0, "mcse must be positive and finite, got -1.0"),
        (wide_start(2), np.nan, "mcse must be positive and finite, got nan"),
        (np.zeros(3), np.inf, r"got \(3,\); mcse must be positive and finite, got inf"),
    ],
)
def test_bad_arguments_are_refused_before_the_density_is_called(
    start: Floats, mcse: float, message: str
) -> None:
    calls = []
    with pytest.raises(ParameterError, match="importance cannot start: .*" + message):
        importance(calls.append, start, mcse=mcse, random_seed=1)
    assert not calls


def test_a_density_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"returned shape \(1024, 2\). Vectorise it"):
        importance(lambda x: x, wide_start(2), random_seed=1)


def test_a_density_that_is_zero_at_all_starts_is_an_error() -> None:
    with pytest.raises(EvidenceError, match="the density is zero at all 1024 points"):
        importance(lambda x: np.full(len(x), -np.inf), wide_start(2), random_seed=1)


def test_collinear_starts_are_an_error() -> None:
    with pytest.raises(EvidenceError, match="no normal can be fitted"):
        importance(normal, np.repeat(wide_start(1), 2, axis=1), random_seed=1)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
@pytest.mark.parametrize("edge", [1.0, 8.0])
def test_a_value_that_no_density_has_refuses_all(odd: float, edge: float) -> None:
    """Also where only the first, wide proposals saw it."""
    estimate = importance(
        lambda x: np.where(x[:, 0] > edge, odd, normal(x)), wide_start(2), random_seed=1
    )
    assert estimate.codes == ("non_finite_proposals",)
    assert np.isnan(estimate.log_ml)
    assert np.isnan(estimate.mcse)


def funnel(points: Floats) -> Floats:
    scale = np.exp(0.5 * points[:, :1])
    return stats.norm.logpdf(points[:, 0], 0.0, 3.0) + stats.norm.logpdf(
        points[:, 1:], 0.0, scale
    ).sum(axis=1)


def thin_shell(points: Floats) -> Floats:
    return -0.5 * ((np.linalg.norm(points, axis=1) - 5.0) / 0.02) ** 2


def without_a_mean(points: Floats) -> Floats:
    return stats.t.logpdf(points, 0.3).sum(axis=1)


def improper(points: Floats) -> Floats:
    return np.zeros(len(points))


@pytest.mark.parametrize(
    ("density", "dimension", "codes"),
    [
        (without_a_mean, 1, {"high_k_hat"}),
        (improper, 2, {"not_converged", "few_effective_draws", "high_k_hat", "large_error"}),
        pytest.param(funnel, 10, {"high_k_hat"}, marks=pytest.mark.slow),
        pytest.param(thin_shell, 6, {"few_effective_draws"}, marks=pytest.mark.slow),
    ],
)
def test_shapes_that_no_proposal_follows_are_refused(
    density: Callable[[Floats], Floats], dimension: int, codes: set[str]
) -> None:
    estimate = importance(density, wide_start(dimension), random_seed=1)
    assert codes <= set(estimate.codes)
    assert np.isnan(estimate.log_ml)
    assert np.isfinite(estimate.untrusted_numbers).all()


def test_no_overlap_of_the_final_proposals_is_refused() -> None:
    calls = []

    def vanishing(points: Floats) -> Floats:
        """There while the proposal is sought, gone afterwards."""
        calls.append(len(points))
        return normal(points) if len(points) > 512 else np.full(len(points), -np.inf)

    estimate = importance(vanishing, wide_start(1), random_seed=1)
    assert calls[-1] == 512
    assert estimate.codes == ("no_overlap",)
    assert np.isnan(estimate.log_ml)


def test_an_untrusted_number_is_kept_if_asked_for() -> None:
    shown = importance(without_a_mean, wide_start(1), random_seed=1, allow_untrusted=True)
    hidden = importance(without_a_mean, wide_start(1), random_seed=1)
    assert shown.codes == hidden.codes == ("high_k_hat",)
    assert (shown.log_ml, shown.mcse) == hidden.untrusted_numbers


def test_diagnostics_of_the_caller_are_kept() -> None:
    estimate = importance(normal, wide_start(1), random_seed=1, diagnostics={"divergences": 2})
    assert estimate.diagnostics["divergences"] == 2.0
    assert 0.0 < estimate.diagnostics["effective_share"] <= 1.0
