"""The way from wide points to the posterior: weights, powers, resampling, the defended proposal."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence import adaptation
from bayes_leaks.evidence.adaptation import (
    adapt,
    effective_share,
    fit_best,
    largest_step,
    resample,
)
from bayes_leaks.evidence.inputs import CountedDensity
from bayes_leaks.evidence.proposals import (
    StudentMixtureProposal,
    StudentProposal,
    WarpedProposal,
)

Floats = NDArray[np.float64]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def narrow(points: Floats) -> Floats:
    return stats.norm.logpdf(points, 3.0, 0.01).sum(axis=1)


def two_modes(points: Floats) -> Floats:
    parts = ((0.2, 5.0), (0.8, -5.0))
    at = [np.log(w) + stats.norm.logpdf(points - m).sum(axis=1) for w, m in parts]
    return np.logaddexp(*at)


def test_the_effective_share_of_known_weights() -> None:
    assert effective_share(np.zeros(10)) == pytest.approx(1.0)
    one_of_four = np.array([700.0, -np.inf, -np.inf, -np.inf])
    assert effective_share(one_of_four) == pytest.approx(0.25)
    # (1 + 2 + 3)^2 / (1 + 4 + 9) / 3
    assert effective_share(np.log([1.0, 2.0, 3.0])) == pytest.approx(36.0 / 14.0 / 3.0)
    assert effective_share(np.log([1.0, 2.0, 3.0]) - 1e5) == pytest.approx(36.0 / 14.0 / 3.0)


def test_the_largest_step_leaves_what_was_wanted() -> None:
    weights = rng().normal(0.0, 30.0, size=2000)
    step = largest_step(weights, 1.0, 0.25)
    assert 0.0 < step < 1.0
    assert effective_share(step * weights) == pytest.approx(0.25, abs=1e-6)
    assert largest_step(0.001 * weights, 1.0, 0.25) == 1.0
    assert largest_step(weights, 0.5 * step, 0.25) == 0.5 * step


def test_points_outside_the_support_do_not_count_against_a_step() -> None:
    inside = rng().normal(0.0, 30.0, size=1000)
    both = np.concatenate([inside, np.full(1000, -np.inf)])
    assert largest_step(both, 1.0, 0.125) == pytest.approx(largest_step(inside, 1.0, 0.25))


def test_resampling_is_even_and_never_takes_an_impossible_point() -> None:
    points = np.arange(4.0)[:, None]
    weights = np.log([0.5, 0.0, 0.3, 0.2], where=[True, False, True, True], out=np.full(4, -np.inf))
    chosen = resample(points, weights - 1e4, 1000, rng())
    assert chosen.shape == (1000, 1)
    counts = [int((chosen == point).sum()) for point in points]
    np.testing.assert_allclose(counts, [500, 0, 300, 200], atol=1)


@pytest.mark.parametrize(
    ("points", "kind"),
    [
        (rng().normal(size=(2000, 3)), StudentProposal),
        (np.log(rng().gamma(0.7, size=(2000, 2))), WarpedProposal),
        (np.where(rng().random((2000, 1)) < 0.3, 5.0, -5.0) + rng(1).normal(size=(2000, 2)), None),
    ],
)
def test_the_simplest_kind_that_describes_held_out_points(
    points: Floats, kind: type | None
) -> None:
    assert type(fit_best(points, rng())) is (kind or StudentMixtureProposal)


def test_collinear_points_are_an_error() -> None:
    with pytest.raises(EvidenceError, match="no normal can be fitted"):
        fit_best(np.repeat(rng().normal(size=(200, 1)), 2, axis=1), rng())


def test_the_proposal_arrives_at_a_narrow_posterior() -> None:
    density = CountedDensity(narrow)
    adapted = adapt(density, 6.0 * rng().normal(size=(1000, 3)), 1024, rng(1))
    assert adapted.reached
    assert adapted.share > 0.5
    assert adapted.non_finite == 0
    assert density.n_evaluations >= 1024 * adapted.rounds
    drawn = adapted.proposal.draw(1024, rng(2))
    np.testing.assert_allclose(np.median(drawn, axis=0), 3.0, atol=0.003)


def test_both_modes_are_kept_on_the_way() -> None:
    adapted = adapt(CountedDensity(two_modes), 6.0 * rng().normal(size=(1000, 2)), 1024, rng(1))
    assert adapted.reached
    share = np.mean(adapted.proposal.draw(4096, rng(2))[:, 0] > 0.0)
    assert share == pytest.approx(0.2, abs=0.05)


def test_odd_values_are_counted_and_not_followed() -> None:
    def odd_right(points: Floats) -> Floats:
        return np.where(points[:, 0] > 2.0, np.inf, stats.norm.logpdf(points).sum(axis=1))

    adapted = adapt(CountedDensity(odd_right), 3.0 * rng().normal(size=(1000, 2)), 1024, rng(1))
    assert adapted.non_finite > 10
    assert np.mean(adapted.proposal.draw(1024, rng(2))[:, 0] > 2.0) < 0.1


def test_nowhere_to_go_is_an_error() -> None:
    nothing = CountedDensity(lambda x: np.full(len(x), -np.inf))
    with pytest.raises(EvidenceError, match="start from points that cover the posterior"):
        adapt(nothing, rng().normal(size=(100, 2)), 256, rng())


def test_too_few_rounds_are_said_to_have_been_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptation, "_MAX_ROUNDS", 2)
    density = CountedDensity(narrow)
    adapted = adapt(density, 6.0 * rng().normal(size=(1000, 3)), 1024, rng(1))
    assert not adapted.reached
    assert adapted.rounds == 2
    assert density.n_evaluations == 2 * 1024
