"""The default strategy: two that agree are believed, and nothing wrong passes silently."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal, stats

from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence import Evidence, auto
from bayes_leaks.evidence.auto import Draws, Target
from bayes_leaks.evidence.importance import ImportanceSample

Floats = NDArray[np.float64]
CONSTANT = -42.5
SCALE, DF = 3.0, 3.0


def log_prior(points: Floats) -> Floats:
    return stats.t.logpdf(points / SCALE, DF).sum(axis=1) - points.shape[1] * np.log(SCALE)


def normal(points: Floats) -> Floats:
    return CONSTANT + stats.norm.logpdf(points).sum(axis=1)


def skewed(points: Floats) -> Floats:
    return CONSTANT + stats.loggamma.logpdf(points, 2.0).sum(axis=1)


def modes(points: Floats, share: float = 0.3, distance: float = 4.0) -> Floats:
    parts = ((share, distance), (1.0 - share, -distance))
    at = [np.log(w) + stats.norm.logpdf(points - m).sum(axis=1) for w, m in parts]
    return CONSTANT + np.logaddexp(*at)


def target(log_density: Callable[[Floats], Floats], dimension: int, seed: int = 0) -> Target:
    """A prior and the likelihood that together make a density whose integral is known."""
    rng = np.random.default_rng([seed, dimension])
    return Target(
        log_density,
        log_prior,
        lambda points: log_density(points) - log_prior(points),
        lambda size: SCALE * rng.standard_t(DF, size=(size, dimension)),
    )


def normal_draws(dimension: int = 2, seed: int = 0, chains: int = 4, length: int = 500) -> Draws:
    rng = np.random.default_rng([seed, dimension])
    return Draws(rng.normal(size=(chains, length, dimension)), None, 0.0)


def mode_draws(seed: int, share: float, distance: float) -> Draws:
    rng = np.random.default_rng(seed)
    centre = np.where(rng.random((4, 500, 1)) < share, distance, -distance)
    return Draws(centre + rng.normal(size=(4, 500, 2)), None, 0.0)


def run(what: Target, draws: Draws, seed: int = 1, **options: object) -> Evidence:
    return auto.auto(what, draws, random_seed=seed, **({"mcse": 0.01} | options))


def replaced(name: str, monkeypatch: pytest.MonkeyPatch, bias: float) -> None:
    """Give one of the estimators a bias that it does not know of."""
    honest = getattr(auto, name)

    def biased(*args: object, **options: object) -> Evidence | ImportanceSample:
        found = honest(*args, **options)
        if isinstance(found, Evidence):
            return replace(found, log_ml=found.log_ml + bias)
        evidence = replace(found.evidence, log_ml=found.evidence.log_ml + bias)
        return replace(found, evidence=evidence)

    monkeypatch.setattr(auto, name, biased)


@pytest.mark.parametrize("dimension", [1, 3, 10])
def test_two_estimates_that_agree_are_believed(dimension: int) -> None:
    estimate = run(target(normal, dimension), normal_draws(dimension))
    assert estimate.trusted, estimate.reasons
    assert estimate.method in {"bridge, confirmed by importance", "importance, confirmed by bridge"}
    assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse
    assert estimate.mcse <= 0.01
    numbers = estimate.diagnostics
    best = min(numbers["mcse_bridge"], numbers["mcse_importance"])
    assert estimate.mcse == best
    assert "log_ml_smc" not in numbers
    assert numbers["mcse_target"] == 0.01
    assert numbers["independent_start"] == 1.0
    assert abs(numbers["log_ml_reciprocal"] - CONSTANT) < 4.0 * numbers["mcse_reciprocal"]


def test_two_modes_of_unequal_weight() -> None:
    estimate = run(target(modes, 2), mode_draws(1, 0.3, 4.0))
    assert estimate.trusted, estimate.reasons
    assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse


def test_far_modes_do_not_set_off_the_alarm_of_the_reciprocal() -> None:
    """Over the valley between them its terms have no variance; it knows and is silent."""
    for seed in range(3):
        estimate = run(target(lambda x: modes(x, 0.3, 8.0), 2), mode_draws(seed, 0.3, 8.0), seed)
        assert estimate.trusted, estimate.reasons
        assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse


@pytest.mark.parametrize(("share", "distance"), [(0.5, 3.0), (0.3, 4.0), (0.05, 5.0), (0.9, 6.0)])
def test_a_mode_that_the_draws_never_visited_is_found_or_refused(
    share: float, distance: float
) -> None:
    """All draws are in the left mode: the bridge alone would be wrong by log(1 - share)."""
    for seed in range(2):
        what = target(lambda x: modes(x, share, distance), 2, seed)
        left = normal_draws(2, seed)
        estimate = run(what, replace(left, points=left.points - distance), seed)
        alone = estimate.diagnostics["log_ml_bridge"] - CONSTANT
        assert alone == pytest.approx(np.log1p(-share), abs=0.02)
        if estimate.trusted:
            assert estimate.method in {
                "importance, confirmed by smc",
                "smc, confirmed by importance",
            }
            assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse
        else:
            assert np.isnan(estimate.log_ml)
            assert {"unvisited_mode", "disagreement", "unconfirmed"} & set(estimate.codes)


@pytest.mark.parametrize("name", ["bridge", "importance_sample"])
@pytest.mark.parametrize("bias", [-0.2, 0.2])
def test_a_bias_in_one_estimator_is_a_disagreement(
    monkeypatch: pytest.MonkeyPatch, name: str, bias: float
) -> None:
    replaced(name, monkeypatch, bias)
    estimate = run(target(normal, 2), normal_draws())
    assert "disagreement" in estimate.codes
    assert not estimate.trusted
    assert np.isnan(estimate.log_ml)
    # The fallback is asked, and does not overrule the one that differs.
    assert "log_ml_smc" in estimate.diagnostics


def test_a_jacobian_missing_from_the_log_density_of_the_draws_is_an_error() -> None:
    draws = normal_draws()
    flat = draws.points.reshape(-1, 2)
    known = normal(flat) + flat[:, 0]
    with pytest.raises(Exception, match="but log_density gives"):
        run(target(normal, 2), replace(draws, log_density=known.reshape(4, 500)))


def test_draws_of_another_posterior_set_off_the_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other two agree; the reciprocal sees that the draws are not of this density."""
    replaced("reciprocal", monkeypatch, 3.0)
    estimate = run(target(normal, 2), normal_draws())
    assert estimate.codes == ("reciprocal_disagrees",)
    assert np.isnan(estimate.log_ml)


