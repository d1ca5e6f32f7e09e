"""Every proposal: normalised, drawn from faithfully, chosen by overlap, right in a bridge."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence import bridge
from bayes_leaks.evidence.proposals import (
    NormalProposal,
    ReflectedProposal,
    StudentMixtureProposal,
    StudentProposal,
    WarpedProposal,
)
from bayes_leaks.evidence.proposals.ladder import KINDS as RUNGS
from bayes_leaks.evidence.proposals.ladder import LADDER, choose

Floats = NDArray[np.float64]
KINDS = [NormalProposal, StudentProposal, WarpedProposal, ReflectedProposal, StudentMixtureProposal]
CONSTANT = -42.5


def skewed_draws(rng: np.random.Generator, dimension: int = 2, chains: int = 4) -> Floats:
    """Correlated, and each coordinate the logarithm of a gamma variable."""
    factor = np.linalg.cholesky(0.4 * np.eye(dimension) + 0.6)
    normals = rng.normal(size=(chains, 1000, dimension)) @ factor.T
    return np.log(stats.gamma.ppf(stats.norm.cdf(normals), 2.0))


def skewed_density(points: Floats) -> Floats:
    dimension = points.shape[1]
    uniform = stats.gamma.cdf(np.exp(points), 2.0)
    normals = stats.norm.ppf(np.clip(uniform, 1e-300, 1 - 1e-16))
    copula = stats.multivariate_normal.logpdf(
        normals, np.zeros(dimension), 0.4 * np.eye(dimension) + 0.6
    ) - stats.norm.logpdf(normals).sum(axis=1)
    marginal = (2.0 * points - np.exp(points)).sum(axis=1)
    return CONSTANT + copula + marginal


def two_modes(rng: np.random.Generator, dimension: int = 2) -> Floats:
    sign = np.where(rng.random((4, 1000, 1)) < 0.3, 3.0, -3.0)
    return sign + rng.normal(size=(4, 1000, dimension))


def two_modes_density(points: Floats) -> Floats:
    at = [np.log(w) + stats.norm.logpdf(points - m).sum(1) for w, m in ((0.3, 3.0), (0.7, -3.0))]
    return CONSTANT + np.logaddexp(*at)


TARGETS = {"skewed": (skewed_draws, skewed_density), "two modes": (two_modes, two_modes_density)}


def flat(draws: Floats) -> Floats:
    return draws.reshape(-1, draws.shape[2])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TARGETS)
def test_the_density_is_normalised_and_that_of_the_draws(kind: type, name: str) -> None:
    """A wider proposal is drawn from, so that no part of the density is left out."""
    make, _ = TARGETS[name]
    proposal = kind.fit(flat(make(np.random.default_rng(1))))
    wide = StudentProposal(NormalProposal.fit(1.5 * proposal.draw(2**12, np.random.default_rng(2))))
    points = wide.draw(2**16, np.random.default_rng(3))
    mass = np.exp(proposal.log_density(points) - wide.log_density(points))
    assert mass.mean() == pytest.approx(1.0, abs=0.01)
    # The same mean of a bounded function, once from the density and once from the draws.
    own = np.tanh(proposal.draw(2**14, np.random.default_rng(4))).mean(axis=0)
    np.testing.assert_allclose((mass[:, None] * np.tanh(points)).mean(axis=0), own, atol=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_images_keep_the_density_and_begin_with_the_points(kind: type) -> None:
    draws = flat(skewed_draws(np.random.default_rng(1)))
    proposal = kind.fit(draws)
    images = proposal.images(draws[:50])
    np.testing.assert_array_equal(images[0], draws[:50])
    for image in images[1:]:
        assert not np.allclose(image, draws[:50])
        np.testing.assert_allclose(proposal.log_density(image), proposal.log_density(draws[:50]))


def test_tails_are_chosen_by_likelihood() -> None:
    rng = np.random.default_rng(5)
    light = StudentProposal.fit(rng.normal(size=(4000, 3)))
    heavy = StudentProposal.fit(stats.multivariate_t(np.zeros(3), df=5).rvs(4000, rng))
    assert heavy.degrees_of_freedom < 12 < light.degrees_of_freedom


def test_a_warp_finds_the_skewness() -> None:
    z = np.random.default_rng(6).normal(size=(4000, 1))
    proposal = WarpedProposal.fit(3.0 + 2.0 * np.sinh((np.arcsinh(z) + 0.5) / 0.8))
    location, scale, skewness, tail = proposal.maps[:, 0]
    found = [location, scale, skewness, tail]
    np.testing.assert_allclose(found, [3.0, 2.0, 0.5, 0.8], atol=0.3)


def test_a_mixture_has_as_many_components_as_there_are_modes() -> None:
    rng = np.random.default_rng(7)
    assert len(StudentMixtureProposal.fit(flat(two_modes(rng))).components) == 2
    assert len(StudentMixtureProposal.fit(rng.normal(size=(4000, 2))).components) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_collinear_draws_are_refused(kind: type) -> None:
    draws = np.repeat(np.random.default_rng(8).normal(size=(500, 1)), 2, axis=1)
    with pytest.raises(EvidenceError, match="no normal can be fitted"):
        kind.fit(draws)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TARGETS)
def test_the_bridge_from_each_kind_is_right_within_its_error(kind: type, name: str) -> None:
    make, density = TARGETS[name]
    z = []
    for seed in range(8):
        draws = make(np.random.default_rng(seed))
        found = bridge(density, draws, random_seed=seed, ladder=[kind.fit], allow_untrusted=True)
        z.append((found.log_ml - CONSTANT) / found.mcse)
    assert np.sqrt(np.mean(np.square(z))) < np.sqrt(stats.chi2.ppf(0.9999, 8) / 8)


def chosen_rung(name: str, n_proposals: int = 32_000) -> int:
    make, density = TARGETS[name]
    draws = make(np.random.default_rng(9))
    at_draws = density(flat(draws)).reshape(draws.shape[:2])
    rung, _ = choose(LADDER, density, draws, at_draws, n_proposals, np.random.default_rng(10))
    return rung


def test_the_ladder_climbs_as_far_as_it_must() -> None:
    assert RUNGS[chosen_rung("skewed")] in {WarpedProposal, ReflectedProposal}
    assert RUNGS[chosen_rung("two modes")] == StudentMixtureProposal
    normals = np.random.default_rng(11).normal(size=(4, 1000, 3))
    at_normals = stats.norm.logpdf(normals).sum(axis=2)
    rng = np.random.default_rng(12)
    rung, _ = choose(
        LADDER, lambda x: stats.norm.logpdf(x).sum(axis=1), normals, at_normals, 32_000, rng
    )
    assert rung == 0


def test_a_better_rung_gives_a_smaller_error() -> None:
    for make, density in TARGETS.values():
        draws = make(np.random.default_rng(13))
        plain, best = (
            bridge(density, draws, random_seed=1, ladder=ladder, allow_untrusted=True)
            for ladder in ([StudentProposal.fit], LADDER)
        )
        assert best.mcse < 0.7 * plain.mcse
        assert best.diagnostics["rung_first"] > 0


def test_the_choice_does_not_look_at_the_estimate() -> None:
    """A constant in the density moves the estimate and leaves the choice as it was."""
    make, density = TARGETS["skewed"]
    draws = make(np.random.default_rng(14))
    one = bridge(density, draws, random_seed=1)
    moved = bridge(lambda x: density(x) + 500.0, draws, random_seed=1)
    assert moved.diagnostics["rung_first"] == one.diagnostics["rung_first"]
    assert moved.log_ml == pytest.approx(one.log_ml + 500.0, abs=1e-8)


def test_a_rung_that_cannot_be_fitted_is_skipped() -> None:
    def fails(draws: Floats) -> NormalProposal:
        raise EvidenceError("no such proposal")

    make, density = TARGETS["skewed"]
    draws = make(np.random.default_rng(15))
    found = bridge(density, draws, random_seed=1, ladder=[fails, StudentProposal.fit])
    assert found.diagnostics["rung_first"] == 1
    with pytest.raises(EvidenceError, match="no such proposal"):
        bridge(density, draws, random_seed=1, ladder=[fails, fails])
