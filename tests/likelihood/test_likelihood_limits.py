"""Limits, symmetries and units: what must hold whatever the parameters."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leak_fleets import HYPOTHESES, NAMES, draw_values, irregular, make_history

from bayes_leaks.record import LeakHistory

DAYS = 365.25
# Parameters that carry a unit of time, and the power of it.
TIME_POWER = {"leak_rate": -1, "weibull_scale": 1, "latency": 1, "elevated_duration": 1}

seeds = st.integers(0, 2**31)
# Few fleets and many values: each new size of a fleet compiles a new function.
fleets = st.integers(0, 2).map(lambda seed: irregular(seed, n_events=4))
few = settings(max_examples=12)


def log_likelihood(name: str, history: LeakHistory, values: dict[str, Any]) -> float:
    return HYPOTHESES[name].log_likelihood(history, **values)


def values_of(name: str, seed: int, **changed: Any) -> dict[str, Any]:
    return draw_values(name, np.random.default_rng(seed)) | changed


def changed_record(
    history: LeakHistory, *, shift: float = 0, factor: float = 1, order: np.ndarray | None = None
) -> LeakHistory:
    """Shift and stretch the calendar and permute the assets, giving their batches new names."""
    order = np.arange(history.n_assets) if order is None else order
    place = np.argsort(order)
    leaks = {
        int(place[i]): factor * float(t) + shift
        for i, t in zip(history.event_asset, history.event_time, strict=True)
    }
    return make_history(
        factor * history.start[order] + shift,
        factor * history.end[order] + shift,
        leaks,
        weight=history.weight[order],
        batch=[f"lot {9 - history.batch_index[i]}" for i in order],
    )


@given(history=fleets, seed=seeds)
@pytest.mark.parametrize("name", NAMES)
@few
def test_the_order_of_assets_does_not_matter(name: str, history: LeakHistory, seed: int) -> None:
    values = values_of(name, seed)
    order = np.random.default_rng(seed).permutation(history.n_assets)
    value = log_likelihood(name, changed_record(history, order=order), values)
    assert value == pytest.approx(log_likelihood(name, history, values), rel=1e-12, abs=1e-11)


@given(history=fleets, seed=seeds, shift=st.floats(-30, 30))
@pytest.mark.parametrize("name", NAMES)
@few
def test_the_origin_of_time_does_not_matter(
    name: str, history: LeakHistory, seed: int, shift: float
) -> None:
    values = values_of(name, seed)
    value = log_likelihood(name, changed_record(history, shift=shift), values)
    assert value == pytest.approx(log_likelihood(name, history, values), rel=0, abs=1e-9)


@given(history=fleets, seed=seeds, n_leaks=st.sampled_from([0, 1, 4]))
@pytest.mark.parametrize("name", NAMES)
@few
def test_the_unit_of_time_shifts_every_hypothesis_alike(
    name: str, history: LeakHistory, seed: int, n_leaks: int
) -> None:
    values = values_of(name, seed)
    few_leaks = np.full(history.n_assets, np.inf)
    few_leaks[history.event_asset[:n_leaks]] = history.event_time[:n_leaks]
    history = history.with_leak_times(few_leaks)
    in_days = values | {
        key: values[key] * DAYS**power for key, power in TIME_POWER.items() if key in values
    }
    value = log_likelihood(name, changed_record(history, factor=DAYS), in_days)
    expected = log_likelihood(name, history, values) - n_leaks * math.log(DAYS)
    assert value == pytest.approx(expected, rel=0, abs=1e-9)


LIMITS = {
    "defect": {"defect_share": 0.0},
    "common-shock": {"common_share": 0.0},
    "common-period": {"hazard_ratio": 1.0},
    "competing": {"shares": (1.0, 0.0, 0.0)},
}
NEAR_LIMITS = {
    "defect": {"defect_share": 1e-7},
    "common-shock": {"common_share": 1e-7},
    "common-period": {"hazard_ratio": 1 + 1e-7},
    "competing": {"shares": (1 - 2e-7, 1e-7, 1e-7)},
}


@given(history=fleets, seed=seeds)
@pytest.mark.parametrize("name", LIMITS)
@few
def test_without_its_cause_a_hypothesis_is_random(
    name: str, history: LeakHistory, seed: int
) -> None:
    values = values_of(name, seed)
    random = log_likelihood("random", history, {"leak_rate": values["leak_rate"]})
    at_limit = log_likelihood(name, history, values | LIMITS[name])
    assert at_limit == pytest.approx(random, rel=0, abs=1e-10)


@pytest.mark.parametrize("name", LIMITS)
def test_the_limit_is_approached_and_not_only_set(name: str) -> None:
    history, values = irregular(3, n_events=2), values_of(name, 3)
    random = log_likelihood("random", history, {"leak_rate": values["leak_rate"]})
    near = log_likelihood(name, history, values | NEAR_LIMITS[name])
    far = log_likelihood(name, history, values)
    assert near != random
    assert near == pytest.approx(random, rel=0, abs=1e-4)
    assert abs(far - random) > 1e-2


@given(history=fleets, seed=seeds, share=st.floats(0, 1))
@few
def test_edges_of_competing_causes(history: LeakHistory, seed: int, share: float) -> None:
    values = values_of("competing", seed)
    for name, shares, own in (
        ("defect", (1 - share, share, 0), "defect_share"),
        ("common-shock", (1 - share, 0, share), "common_share"),
    ):
        edge = HYPOTHESES[name]
        single = {key: values[key] for key in edge.accepts if key != own} | {own: share}
        expected = edge.log_likelihood(history, **single)
        value = log_likelihood("competing", history, values | {"shares": shares})
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-10)


@pytest.mark.parametrize("gap", [0.01, 0.2, 1.0, 5.0])
def test_rare_pair_follows_the_pair_correlation_of_the_hazard(gap: float) -> None:
    fraction, ratio, duration = 0.05, 50.0, 0.5
    history = make_history([0, 0], [10, 10], {0: 2.0, 1: 2.0 + gap}, weight=[1.0, 2.5])
    values = {
        "leak_rate": 1e-9,
        "elevated_fraction": fraction,
        "hazard_ratio": ratio,
        "elevated_duration": duration,
    }
    mean = 1 + fraction * (ratio - 1)
    squared_cv = fraction * (1 - fraction) * ((ratio - 1) / mean) ** 2
    leave = 1 / duration
    enter = leave * fraction / (1 - fraction)
    expected = math.log1p(squared_cv * math.exp(-(enter + leave) * gap))
    log_factor = log_likelihood("common-period", history, values) - log_likelihood(
        "random", history, {"leak_rate": 1e-9}
    )
    assert log_factor == pytest.approx(expected, rel=0, abs=1e-6)


def test_rare_pair_follows_the_pair_correlation_of_shocks() -> None:
    share, hit, latency, rate, gap, first = 0.6, 0.2, 0.15, 1e-9, 0.1, 4.0
    history = make_history([0, 0], [10, 10], {0: first, 1: first + gap})
    log_factor = HYPOTHESES["common-shock"].log_likelihood(
        history, leak_rate=rate, common_share=share, hit_probability=hit, latency=latency
    ) - log_likelihood("random", history, {"leak_rate": rate})
    shocks = share * rate * 10 / (hit * (10 - latency * -math.expm1(-10 / latency)))
    both = shocks * hit**2 / (2 * latency) * math.exp(-gap / latency)
    both *= -math.expm1(-2 * first / latency)
    # Two separate causes are of second order in the rate, one shock of first order.
    assert log_factor == pytest.approx(math.log(both / rate**2), rel=0, abs=1e-6)


@pytest.mark.parametrize("name", ["random", "defect", "common-shock", "competing"])
def test_parts_of_a_fleet_that_never_meet_are_independent(name: str) -> None:
    # A copy far in the future leaves every rate derived from the fleet as it was.
    history, values = irregular(21, n_events=4), values_of(name, 21)
    later = changed_record(history, shift=50)
    both = make_history(
        np.concatenate([history.start, later.start]),
        np.concatenate([history.end, later.end]),
        {
            int(i) + offset: float(t)
            for part, offset in ((history, 0), (later, history.n_assets))
            for i, t in zip(part.event_asset, part.event_time, strict=True)
        },
        weight=np.concatenate([history.weight, later.weight]),
        batch=[*history.batch, *later.batch],
    )
    assert set(history.batch).isdisjoint(later.batch)
    expected = 2 * log_likelihood(name, history, values)
    assert log_likelihood(name, both, values) == pytest.approx(expected, rel=0, abs=1e-9)


def test_periods_remember_across_a_gap_shorter_than_they_last() -> None:
    values = values_of("common-period", 2, elevated_duration=20.0, hazard_ratio=30.0)
    one = make_history([0], [1], {0: 0.5})
    two = make_history([0, 1.5], [1, 2.5], {0: 0.5, 1: 2.0})
    single = log_likelihood("common-period", one, values)
    assert log_likelihood("common-period", two, values) > 2 * single + 0.1


@pytest.mark.parametrize(("n_assets", "rate"), [(1, 1000.0), (20, 60.0), (1, 1e-9)])
def test_common_period_neither_underflows_nor_loses_digits_at_extreme_rates(
    n_assets: int, rate: float
) -> None:
    fraction, ratio, duration = 0.98, 25.0, 0.0067
    history = make_history([0.0] * n_assets, [1.0] * n_assets, {})
    found = HYPOTHESES["common-period"].log_likelihood(
        history,
        leak_rate=rate,
        elevated_fraction=fraction,
        hazard_ratio=ratio,
        elevated_duration=duration,
    )
    quiet = rate / (1 + fraction * (ratio - 1))
    end = 1 / duration
    begin = end * fraction / (1 - fraction)
    generator = np.array([[-begin, begin], [end, -end]]) - n_assets * np.diag(
        [quiet, ratio * quiet]
    )
    values, vectors = np.linalg.eig(generator)
    weight = (np.array([1 - fraction, fraction]) @ vectors) * np.linalg.solve(vectors, np.ones(2))
    expected = values.max() + np.log(weight @ np.exp(values - values.max()))
    assert found == pytest.approx(expected, rel=1e-9)
