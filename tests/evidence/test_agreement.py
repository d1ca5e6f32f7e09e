"""When several estimates are believed: judge, modes that draws never visited, the alarm."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from bayes_leaks.evidence import Evidence
from bayes_leaks.evidence.agreement import Verdict, alarm, judge, unvisited

Floats = NDArray[np.float64]


def trusted(log_ml: float, mcse: float) -> Evidence:
    return Evidence(log_ml, mcse, "some", 10, {}, trusted=True)


def refused(*reasons: str, log_ml: float = -10.0) -> Evidence:
    return Evidence(log_ml, 0.01, "some", 10, {}, trusted=False, reasons=reasons)


def test_two_that_agree_are_believed_and_the_smaller_error_is_reported() -> None:
    one, other = trusted(-10.0, 0.02), trusted(-10.03, 0.01)
    assert judge({"bridge": one, "importance": other}) == Verdict("importance", "bridge", ())
    assert judge({"importance": other, "bridge": one}) == Verdict("importance", "bridge", ())


def test_the_preferred_one_is_reported_if_the_errors_are_equal() -> None:
    same = {"bridge": trusted(-10.0, 0.01), "importance": trusted(-10.0, 0.01)}
    assert judge(same) == Verdict("bridge", "importance", ())


@pytest.mark.parametrize(("difference", "agree"), [(0.199, True), (0.201, False)])
def test_the_limit_is_four_joint_errors(difference: float, agree: bool) -> None:
    """3-4-5: errors of 0.03 and 0.04 join to 0.05."""
    verdict = judge(
        {"bridge": trusted(-10.0, 0.03), "importance": trusted(-10.0 - difference, 0.04)}
    )
    assert (verdict.reasons == ()) is agree
    assert (verdict.confirmed_by == "importance") is agree


def test_a_disagreement_says_who_and_by_how_much() -> None:
    (reason,) = judge({"bridge": trusted(-10.0, 0.03), "importance": trusted(-11.0, 0.04)}).reasons
    assert reason.startswith(
        "disagreement: bridge gives -10.0000 ± 0.0300 and importance -11.0000 ± 0.0400, 20.0 joint "
        "errors apart"
    )


def test_numbers_without_an_error_agree_up_to_rounding_only() -> None:
    assert judge({"a": trusted(-1.0, 0.0), "b": trusted(-1.0 - 1e-10, 0.0)}).reasons == ()
    (reason,) = judge({"a": trusted(-1.0, 0.0), "b": trusted(-1.1, 0.0)}).reasons
    assert "a gives -1.0000 ± 0.0000 and b -1.1000 ± 0.0000, both exact" in reason


def test_one_trusted_estimate_is_not_enough_and_the_others_say_why() -> None:
    verdict = judge({"bridge": refused("high_r_hat: chains."), "importance": trusted(-10.0, 0.01)})
    assert (verdict.chosen, verdict.confirmed_by) == ("importance", "")
    assert verdict.reasons == (
        "unconfirmed: only importance can be trusted, two that agree are needed.",
        "high_r_hat: chains. (bridge)",
    )


def test_no_trusted_estimate_leaves_the_preferred_one() -> None:
    verdict = judge({"bridge": refused("a: b."), "importance": refused("c: d.")})
    assert verdict.chosen == "bridge"
    assert verdict.reasons[0].startswith("unconfirmed: no estimate can be trusted")
    assert verdict.reasons[1:] == ("a: b. (bridge)", "c: d. (importance)")


def test_two_of_three_that_agree_are_believed_in_spite_of_a_third_that_is_not_trusted() -> None:
    estimates = {"bridge": trusted(-10.0, 0.01), "importance": refused("high_k_hat: tails.")}
    estimates["smc"] = trusted(-10.05, 0.05)
    assert judge(estimates) == Verdict("bridge", "smc", ())


def test_three_trusted_ones_must_all_agree() -> None:
    """A majority is no argument: two may have missed the same mode."""
    estimates = {"bridge": trusted(-10.0, 0.01), "importance": trusted(-10.0, 0.02)}
    verdict = judge(estimates | {"smc": trusted(-9.3, 0.05)})
    assert len(verdict.reasons) == 2
    assert all(reason.startswith("disagreement: ") for reason in verdict.reasons)


@pytest.mark.parametrize("code", ["non_finite_draws", "non_finite_proposals", "non_finite_density"])
def test_a_density_with_odd_values_rules_out_all(code: str) -> None:
    estimates = {"bridge": trusted(-10.0, 0.01), "importance": trusted(-10.0, 0.01)}
    verdict = judge(estimates | {"smc": refused(f"{code}: NaN.")})
    assert verdict.reasons == (f"{code}: NaN. (smc)",)
    assert verdict.confirmed_by == ""


def two_modes(points: Floats, share: float = 0.3, distance: float = 5.0) -> Floats:
    parts = ((share, distance), (1.0 - share, -distance))
    at = [np.log(w) + stats.norm.logpdf(points - m).sum(axis=-1) for w, m in parts]
    return np.logaddexp(*at)


def left_draws(seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(4, 500, 2)) - 5.0


def both(share: float, seed: int = 1, size: int = 2000) -> Floats:
    rng = np.random.default_rng(seed)
    return np.where(rng.random((size, 1)) < share, 5.0, -5.0) + rng.normal(size=(size, 2))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.99])
def test_a_mode_that_the_draws_never_visited_is_seen(share: float) -> None:
    draws = left_draws()
    at = two_modes(draws, share)
    reason = unvisited(lambda x: two_modes(x, share), draws, at, both(share))
    assert reason.startswith("unvisited_mode: ")
    assert "run more chains from dispersed starting points" in reason


@pytest.mark.parametrize("seed", range(20))
def test_draws_that_were_everywhere_raise_no_alarm(seed: int) -> None:
    draws = both(0.3, seed).reshape(4, 500, 2)
    assert unvisited(two_modes, draws, two_modes(draws), both(0.3, seed + 100)) == ""
    heavy = np.random.default_rng(seed).standard_t(2.0, size=(2, 4, 500, 1))

    def student(points: Floats) -> Floats:
        return stats.t.logpdf(points, 2.0).sum(axis=-1)

    assert unvisited(student, heavy[0], student(heavy[0]), heavy[1].reshape(-1, 1)) == ""


def test_a_constant_in_the_density_changes_nothing() -> None:
    draws = left_draws()
    plain = unvisited(two_modes, draws, two_modes(draws), both(0.3))
    moved = unvisited(lambda x: two_modes(x) + 1e4, draws, two_modes(draws) + 1e4, both(0.3))
    assert plain == moved != ""


def test_the_alarm_needs_half_a_nat_beyond_the_errors() -> None:
    chosen = trusted(-10.0, 0.03)
    assert alarm(trusted(-10.69, 0.04), chosen) == ""
    reason = alarm(trusted(-10.71, 0.04), chosen)
    assert reason.startswith("reciprocal_disagrees: ")
    assert "0.71 nats away, 0.70 are allowed" in reason
    assert alarm(trusted(-9.29, 0.04), chosen).startswith("reciprocal_disagrees: ")


def test_the_alarm_is_silent_where_either_number_is_not_trusted() -> None:
    assert alarm(refused("few_inside: 3.", log_ml=0.0), trusted(-10.0, 0.01)) == ""
    assert alarm(trusted(-10.0, 0.01), refused("high_k_hat: 3.", log_ml=0.0)) == ""
