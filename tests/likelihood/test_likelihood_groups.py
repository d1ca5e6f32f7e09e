"""Which events can share a cause, and the exact sums over groups of many events."""

import math
from typing import Any

import numpy as np
import pytest
from leak_fleets import F184_VALUES, HYPOTHESES, f184, irregular, make_history
from leak_reference import log_density
from scipy.integrate import quad

from bayes_leaks.errors import UnsupportedRecordError
from bayes_leaks.hypotheses import CommonCause, CompetingCauses
from bayes_leaks.likelihood.exposure import Exposure
from bayes_leaks.likelihood.groups import (
    GROUP_SIZES,
    can_share_shock,
    group_events,
    share_batch,
)
from bayes_leaks.likelihood.segments import cut
from bayes_leaks.record import LeakHistory

SHOCK = {"leak_rate": 0.2, "common_share": 0.7, "hit_probability": 0.4, "latency": 0.5}


def exposure(history: LeakHistory) -> Exposure:
    return Exposure(
        history.start,
        history.end,
        history.weight,
        history.batch_index,
        history.event_asset,
        history.event_time,
    )


def crowd(n_leakers: int, *, apart: bool = False) -> LeakHistory:
    """All assets are exposed on [0, 2], and the first ones leak: at once, or one after another."""
    times = 1 + 0.05 * np.arange(n_leakers) * apart
    leaks = {i: float(t) for i, t in enumerate(times)}
    n = n_leakers + 1
    return make_history(np.zeros(n), np.full(n, 2.0), leaks, batch=range(n))


def test_exposure_is_cut_at_the_leak_but_planned_exposure_is_not() -> None:
    fleet = exposure(make_history([0, 1], [2, 3], {1: 1.5}, weight=[1, 4]))
    np.testing.assert_array_equal(fleet.censor, [2, 1.5])
    np.testing.assert_array_equal(fleet.leak_time, [np.inf, 1.5])
    np.testing.assert_array_equal(fleet.planned, [2, 2])
    np.testing.assert_array_equal(fleet.end, [2, 3])
    assert (fleet.n_assets, fleet.n_events, fleet.total) == (2, 1, 10)


def test_events_share_a_shock_only_where_both_were_exposed_before_either_leaked() -> None:
    fleet = exposure(make_history([0, 0.5, 1, 1.2], [2] * 4, {0: 1.0, 1: 1.1, 2: 1.9, 3: 2.0}))
    np.testing.assert_array_equal(
        can_share_shock(fleet),
        # The third asset enters at the very moment of the first leak: too late.
        np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]], dtype=bool),
    )


def test_events_share_a_batch() -> None:
    fleet = exposure(make_history([0] * 3, [1] * 3, {0: 0.1, 1: 0.2, 2: 0.3}, batch="xyx"))
    expected = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], dtype=bool)
    np.testing.assert_array_equal(share_batch(fleet), expected)


def test_groups_are_chains_of_events_that_can_share_a_shock() -> None:
    fleet = exposure(make_history([0, 0.5, 1, 5], [2, 2, 2, 6], {0: 1.0, 1: 1.1, 2: 1.9, 3: 5.5}))
    related = can_share_shock(fleet)
    groups = group_events(fleet, related, "common-shock")
    assert [group.tolist() for group in groups.events] == [[0, 1, 2], [3]]
    assert groups.size == 4


@pytest.mark.parametrize("n_events", [0, 1, 2, 3, 4, 5, 8, 9, 12])
def test_group_size_is_the_smallest_that_holds_the_largest_group(n_events: int) -> None:
    fleet = exposure(crowd(n_events))
    size = group_events(fleet, can_share_shock(fleet), "common-shock").size
    assert size == min(s for s in GROUP_SIZES if s >= n_events)


@pytest.mark.parametrize("hypothesis", [CommonCause("shock"), CompetingCauses()])
def test_more_than_twelve_events_that_can_share_a_shock_are_refused(hypothesis: Any) -> None:
    match = (
        rf"hypothesis '{hypothesis.name}': 13 events could share one cause, and the exact sum "
        "over their partitions takes at most 12.*'common-period'.*until"
    )
    with pytest.raises(UnsupportedRecordError, match=match):
        hypothesis.log_likelihood(crowd(13), **F184_VALUES[hypothesis.name])
    with pytest.raises(UnsupportedRecordError, match="common-period"):
        hypothesis.build(crowd(13))


def test_competing_refuses_too_many_events_of_one_batch() -> None:
    start = np.arange(13.0)
    history = make_history(start, start + 0.9, {i: i + 0.5 for i in range(13)})
    values = F184_VALUES["competing"]
    with pytest.raises(UnsupportedRecordError, match="13 events could share one cause"):
        CompetingCauses().log_likelihood(history, **values)
    # Shocks alone cannot join them.
    assert math.isfinite(
        CommonCause("shock").log_likelihood(history, **F184_VALUES["common-shock"])
    )


