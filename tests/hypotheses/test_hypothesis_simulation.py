"""Simulated histories against the exact densities of the same hypotheses."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from leak_fleets import HYPOTHESES, NAMES, STRUCTURED, irregular, make_history
from leak_outcomes import outcome_probabilities
from leak_reference import Fleet, Shocks
from scipy import stats

from bayes_leaks.record import LeakHistory

type LogDensity = Callable[[LeakHistory], float]

RATE, SHARE = 0.5, 0.6
SIZE, LARGE_SIZE = 400, 1500
BATCHES = {"weibull_shape": 1.5, "weibull_scale": 0.6, "batch_correlation": 0.3}
SHOCKS = {"hit_probability": 0.5, "latency": 0.3}
PERIODS = {"elevated_fraction": 0.3, "hazard_ratio": 4.0, "elevated_duration": 0.4}
VALUES: dict[str, dict[str, Any]] = {
    "random": {"leak_rate": RATE},
    "defect": {"leak_rate": RATE, "defect_share": SHARE} | BATCHES,
    "common-shock": {"leak_rate": RATE, "common_share": SHARE} | SHOCKS,
    "common-period": {"leak_rate": RATE} | PERIODS,
    "competing": {"leak_rate": RATE, "shares": (0.4, 0.3, 0.3)} | BATCHES | SHOCKS,
}
# The background of each hypothesis alone: its density is a bounded multiple of the whole's.
BACKGROUND = dict.fromkeys(NAMES, (1 - SHARE) * RATE) | {"common-period": RATE / 1.9}
# Passing and failing are far apart, so a fixed seed decides nothing.
PASSES, CAUGHT = 4.0, 6.0

FLEET = irregular(184, n_assets=6, n_events=0)
LARGE_FLEET = irregular(185, n_assets=300, n_events=0, n_batches=40, spread=4.0)
PAIR = make_history([0.0, 0.3], [1.0, 1.2], {}, weight=[1.0, 1.7], batch=["lot", "lot"])


def log_density(name: str, **changed: Any) -> LogDensity:
    values = VALUES[name] | changed
    return lambda history: HYPOTHESES[name].log_likelihood(history, **values)


@cache
def simulated(name: str, size: int, seed: int) -> tuple[LeakHistory, ...]:
    rng = np.random.default_rng([seed, NAMES.index(name)])
    hypothesis = HYPOTHESES[name]
    return tuple(hypothesis.simulate(FLEET, rng, **VALUES[name]) for _ in range(size))


def z_of_mean(values: np.ndarray, expected: float) -> float:
    return float((values.mean() - expected) / (values.std(ddof=1) / math.sqrt(len(values))))


def importance_z(
    histories: tuple[LeakHistory, ...], simulated_from: LogDensity, other: LogDensity
) -> float:
    """z-score of the mean of q/p over draws from p, which is one for any normalised q."""
    known: dict[bytes, float] = {}
    for history in histories:
        key = history.leak_time.tobytes()
        if key not in known:
            known[key] = math.exp(other(history) - simulated_from(history))
    return z_of_mean(np.array([known[h.leak_time.tobytes()] for h in histories]), 1.0)


def largest_z(name: str, size: int, seed: int, claimed: LogDensity) -> float:
    """How far simulated histories are from following the density claimed for them."""
    others = (
        log_density("random", leak_rate=BACKGROUND[name]),
        log_density(name, leak_rate=0.8 * RATE),
    )
    histories = simulated(name, size, seed)
    return max(abs(importance_z(histories, claimed, other)) for other in others)


@pytest.mark.parametrize("name", NAMES)
def test_simulated_histories_follow_the_density(name: str) -> None:
    assert largest_z(name, SIZE, 1, log_density(name)) < PASSES


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 4))
@pytest.mark.parametrize("name", NAMES)
def test_simulated_histories_follow_the_density_at_many_seeds(name: str, seed: int) -> None:
    assert largest_z(name, LARGE_SIZE, seed, log_density(name)) < PASSES


def without_void(history: LeakHistory) -> float:
    shocks = Shocks(Fleet(history), SHARE * RATE, SHOCKS["hit_probability"], SHOCKS["latency"])
    return log_density("common-shock")(history) + shocks.void()


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_rate_is_caught(name: str) -> None:
    wrong = log_density(name, leak_rate=1.5 * RATE)
    assert largest_z(name, SIZE, 1, wrong) > CAUGHT


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_slightly_wrong_rate_is_caught_by_many_draws(name: str) -> None:
    wrong = log_density(name, leak_rate=1.25 * RATE)
    assert largest_z(name, LARGE_SIZE, 2, wrong) > CAUGHT


def test_a_missing_void_of_shocks_is_caught() -> None:
    assert largest_z("common-shock", SIZE, 1, without_void) > CAUGHT


def outcome_counts(name: str, size: int, seed: int) -> np.ndarray:
    """How often none, only the first, only the second and both of a pair of assets leaked."""
    rng = np.random.default_rng([seed, NAMES.index(name)])
    counts = np.zeros(4)
    for _ in range(size):
        history = HYPOTHESES[name].simulate(PAIR, rng, **VALUES[name])
        counts[int(np.isfinite(history.leak_time) @ [1, 2])] += 1
    return counts


@cache
def exact_outcomes(name: str) -> np.ndarray:
    return outcome_probabilities(PAIR, lambda history: math.exp(log_density(name)(history)))


def outcome_p_value(counts: np.ndarray, probabilities: np.ndarray) -> float:
    expected = probabilities / probabilities.sum() * counts.sum()
    return float(stats.chisquare(counts, expected).pvalue)


@pytest.mark.parametrize("name", NAMES)
def test_frequencies_of_what_happens_to_two_assets(name: str) -> None:
    assert outcome_p_value(outcome_counts(name, 600, 3), exact_outcomes(name)) > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_frequencies_of_what_happens_to_two_assets_in_many_draws(name: str) -> None:
    assert outcome_p_value(outcome_counts(name, 5000, 4), exact_outcomes(name)) > 1e-4


def test_frequencies_notice_leaks_that_come_together() -> None:
    """Negative control: shocks against independent leaks of the same rate."""
    counts = outcome_counts("common-shock", 1000, 3)
    assert outcome_p_value(counts, exact_outcomes("random")) < 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_frequency_of_a_record_without_leaks(name: str) -> None:
    histories = simulated(name, SIZE, 1)
    silent = np.mean([history.n_events == 0 for history in histories])
    expected = math.exp(log_density(name)(FLEET))
    error = math.sqrt(expected * (1 - expected) / len(histories))
    assert abs(silent - expected) < PASSES * error


def test_random_leak_times_are_truncated_exponentials() -> None:
    rng = np.random.default_rng(5)
    ranks = []
    for _ in range(400):
        history = HYPOTHESES["random"].simulate(FLEET, rng, leak_rate=1.0)
        leaker = history.event_asset
        hazard = history.weight[leaker]
        age = history.event_time - history.start[leaker]
        length = (history.end - history.start)[leaker]
        ranks.extend(np.expm1(-hazard * age) / np.expm1(-hazard * length))
    assert stats.kstest(ranks, "uniform").pvalue > 1e-4
    # Negative control: ages taken as uniform are caught.
    assert stats.kstest(np.square(ranks), "uniform").pvalue < 1e-6


# Weak clustering, so that counts vary little; rare leaks, so that few assets leak twice.
FAIR: dict[str, dict[str, Any]] = {
    "random": {},
    "defect": {"defect_share": 0.8} | BATCHES | {"batch_correlation": 0.02},
    "common-shock": {"common_share": 0.8, "hit_probability": 0.02, "latency": 0.3},
    "common-period": {
        "elevated_fraction": 0.3,
        "hazard_ratio": 5.0,
        "elevated_duration": 0.05,
    },
    "competing": {"shares": (0.2, 0.4, 0.4)}
    | BATCHES
    | {"batch_correlation": 0.02, "hit_probability": 0.02, "latency": 0.3},
}


@cache
def fair_counts(name: str, size: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng([seed, NAMES.index(name)])
    values = FAIR[name] | {"leak_rate": 0.01}
    simulate = HYPOTHESES[name].simulate
    return np.array([simulate(LARGE_FLEET, rng, **values).n_events for _ in range(size)], float)


def fair_fight_z(name: str, size: int, seed: int, factor: float = 1.0) -> float:
    return z_of_mean(fair_counts(name, size, seed), factor * 0.01 * LARGE_FLEET.exposure)


@pytest.mark.parametrize("name", NAMES)
def test_every_hypothesis_expects_the_same_number_of_leaks(name: str) -> None:
    assert abs(fair_fight_z(name, 500, 6)) < PASSES


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(7, 9))
@pytest.mark.parametrize("name", NAMES)
def test_every_hypothesis_expects_the_same_number_of_leaks_in_many_draws(
    name: str, seed: int
) -> None:
    assert abs(fair_fight_z(name, 1200, seed)) < PASSES


@pytest.mark.parametrize("name", STRUCTURED)
def test_a_fifth_more_leaks_would_be_noticed(name: str) -> None:
    assert fair_fight_z(name, 500, 6, factor=1.2) < -CAUGHT


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_one_history_and_another_seed_another(name: str) -> None:
    hypothesis = HYPOTHESES[name]
    values = VALUES[name] | {"leak_rate": 0.5}
    first, again, other = (
        hypothesis.simulate(FLEET, random_seed=seed, **values) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.leak_time, again.leak_time)
    assert (first.leak_time != other.leak_time).any()
    assert first.asset_id == FLEET.asset_id
    sequence = np.random.SeedSequence(1)
    np.testing.assert_array_equal(
        hypothesis.simulate(FLEET, random_seed=sequence, **values).leak_time, first.leak_time
    )


@pytest.mark.parametrize("name", NAMES)
def test_parameters_not_given_come_from_the_prior(name: str) -> None:
    hypothesis = HYPOTHESES[name]
    histories = [hypothesis.simulate(FLEET, random_seed=seed) for seed in range(30)]
    assert len({history.n_events for history in histories}) > 1
    given = hypothesis.simulate(FLEET, random_seed=1, leak_rate=1e-12)
    assert given.n_events == 0


def test_simulation_ignores_the_events_of_the_record() -> None:
    leaky = irregular(184, n_assets=6, n_events=3)
    silent = leaky.with_leak_times(np.full(6, np.inf))
    for name, hypothesis in HYPOTHESES.items():
        from_leaky = hypothesis.simulate(leaky, random_seed=1, **VALUES[name])
        from_silent = hypothesis.simulate(silent, random_seed=1, **VALUES[name])
        np.testing.assert_array_equal(from_leaky.leak_time, from_silent.leak_time)
