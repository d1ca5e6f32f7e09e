"""The PyMC models: plain, labelled, with their data apart and their simulator attached."""

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytest
from leak_fleets import F184_VALUES, HYPOTHESES, NAMES, STRUCTURED, draw_values, irregular

from bayes_leaks import engine
from bayes_leaks.hypotheses import RandomMicrometeoroid, priors
from bayes_leaks.hypotheses.model_file import find_model_file
from bayes_leaks.record import LeakHistory

HISTORY = irregular(41, n_events=3)


def value_of(model: pm.Model, output: Any, values: dict[str, Any]) -> float:
    """Evaluate a graph of the model's random variables at given values of the free ones."""
    inputs = list(model.free_RVs)
    function = pytensor.function(inputs, output, mode=engine.NUMPY_MODE, on_unused_input="ignore")
    return float(function(*(values[variable.name] for variable in inputs)))


def free_values(values: dict[str, Any]) -> dict[str, Any]:
    excess = {"hazard_excess": values["hazard_ratio"] - 1} if "hazard_ratio" in values else {}
    return {name: np.asarray(value) for name, value in (values | excess).items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_model_with_named_dims_and_data(name: str) -> None:
    hypothesis = HYPOTHESES[name]
    model = hypothesis.build(HISTORY)
    assert type(model) is pm.Model
    assert [variable.name for variable in model.observed_RVs] == ["leak_time"]
    assert {variable.name for variable in model.free_RVs} == set(hypothesis.free)
    assert not model.potentials
    assert tuple(model.coords["asset"]) == HISTORY.asset_id
    assert model.named_vars_to_dims["leak_time"] == ("asset",)
    layout = hypothesis.layout(HISTORY)
    assert {variable.name for variable in model.data_vars} == set(layout.arrays)
    for key, array in layout.arrays.items():
        dims = model.named_vars_to_dims[key]
        assert len(dims) == array.ndim
        assert all(isinstance(dim, str) for dim in dims)
        np.testing.assert_array_equal(model[key].get_value(), array)
    assert model["asset_leak_time"].get_value() == pytest.approx(HISTORY.leak_time)


def test_the_ratio_of_hazards_is_reported_beside_the_free_excess() -> None:
    model = HYPOTHESES["common-period"].build(HISTORY)
    assert [variable.name for variable in model.deterministics] == ["hazard_ratio"]


@pytest.mark.parametrize("name", NAMES)
def test_the_observed_density_is_the_log_likelihood(name: str) -> None:
    hypothesis = HYPOTHESES[name]
    model = hypothesis.build(HISTORY)
    values = draw_values(name, np.random.default_rng(41))
    density = pm.logp(model["leak_time"], HISTORY.leak_time).sum()
    expected = hypothesis.log_likelihood(HISTORY, **values)
    assert value_of(model, density, free_values(values)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_other_leak_times_have_no_density_in_this_model(name: str) -> None:
    model = HYPOTHESES[name].build(HISTORY)
    values = free_values(draw_values(name, np.random.default_rng(41)))
    for change in (1e-9, np.inf):
        other = HISTORY.leak_time.copy()
        other[HISTORY.event_asset[0]] -= change if change < 1 else -change
        density = pm.logp(model["leak_time"], other).sum()
        assert math.isnan(value_of(model, density, values))


@pytest.mark.parametrize("name", NAMES)
def test_the_joint_density_is_prior_plus_likelihood(name: str) -> None:
    hypothesis = HYPOTHESES[name]
    model = hypothesis.build(HISTORY)
    outputs = [model.logp(jacobian=False), *model.unobserved_value_vars]
    function = pytensor.function(model.value_vars, outputs, mode=engine.NUMPY_MODE)
    initial = model.initial_point()
    rng = np.random.default_rng(42)
    point = [
        initial[variable.name] + rng.normal(scale=0.3, size=initial[variable.name].shape)
        for variable in model.value_vars
    ]
    joint, *constrained = function(*point)
    names = [variable.name for variable in model.unobserved_value_vars]
    values = dict(zip(names, constrained, strict=True))
    log_prior = priors.log_density(hypothesis.model, {key: values[key] for key in hypothesis.free})
    expected = float(np.sum(log_prior)) + hypothesis.log_likelihood(
        HISTORY, **{key: values[key] for key in hypothesis.accepts}
    )
    assert float(joint) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_prior_predictive_draws_are_histories_of_the_fleet(name: str) -> None:
    model = HYPOTHESES[name].build(HISTORY)
    draws = pm.sample_prior_predictive(
        draws=20, model=model, random_seed=1, compile_kwargs={"mode": engine.NUMPY_MODE}
    )
    leak_time = draws.prior_predictive["leak_time"]
    assert leak_time.dims == ("chain", "draw", "asset")
    assert tuple(leak_time["asset"].values) == HISTORY.asset_id
    for times in leak_time.values.reshape(-1, HISTORY.n_assets):
        # NaN marks prior draws at which the hypothesis cannot exist.
        if not np.isnan(times).any():
            HISTORY.with_leak_times(times)
    assert np.isinf(leak_time).any()
    np.testing.assert_array_equal(draws.observed_data["leak_time"], HISTORY.leak_time)


def test_prior_predictive_draws_are_missing_where_the_hypothesis_cannot_exist() -> None:
    hypothesis = HYPOTHESES["defect"]
    impossible = type(hypothesis)(model=hypothesis.model.with_prior("leak_rate", median=1e6))
    draws = pm.sample_prior_predictive(
        draws=3,
        model=impossible.build(HISTORY),
        random_seed=1,
        compile_kwargs={"mode": engine.NUMPY_MODE},
    )
    assert np.isnan(draws.prior_predictive["leak_time"]).all()


def swapped(name: str, first: LeakHistory, second: LeakHistory) -> tuple[float, float]:
    """Log density of `second` in a model compiled for `first`, and in a fresh one."""
    hypothesis = HYPOTHESES[name]
    layout = hypothesis.layout(second)
    assert layout.sizes == hypothesis.layout(first).sizes
    results = []
    for history in (first, second):
        model = hypothesis.build(history)
        function = pytensor.function(
            model.value_vars, model.logp(vars=model.observed_RVs), mode=engine.NUMPY_MODE
        )
        point = [model.initial_point()[variable.name] for variable in model.value_vars]
        before = float(function(*point))
        pm.set_data(layout.arrays, model=model)
        results.append(float(function(*point)))
        assert (before == results[-1]) == (history is second)
    return results[0], results[1]


@pytest.mark.parametrize("name", NAMES)
def test_other_events_can_be_swapped_in(name: str) -> None:
    times = HISTORY.leak_time.copy()
    leaker = HISTORY.event_asset[1]
    times[leaker] = 0.5 * (times[leaker] + HISTORY.start[leaker])
    after, fresh = swapped(name, HISTORY, HISTORY.with_leak_times(times))
    assert after == pytest.approx(fresh, rel=1e-13)


@pytest.mark.parametrize("name", ["random", "defect", "common-period"])
def test_another_number_of_events_can_be_swapped_in(name: str) -> None:
    times = HISTORY.leak_time.copy()
    times[HISTORY.event_asset[1:]] = np.inf
    after, fresh = swapped(name, HISTORY, HISTORY.with_leak_times(times))
    assert after == pytest.approx(fresh, rel=1e-13)


def test_an_edited_folder_of_models_is_used(tmp_path: Path) -> None:
    shipped = find_model_file("random")
    shutil.copytree(shipped.parent, tmp_path / "mine")
    edited = tmp_path / "mine" / "random.toml"
    edited.write_text(shipped.read_text().replace("median = 0.02", "median = 0.5"))
    mine = RandomMicrometeoroid(models_dir=tmp_path / "mine")
    assert mine.model.parameters["leak_rate"].arguments["median"] == 0.5
    model = mine.build(HISTORY)
    assert math.exp(model.initial_point()["leak_rate_log__"]) == pytest.approx(
        25 * math.exp(RandomMicrometeoroid().build(HISTORY).initial_point()["leak_rate_log__"])
    )
    counts = [mine.simulate(HISTORY, random_seed=seed).n_events for seed in range(60)]
    shipped_counts = [
        RandomMicrometeoroid().simulate(HISTORY, random_seed=seed).n_events for seed in range(60)
    ]
    assert sum(counts) > 2 * sum(shipped_counts)


@pytest.mark.parametrize("name", NAMES)
def test_ten_records_of_equal_sizes_compile_once(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.functions, "_functions", {})
    hypothesis = HYPOTHESES[name]
    before = engine.compilations.copy()
    found = set()
    sizes = hypothesis.layout(HISTORY).sizes
    for scale in np.linspace(0.3, 0.9, 10):
        leaker = HISTORY.event_asset[0]
        times = HISTORY.leak_time.copy()
        times[leaker] = HISTORY.start[leaker] + scale * (times[leaker] - HISTORY.start[leaker])
        history = HISTORY.with_leak_times(times)
        if hypothesis.layout(history).sizes == sizes:
            found.add(hypothesis.log_likelihood(history, **F184_VALUES[name]))
    assert len(found) == 10
    assert engine.compilations - before == {"numpy": 1}


@pytest.mark.parametrize("name", STRUCTURED)
def test_records_of_other_sizes_compile_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.functions, "_functions", {})
    before = engine.compilations.copy()
    for n_assets in (4, 20):
        history = irregular(44, n_assets=n_assets, n_events=1, n_batches=1)
        HYPOTHESES[name].log_likelihood(history, **F184_VALUES[name])
    assert engine.compilations - before == {"numpy": 2}