@pytest.mark.parametrize("name", ["random", "defect", "common-period"])
def test_other_hypotheses_take_any_number_of_events(name: str) -> None:
    assert math.isfinite(HYPOTHESES[name].log_likelihood(crowd(30), **F184_VALUES[name]))


def closed_form(n_leakers: int) -> float:
    """Log likelihood of `crowd`: a block's weight depends on its size only, and so the sum over
    set partitions is a complete Bell polynomial.
    """
    rate, share, hit, latency = SHOCK.values()
    n, leak, end = n_leakers + 1, 1.0, 2.0
    shocks = share * rate * n * end / (hit * n * (end - latency * -math.expm1(-end / latency)))

    def spared(delay: float) -> float:
        return 1 - hit + hit * math.exp(-delay / latency)

    def block(size: int) -> float:
        value = quad(
            lambda u: (
                (hit / latency * math.exp(-(leak - u) / latency)) ** size
                * spared(leak - u) ** (n_leakers - size)
                * spared(end - u)
            ),
            0,
            leak,
            epsabs=0,
            epsrel=1e-12,
        )[0]
        return shocks * value + (size == 1) * (1 - share) * rate

    weight = [0.0] + [block(size) for size in range(1, n_leakers + 1)]
    bell = [1.0]
    for k in range(n_leakers):
        bell.append(sum(math.comb(k, j) * bell[k - j] * weight[j + 1] for j in range(k + 1)))
    before = quad(lambda u: 1 - spared(leak - u) ** n_leakers * spared(end - u), 0, leak)[0]
    after = quad(lambda u: 1 - spared(end - u), leak, end)[0]
    at_risk = n_leakers * leak + end
    return math.log(bell[-1]) - (1 - share) * rate * at_risk - shocks * (before + after)


@pytest.mark.parametrize("n_events", [1, 3, 6, 9, 12])
def test_many_leaks_at_one_time_have_a_closed_form(n_events: int) -> None:
    value = CommonCause("shock").log_likelihood(crowd(n_events), **SHOCK)
    assert value == pytest.approx(closed_form(n_events), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("n_events", [6, 10])
def test_unequal_leak_times_in_a_large_group_do_not_depend_on_the_order(n_events: int) -> None:
    history = crowd(n_events, apart=True)
    backwards = history.with_leak_times(history.leak_time[::-1])
    shock = CommonCause("shock")
    assert shock.log_likelihood(backwards, **SHOCK) == pytest.approx(
        shock.log_likelihood(history, **SHOCK), rel=1e-12
    )


@pytest.mark.parametrize("n_events", [6, 7, pytest.param(9, marks=pytest.mark.slow)])
def test_larger_groups_against_listed_partitions(n_events: int) -> None:
    history = irregular(9, n_assets=n_events + 2, n_events=n_events, spread=0.2)
    fleet = exposure(history)
    largest = max(map(len, group_events(fleet, can_share_shock(fleet), "common-shock").events))
    assert largest == n_events
    value = CommonCause("shock").log_likelihood(history, **SHOCK)
    assert value == pytest.approx(log_density("common-shock", history, SHOCK), rel=0, abs=1e-9)


@pytest.mark.parametrize("shares", [(0.3, 0.7, 0.0), (0.3, 0.0, 0.7)])
def test_competing_with_a_large_group_keeps_its_edges(shares: tuple[float, ...]) -> None:
    history = crowd(9, apart=True).with_batches(["lot"] * 10)
    values = F184_VALUES["competing"] | {"shares": shares}
    single = HYPOTHESES["defect" if shares[1] else "common-shock"]
    edge = values | {"defect_share": 0.7, "common_share": 0.7}
    expected = single.log_likelihood(history, **{name: edge[name] for name in single.accepts})
    value = CompetingCauses().log_likelihood(history, **values)
    assert value == pytest.approx(expected, rel=1e-12, abs=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_segments_hold_exactly_the_exposed_assets(seed: int) -> None:
    fleet = exposure(irregular(seed, n_assets=12, n_events=4))
    segments = cut(fleet)
    assert (segments.left < segments.right).all()
    np.testing.assert_array_equal(segments.right[:-1], segments.left[1:])
    assert (segments.left[0], segments.right[-1]) == (fleet.start.min(), fleet.censor.max())
    for left, right, members in zip(segments.left, segments.right, segments.members, strict=True):
        middle = (left + right) / 2
        exposed = np.flatnonzero((fleet.start <= middle) & (middle < fleet.censor))
        assert sorted(members[members >= 0]) == exposed.tolist()


def test_segments_cover_the_whole_exposure_of_a_large_fleet() -> None:
    fleet = exposure(f184("three"))
    segments = cut(fleet)
    length = (segments.right - segments.left)[:, None] * (segments.members >= 0)
    assert length.sum() == pytest.approx((fleet.censor - fleet.start).sum(), rel=1e-12)


def test_a_gap_in_the_calendar_is_a_segment_without_members() -> None:
    segments = cut(exposure(make_history([0, 2], [1, 3], {})))
    np.testing.assert_array_equal(segments.left, [0, 1, 2])
    np.testing.assert_array_equal(segments.members, [[0], [-1], [1]])