def test_the_fallback_confirms_where_the_bridge_cannot_be_trusted() -> None:
    """One chain is no proof for the bridge."""
    estimate = run(target(skewed, 1), _skewed_draws(chains=1))
    assert estimate.trusted, estimate.reasons
    assert estimate.method == "importance, confirmed by smc"
    assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse
    assert "log_ml_bridge" in estimate.diagnostics


def _skewed_draws(chains: int) -> Draws:
    rng = np.random.default_rng(3)
    return Draws(np.log(rng.gamma(2.0, size=(chains, 1000, 1))), None, 0.0)


def test_without_prior_draws_the_start_is_around_the_draws() -> None:
    what = replace(target(normal, 2), draw_prior=None)
    estimate = run(what, normal_draws())
    assert estimate.trusted, estimate.reasons
    assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse
    assert estimate.diagnostics["independent_start"] == 0.0


def test_without_prior_draws_there_is_no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced("bridge", monkeypatch, 0.5)
    estimate = run(replace(target(normal, 2), draw_prior=None), normal_draws())
    assert estimate.codes[0] == "disagreement"
    assert "log_ml_smc" not in estimate.diagnostics


@pytest.mark.parametrize(
    ("max_draws", "asked"),
    [(0, []), (3999, []), (4000, [4]), (15_999, [4, 8]), (16_000, [4, 8, 16])],
)
def test_draws_are_doubled_up_to_the_limit_and_never_beyond(
    max_draws: int, asked: list[int]
) -> None:
    calls, spent = [], 2000

    def more(chains: int, length: int) -> Draws:
        nonlocal spent
        assert length == 500
        calls.append(chains)
        spent += chains * length
        assert spent <= max_draws
        return normal_draws(2, seed=len(calls), chains=chains)

    estimate = run(
        target(normal, 2), normal_draws(), mcse=1e-7, more_draws=more, max_draws=max_draws
    )
    assert calls == asked
    assert estimate.mcse > 1e-7
    assert estimate.diagnostics["mcse_target"] == 1e-7


def test_draws_are_not_doubled_once_the_error_is_reached() -> None:
    def more(chains: int, length: int) -> Draws:
        raise AssertionError("no more were needed")

    estimate = run(target(normal, 2), normal_draws(), more_draws=more, max_draws=10**6)
    assert estimate.mcse <= 0.01


def sticky(chains: int, length: int, seed: int) -> Draws:
    noise = normal_draws(2, seed, chains, length).points
    noise[:, 1:] *= np.sqrt(1.0 - 0.97**2)
    return Draws(signal.lfilter([1.0], [1.0, -0.97], noise, axis=1), None, 0.0)


