import numpy as np
import pytest
from scipy import signal, stats

from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence import bridge
from bayes_leaks.evidence.bridge_identity import solve
from bayes_leaks.evidence.chains import k_hat, r_hat
from bayes_leaks.evidence.checks import overlap_reasons, r_hat_limit
from bayes_leaks.evidence.inputs import CountedDensity
from bayes_leaks.evidence.proposals import NormalProposal, sobol_normals


def normal_density(points):
    return -0.5 * (points**2).sum(axis=1)


def normal_constant(dimension):
    return 0.5 * dimension * np.log(2.0 * np.pi)


def normal_draws(seed=0, shape=(4, 500, 2), rho=0.0):
    noise = np.random.default_rng(seed).normal(size=shape)
    noise[:, 1:] *= np.sqrt(1.0 - rho**2)
    return signal.lfilter([1.0], [1.0, -rho], noise, axis=1)


@pytest.mark.parametrize("dimension", [1, 3, 10])
@pytest.mark.parametrize("rho", [0.0, 0.9])
def test_normal_constant(dimension, rho):
    draws = normal_draws(shape=(4, 1000, dimension), rho=rho)
    estimate = bridge(normal_density, draws, random_seed=1)
    assert estimate.trusted, estimate.reasons
    assert abs(estimate.log_ml - normal_constant(dimension)) < 4.0 * estimate.mcse
    assert estimate.mcse < 0.004


def test_a_constant_moves_the_answer_by_itself():
    draws = normal_draws()
    base = bridge(normal_density, draws, random_seed=1)
    for constant in (1e4, -3.5):
        moved = bridge(lambda x, c=constant: normal_density(x) + c, draws, random_seed=1)
        assert moved.log_ml - base.log_ml == pytest.approx(constant, abs=1e-9)
        assert moved.mcse == pytest.approx(base.mcse, rel=1e-5)


def test_affine_reparametrisation_changes_nothing():
    draws = normal_draws(shape=(4, 1000, 3))
    matrix = np.array([[1e3, 0.0, 0.0], [0.2, 1e-3, 0.0], [4.0, 0.1, 2.0]])
    shift = np.array([5.0, -2e3, 0.0])

    def density(points):
        original = np.linalg.solve(matrix, (points - shift).T).T
        return normal_density(original) - np.linalg.slogdet(matrix)[1]

    base = bridge(normal_density, draws, random_seed=1)
    moved = bridge(density, draws @ matrix.T + shift, random_seed=1)
    assert moved.trusted
    assert abs(moved.log_ml - base.log_ml) < 4.0 * np.hypot(base.mcse, moved.mcse)


def test_same_seed_same_bits_and_other_seed_other_bits():
    draws = normal_draws()
    first, again = (bridge(normal_density, draws, random_seed=7) for _ in range(2))
    other = bridge(normal_density, draws, random_seed=8)
    assert first == again
    assert first.log_ml != other.log_ml


def test_known_log_densities_are_not_recomputed():
    draws = normal_draws()
    at_draws = normal_density(draws.reshape(-1, 2)).reshape(4, 500)
    one_kind = [NormalProposal.fit]
    free = bridge(normal_density, draws, at_draws, random_seed=1, ladder=one_kind)
    paid = bridge(normal_density, draws, random_seed=1, ladder=one_kind)
    assert free.log_ml == paid.log_ml
    # 2 folds x 8 replicates x 1024 proposals; 8 spot checks against all 2000 draws.
    assert free.n_evaluations == 16384 + 8
    assert paid.n_evaluations == 16384 + 2000


def test_more_proposals_give_a_smaller_error():
    draws = normal_draws(shape=(4, 1000, 6), rho=0.9)
    few, many = (
        bridge(normal_density, draws, proposals_per_draw=n, random_seed=1) for n in (1, 32)
    )
    assert many.diagnostics["mcse_proposals"] < 0.5 * few.diagnostics["mcse_proposals"]
    assert many.mcse < few.mcse


