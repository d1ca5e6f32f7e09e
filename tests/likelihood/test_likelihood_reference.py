"""The log likelihoods against slow densities written independently, on irregular fleets."""

import math

import numpy as np
import pytest
from leak_fleets import HYPOTHESES, NAMES, draw_values, irregular, make_history
from leak_reference import log_density, set_partitions

from bayes_leaks.record import LeakHistory


def check(name: str, history: LeakHistory, seed: int, **changed: float) -> None:
    values = draw_values(name, np.random.default_rng([seed, NAMES.index(name)])) | changed
    expected = log_density(name, history, values)
    assert math.isfinite(expected)
    value = HYPOTHESES[name].log_likelihood(history, **values)
    assert value == pytest.approx(expected, rel=1e-10, abs=1e-9), values


@pytest.mark.parametrize("n_events", range(6))
@pytest.mark.parametrize("name", NAMES)
def test_irregular_fleet(name: str, n_events: int) -> None:
    for repeat in range(3):
        seed = 10 * n_events + repeat
        check(name, irregular(seed, n_events=n_events), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
@pytest.mark.parametrize("name", NAMES)
def test_irregular_fleet_at_many_seeds(name: str, seed: int) -> None:
    check(name, irregular(seed, n_events=seed % 6), seed)


@pytest.mark.parametrize("name", NAMES)
def test_ties_and_leaks_at_the_planned_end(name: str) -> None:
    history = make_history(
        [0, 0, 0.5, 0.5, 1.0, 1.5],
        [1, 1, 1.5, 1.5, 2.0, 2.0],
        {0: 1.0, 2: 1.0, 3: 1.5, 5: 2.0},
        weight=[1, 2, 0.5, 1, 1, 3],
        batch=[0, 0, 1, 1, 1, 2],
    )
    check(name, history, seed=7)


@pytest.mark.parametrize("name", NAMES)
def test_a_calendar_with_gaps(name: str) -> None:
    history = make_history([0, 3, 3.2], [1, 4, 4.1], {0: 0.5, 2: 3.9}, batch=[0, 0, 1])
    check(name, history, seed=8)


@pytest.mark.parametrize("name", NAMES)
def test_one_asset(name: str) -> None:
    check(name, make_history([0], [1], {0: 0.4}, weight=[2]), seed=9)
    check(name, make_history([0], [1], {}, weight=[2]), seed=9)


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        ("common-shock", "hit_probability", 1.0),
        ("competing", "hit_probability", 1.0),
        ("common-shock", "common_share", 1.0),
        ("defect", "defect_share", 1.0),
        ("competing", "shares", (0.0, 0.5, 0.5)),
        ("common-shock", "latency", 1e-4),
        ("common-shock", "latency", 1e4),
        ("common-period", "elevated_duration", 1e-4),
        ("common-period", "elevated_duration", 1e6),
        ("common-period", "hazard_ratio", 1e5),
        ("defect", "batch_correlation", 0.999),
        ("defect", "weibull_scale", 30.0),
    ],
)
@pytest.mark.parametrize("n_events", [0, 1, 3])
def test_ends_of_the_ranges(name: str, parameter: str, value: float, n_events: int) -> None:
    history = irregular(51, n_events=n_events)
    rare = 0.001 if parameter == "weibull_scale" else 0.1
    check(name, history, seed=51, **{parameter: value, "leak_rate": rare})


@pytest.mark.parametrize("n_assets", [70, 150])
@pytest.mark.parametrize("name", ["common-shock", "common-period", "competing"])
def test_very_many_assets_exposed_at_once(name: str, n_assets: int) -> None:
    history = irregular(5, n_assets=n_assets, n_events=2, n_batches=20, spread=0.2)
    earliest_end = history.end.min()
    exposed = ((history.start < earliest_end) & (earliest_end <= history.censor)).sum()
    assert exposed > 64
    check(name, history, seed=11)


@pytest.mark.parametrize("name", ["defect", "competing"])
@pytest.mark.parametrize("n_assets", [12, 13, 40])
def test_large_batches(name: str, n_assets: int) -> None:
    check(name, irregular(6, n_assets=n_assets, n_events=3, n_batches=1), seed=12)
    check(name, irregular(7, n_assets=2 * n_assets, n_events=4, n_batches=2), seed=13)


@pytest.mark.parametrize(("name", "share"), [("defect", "defect_share"), ("competing", "shares")])
def test_more_defects_than_assets_have_no_density(name: str, share: str) -> None:
    history = irregular(1)
    values = draw_values(name, np.random.default_rng(1)) | {
        "leak_rate": 50.0,
        share: 0.9 if name == "defect" else (0.1, 0.9, 0.0),
    }
    assert log_density(name, history, values) == -math.inf
    assert HYPOTHESES[name].log_likelihood(history, **values) == -math.inf


def test_the_reference_lists_every_set_partition() -> None:
    counts = [sum(1 for _ in set_partitions(range(n))) for n in range(7)]
    assert counts == [1, 1, 2, 5, 15, 52, 203]