def test_chains_that_have_not_mixed_are_run_for_longer() -> None:
    calls = []

    def more(chains: int, length: int) -> Draws:
        calls.append((chains, length))
        return sticky(chains, length, seed=len(calls))

    first = sticky(4, 200, seed=0)
    assert run(target(normal, 2), first).method == "importance, confirmed by smc"
    estimate = run(target(normal, 2), first, more_draws=more, max_draws=100_000)
    assert calls[:2] == [(4, 400), (4, 800)]
    assert all(chains == 4 for chains, _ in calls)
    assert estimate.trusted, estimate.reasons
    assert estimate.method in {"bridge, confirmed by importance", "importance, confirmed by bridge"}
    spent = 4 * 200 + sum(chains * length for chains, length in calls)
    less = []

    def fewer(chains: int, length: int) -> Draws:
        less.append((chains, length))
        return more(chains, length)

    calls.clear()
    run(target(normal, 2), first, more_draws=fewer, max_draws=spent - 1)
    assert 4 * 200 + sum(chains * length for chains, length in less) <= spent - 1


def test_chains_that_stay_apart_are_run_for_longer_only_once() -> None:
    calls = []

    def more(chains: int, length: int) -> Draws:
        calls.append((chains, length))
        draws = normal_draws(2, len(calls), chains, length)
        draws.points[0] += 30.0
        return draws

    estimate = run(target(normal, 2), more(4, 500), more_draws=more, max_draws=10**6)
    assert calls == [(4, 500), (4, 1000)]
    assert estimate.method == "importance, confirmed by smc"


def test_draws_that_do_not_represent_the_posterior_widen_no_error() -> None:
    """One chain in an island that holds a millionth of the posterior."""

    def islands(points: Floats) -> Floats:
        return np.logaddexp(normal(points), np.log(1e-6) + normal(points - 60.0))

    draws = normal_draws()
    draws.points[3] += 60.0
    estimate = run(target(islands, 2), draws)
    assert estimate.diagnostics["mcse_importance"] < 0.01
    # What widens it a little are the particles of the fallback.
    assert estimate.diagnostics.get("mcse_unseen", 0.0) < 0.01


def test_divergences_and_known_densities_of_more_draws_are_put_together() -> None:
    one = normal_draws(seed=1)
    known = replace(one, log_density=np.ones((4, 500)), divergences=2.0)
    both = known.with_more(replace(known, divergences=3.0))
    assert both.divergences == 5.0
    assert both.points.shape == (8, 500, 2)
    assert both.log_density is not None
    assert both.log_density.shape == (8, 500)
    assert known.with_more(one).log_density is None


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_a_value_that_no_density_has_refuses_all_and_nothing_more_is_spent(odd: float) -> None:
    def more(chains: int, length: int) -> Draws:
        raise AssertionError("more draws cannot mend this")

    def broken(points: Floats) -> Floats:
        return np.where(points[:, 0] > 4.5, odd, normal(points))

    draws = normal_draws()
    estimate = run(target(broken, 2), draws, mcse=1e-9, more_draws=more, max_draws=10**6)
    assert all(code.startswith("non_finite") for code in estimate.codes)
    assert estimate.codes
    assert np.isnan(estimate.log_ml)
    assert "log_ml_smc" not in estimate.diagnostics


def test_an_estimator_that_cannot_start_is_a_reason_and_not_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*args: object, **options: object) -> Evidence:
        raise EvidenceError("nothing to fit")

    monkeypatch.setattr(auto, "importance_sample", fails)
    confirmed = run(target(normal, 2), normal_draws())
    assert confirmed.method == "bridge, confirmed by smc"
    monkeypatch.setattr(auto, "bridge", fails)
    refused = run(target(normal, 2), normal_draws())
    assert refused.codes == ("unconfirmed", "no_proposal", "no_start")
    assert "nothing to fit (bridge)" in refused.reasons[1]


def test_evaluations_are_those_of_all_estimators() -> None:
    calls = []

    def counted(points: Floats) -> Floats:
        calls.append(len(points))
        return normal(points)

    what = replace(target(normal, 2), log_density=counted)
    draws = normal_draws()
    known = normal(draws.points.reshape(-1, 2)).reshape(4, 500)
    estimate = run(what, replace(draws, log_density=known))
    # The heights at the 2000 independent draws are looked up once more for unvisited modes.
    assert sum(calls) - estimate.n_evaluations == 2000


def test_same_seed_same_bits_and_other_seed_other_bits() -> None:
    first, again, other = (
        run(target(skewed, 1), _skewed_draws(chains=4), seed) for seed in (7, 7, 8)
    )
    assert first == again
    assert first.diagnostics == again.diagnostics
    assert first.log_ml != other.log_ml


def test_an_untrusted_number_is_kept_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced("bridge", monkeypatch, 0.5)
    shown = run(target(normal, 2), normal_draws(), allow_untrusted=True)
    assert not shown.trusted
    assert abs(shown.log_ml - CONSTANT) < 0.6
    assert "log_ml_untrusted" not in shown.diagnostics