def test_no_mass_outside_the_support_is_counted():
    def half_normal(points):
        return np.where(points[:, 0] > 0, normal_density(points), -np.inf)

    estimate = bridge(
        half_normal,
        np.abs(normal_draws(shape=(4, 1000, 1))),
        random_seed=1,
        ladder=[NormalProposal.fit],
        allow_untrusted=True,
    )
    assert estimate.diagnostics["impossible_proposals"] > 1000
    assert abs(estimate.log_ml - normal_constant(1) + np.log(2.0)) < 4.0 * estimate.mcse


def test_solve_finds_the_root_from_far_away_and_reports_no_overlap():
    rng = np.random.default_rng(1)
    at_draws, at_proposals = rng.normal(size=(4, 100)), rng.normal(size=(8, 64)) - 500.0
    terms = solve(at_draws, at_proposals, slice(None))
    assert -500.0 < terms.log_ml < 0.0
    assert terms.at_draws.mean() == pytest.approx(1.0, abs=1e-9)
    assert terms.at_proposals.mean() == pytest.approx(1.0, abs=1e-9)
    assert solve(at_draws, np.full((8, 64), -np.inf), slice(None)) is None


ATOMS = np.random.default_rng(3).normal(size=(4, 500, 1))


@pytest.mark.parametrize(
    ("code", "density", "draws"),
    [
        ("few_chains", normal_density, normal_draws(shape=(1, 1000, 2))),
        ("few_effective_draws", normal_density, normal_draws(shape=(4, 100, 2), rho=0.97)),
        (
            "non_finite_draws",
            lambda x: np.where(x[:, 0] > 2.0, np.nan, normal_density(x)),
            normal_draws(),
        ),
        (
            "non_finite_proposals",
            lambda x: np.where(x[:, 0] > 5.0, np.inf, normal_density(x)),
            np.clip(normal_draws() * 2.0, -4.9, 4.9),
        ),
        ("no_overlap", lambda x: np.where(np.isin(x[:, 0], ATOMS), 0.0, -np.inf), ATOMS),
    ],
)
def test_refusals(code, density, draws):
    estimate = bridge(density, draws, random_seed=1)
    assert not estimate.trusted
    assert code in estimate.codes
    assert np.isnan(estimate.log_ml)
    assert np.isnan(estimate.mcse)


def test_unbounded_weights_are_refused():
    draws = np.random.default_rng(1).logistic(size=(4, 1000, 1))
    estimate = bridge(
        lambda x: stats.logistic.logpdf(x[:, 0]), draws, random_seed=1, ladder=[NormalProposal.fit]
    )
    assert estimate.codes == ("high_k_hat",)


def test_divergences_are_kept_and_judged_together_with_k_hat():
    estimate = bridge(normal_density, normal_draws(), random_seed=1, diagnostics={"divergences": 3})
    assert estimate.trusted
    assert estimate.diagnostics["divergences"] == 3.0
    assert overlap_reasons(0.65, divergences=0) == []
    assert overlap_reasons(0.65, divergences=3)[0].startswith("divergences: 3 divergent")
    assert overlap_reasons(np.nan, divergences=0)[0].startswith("high_k_hat")


def test_a_chain_elsewhere_is_refused():
    draws = normal_draws()
    draws[3] += 1.5
    estimate = bridge(normal_density, draws, random_seed=1)
    assert "high_r_hat" in estimate.codes


@pytest.mark.parametrize("split", ["halves", "chains"])
def test_modes_that_do_not_mix_are_refused(split):
    def two_modes(points):
        low, high = (stats.norm.logpdf(points[:, 0], mode) for mode in (-5.0, 5.0))
        return np.logaddexp(low, high)

    draws = normal_draws(shape=(4, 1000, 1)) + 5.0
    stuck = (slice(None), slice(500)) if split == "halves" else slice(2)
    draws[stuck] -= 10.0
    assert "high_r_hat" in bridge(two_modes, draws, random_seed=1).codes


def test_r_hat_limit_is_strict_for_long_and_lenient_for_short_runs():
    long, short = (
        normal_draws(shape=shape, rho=rho)[..., 0]
        for shape, rho in (((4, 20000, 1), 0.0), ((4, 400, 1), 0.9))
    )
    assert r_hat_limit(long) == 1.01
    assert 1.01 < r_hat_limit(short) < 1.3
    assert r_hat(short) < r_hat_limit(short)


