"""Shares of draws inside a constraint: their ratio, its error, and when it is refused."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal, stats

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence import LogBayesFactor
from bayes_leaks.evidence.encompassing import encompassing

Floats = NDArray[np.float64]


def chains(seed: int, rho: float, length: int = 1000) -> Floats:
    """Stationary AR(1) chains with standard normal margins, shape (chains, draws, 1)."""
    noise = np.random.default_rng(seed).normal(size=(4, length, 1))
    noise[:, 1:] *= np.sqrt(1.0 - rho**2)
    return signal.lfilter([1.0], [1.0, -rho], noise, axis=1)


def factor(
    seed: int, share: float, rho: float = 0.5, prior: bool = False, length: int = 1000
) -> LogBayesFactor:
    """The constraint x > 0 with this posterior probability, and prior probability 1/2."""
    draws = chains(seed, rho, length) + stats.norm.ppf(share)
    prior_hits = np.random.default_rng([seed, 1]).random(4000) < 0.5 if prior else None
    return encompassing(draws[..., 0] > 0.0, draws, prior_hits, prior_share=None if prior else 0.5)


def check_calibration(factors: list[LogBayesFactor], exact: float) -> None:
    """Accept z-scores whose root mean square is 0.85 to 1.15 and 95 % intervals of 92-98 %.

    Both bands are widened by the 99.9 % quantiles of chance for this number of z-scores.
    """
    z = np.array([(factor.value - exact) / factor.mcse for factor in factors])
    mean_square = float(np.mean(z**2))
    lowest = 0.85**2 * stats.chi2.ppf(0.001, z.size) / z.size
    highest = 1.15**2 * stats.chi2.ppf(0.999, z.size) / z.size
    assert lowest < mean_square < highest, f"mean square of z is {mean_square:.3g}"
    covered = int(np.sum(np.abs(z) < 1.96))
    fewest, most = stats.binom.ppf(0.001, z.size, 0.92), stats.binom.ppf(0.999, z.size, 0.98)
    assert fewest <= covered <= most, f"95 % intervals cover {covered} of {z.size}"


CASES = [(0.5, 0.0, False), (0.5, 0.9, False), (0.9, 0.5, True), (0.1, 0.5, False)]


@pytest.mark.parametrize(("share", "rho", "prior"), CASES)
def test_small_part_is_calibrated(share, rho, prior):
    factors = [factor(seed, share, rho, prior) for seed in range(60)]
    trusted = [found for found in factors if found.trusted]
    assert len(trusted) >= 57
    check_calibration(trusted, math.log(share / 0.5))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("share", "rho", "prior"), [*CASES, (0.03, 0.0, True), (0.97, 0.9, False), (0.997, 0.0, False)]
)
def test_many_seeds_are_calibrated(share, rho, prior):
    factors = [factor(seed, share, rho, prior) for seed in range(1000)]
    trusted = [found for found in factors if found.trusted]
    assert len(trusted) >= 950
    check_calibration(trusted, math.log(share / 0.5))


def test_autocorrelation_left_out_is_caught():
    """Control: the same draws in random order look independent, and their error is too small."""
    shuffled = []
    for seed in range(60):
        flat = chains(seed, 0.9).ravel()
        draws = np.random.default_rng([seed, 2]).permutation(flat).reshape(4, -1, 1)
        shuffled.append(encompassing(draws[..., 0] > 0.0, draws, prior_share=0.5))
    with pytest.raises(AssertionError, match="mean square"):
        check_calibration(shuffled, 0.0)


def test_a_wrong_prior_share_is_caught():
    factors = [factor(seed, 0.9) for seed in range(60)]
    with pytest.raises(AssertionError, match="mean square"):
        check_calibration(factors, math.log(0.9 / 0.25))


def test_a_half_for_certain():
    found = factor(1, 1.0 - 1e-9)
    assert found.trusted
    assert found.value == pytest.approx(math.log(2.0))
    # No miss among the draws leaves about one in their effective number open.
    assert 1.0 / 4000.0 <= found.mcse < 1.0 / 500.0


def test_names():
    draws = chains(1, 0.0)
    found = encompassing(
        draws[..., 0] > 0.0, draws, prior_share=0.5, favoured="positive", against="any sign"
    )
    assert (found.favoured, found.against) == ("positive", "any sign")


def test_few_posterior_hits_are_refused():
    found = factor(1, 0.005)
    assert np.isnan(found.value) and np.isnan(found.mcse)
    assert found.reasons[0].startswith("few_effective_draws: the posterior draws that meet")


def test_few_hits_are_those_of_effective_draws():
    """A share that independent draws measure well is not measured by slow chains."""
    assert factor(3, 0.06, rho=0.0).trusted
    slow = factor(3, 0.06, rho=0.97)
    assert any("posterior draws that meet the constraint" in reason for reason in slow.reasons)


def test_no_posterior_hit_is_minus_infinity_at_most():
    draws = chains(1, 0.0)
    none = np.zeros(draws.shape[:2], dtype=bool)
    assert np.isnan(encompassing(none, draws, prior_share=0.5).value)
    kept = encompassing(none, draws, prior_share=0.5, allow_untrusted=True)
    assert kept.value == -math.inf and kept.factor == 0.0 and not kept.trusted


@pytest.mark.parametrize("count", [0, 49])
def test_few_prior_hits_are_refused(count):
    draws = chains(1, 0.0)
    prior_hits = np.arange(20_000) < count
    found = encompassing(draws[..., 0] > 0.0, draws, prior_hits)
    assert np.isnan(found.value)
    assert found.reasons[0].startswith(f"few_effective_draws: only {count} of 20000 prior draws")


def test_enough_prior_hits_are_believed():
    draws = chains(1, 0.0)
    found = encompassing(draws[..., 0] > 0.0, draws, np.arange(20_000) < 50)
    assert found.trusted
    assert found.mcse == pytest.approx(1.0 / math.sqrt(50.0), rel=0.05)


def test_chains_that_disagree_are_refused():
    draws = chains(1, 0.0)
    draws[0] += 1.0
    found = encompassing(draws[..., 0] > 0.0, draws, prior_share=0.5)
    assert any(reason.startswith("high_r_hat: ") for reason in found.reasons)


def test_one_chain_is_refused():
    draws = chains(1, 0.0)[:1]
    found = encompassing(draws[..., 0] > 0.0, draws, prior_share=0.5)
    assert found.reasons[0].startswith("few_chains: ")


@pytest.mark.parametrize(
    ("hits", "prior_hits", "prior_share", "message"),
    [
        (np.ones((4, 1000)), None, 0.5, "hits must be true or false for each of the"),
        (np.ones(4000, dtype=bool), None, 0.5, r"got bool of shape \(4000,\)"),
        (None, None, None, "give either prior_hits or prior_share, and not both"),
        (None, np.ones(100, dtype=bool), 0.5, "give either prior_hits or prior_share"),
        (None, np.ones((10, 10), dtype=bool), None, "prior_hits must be true or false"),
        (None, np.ones(100), None, "prior_hits must be true or false"),
        (None, None, 0.0, "prior_share must be above 0 and up to 1, got 0.0"),
        (None, None, 1.5, "prior_share must be above 0 and up to 1, got 1.5"),
        (np.ones(3), None, 0.0, "hits must .*; prior_share must "),
    ],
)
def test_bad_arguments(hits, prior_hits, prior_share, message):
    draws = chains(1, 0.0)
    good = draws[..., 0] > 0.0
    with pytest.raises(ParameterError, match=message):
        encompassing(good if hits is None else hits, draws, prior_hits, prior_share=prior_share)