def test_k_hat_knows_which_tail_is_heavy():
    exponential = np.random.default_rng(1).exponential(size=20000)
    assert k_hat(0.4 * exponential) == pytest.approx(0.4, abs=0.1)
    assert k_hat(0.9 * exponential) == pytest.approx(0.9, abs=0.15)
    assert k_hat(-0.9 * exponential) < 0.0
    assert k_hat(np.zeros(100)) == -np.inf


def test_a_sampler_that_forgot_the_jacobian_is_refused():
    draws = normal_draws()
    at_draws = (normal_density(draws.reshape(-1, 2)) - draws.reshape(-1, 2)[:, 0]).reshape(4, 500)
    with pytest.raises(ParameterError, match=r"log_density_at_draws\[0, 0\] is .* log_density g"):
        bridge(normal_density, draws, at_draws, random_seed=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"draws": np.zeros((4, 100))}, r"draws must have shape \(chains, draws, d\), got \(4, 1"),
        ({"draws": normal_draws(shape=(4, 8, 2))}, "draws has 8 draws per chain; at least 16"),
        ({"draws": normal_draws(shape=(2, 16, 20))}, "half of them must be more than 21"),
        ({"draws": np.full((4, 100, 1), np.nan)}, r"draws\[0, 0, 0\] is nan"),
        ({"draws": np.ones((4, 100, 2))}, "draws never move in coordinate 0, 1"),
        ({"proposals_per_draw": 0}, "proposals_per_draw must be 1 or more, got 0"),
        ({"replicates": 3}, "replicates must be 4 or more, got 3"),
        ({"log_density_at_draws": np.zeros(5)}, r"\(4, 500\); got \(5,\)"),
        ({"log_density": lambda x: x}, r"for shape \(2000, 2\) it returned shape \(2000, 2\)"),
    ],
)
def test_bad_arguments(changes, message):
    arguments = {"log_density": normal_density, "draws": normal_draws(), "random_seed": 1}
    with pytest.raises(ParameterError, match=message):
        bridge(**(arguments | changes))


def test_all_problems_are_reported_together():
    with pytest.raises(ParameterError, match=r"draws per chain.*proposals_per_draw.*replicates"):
        bridge(
            normal_density,
            normal_draws(shape=(4, 8, 1)),
            proposals_per_draw=-1,
            replicates=1,
            random_seed=1,
        )


def test_nothing_is_evaluated_before_the_arguments_are_checked():
    density = CountedDensity(normal_density)
    with pytest.raises(ParameterError):
        bridge(density, normal_draws(), replicates=1, random_seed=1)
    assert density.n_evaluations == 0


def test_collinear_parameters_are_refused():
    draws = normal_draws(shape=(4, 100, 1))
    with pytest.raises(EvidenceError, match="their covariance is singular"):
        bridge(normal_density, np.concatenate([draws, -draws], axis=2), random_seed=1)


def test_normal_proposal_is_the_normal_it_claims_to_be():
    draws = normal_draws(shape=(4, 200, 3)).reshape(-1, 3) @ np.diag([1.0, 5.0, 0.1]) + 3.0
    proposal = NormalProposal.fit(draws)
    reference = stats.multivariate_normal(draws.mean(axis=0), np.cov(draws, rowvar=False))
    np.testing.assert_allclose(proposal.log_density(draws), reference.logpdf(draws), rtol=1e-10)
    points = proposal.draw(4096, np.random.default_rng(1))
    np.testing.assert_allclose(np.cov(points, rowvar=False), reference.cov, rtol=0.02, atol=0.02)


def test_sobol_normals_are_finite_and_more_even_than_independent_draws():
    means = [
        (sobol_normals(1024, 2, np.random.default_rng(seed)) ** 2).mean() for seed in range(20)
    ]
    independent = np.sqrt(2.0 / 2048)
    assert np.std(means) < 0.2 * independent
    assert np.mean(means) == pytest.approx(1.0, abs=0.2 * independent)


def test_k_hat_does_not_read_a_tail_into_bounded_weights():
    plateaus = np.concatenate([np.linspace(0.0, 1.0, 10_000), np.full(200, 1.0), [1.2] * 20])
    assert k_hat(plateaus) == -np.inf
    assert k_hat(np.append(plateaus, 9.0)) > 0.0
