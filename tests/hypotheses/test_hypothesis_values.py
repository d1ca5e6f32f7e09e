"""Messages for parameter values and arguments that are not allowed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from leak_fleets import F184_VALUES, HYPOTHESES, NAMES, irregular

from bayes_leaks.errors import ModelFileError, ParameterError
from bayes_leaks.hypotheses import (
    CommonCause,
    CompetingCauses,
    ManufacturingDefect,
    RandomMicrometeoroid,
)

HISTORY = irregular(0)
OUT_OF_RANGE: dict[str, list[Any]] = {
    "leak_rate": [0, -1.0, np.inf, np.nan, "fast", None, [0.1, 0.2]],
    "defect_share": [-0.1, 1.1, np.nan],
    "weibull_shape": [0],
    "weibull_scale": [-2.0],
    "batch_correlation": [0, 1],
    "common_share": [-1e-9, 2],
    "hit_probability": [0, 1.01],
    "latency": [0],
    "elevated_fraction": [0, 1],
    "hazard_ratio": [0.99, np.inf],
    "elevated_duration": [0],
    "shares": [(0.5, 0.5), (0.5, 0.4, 0.2), (1.2, -0.1, -0.1), 0.3, ("a", "b", "c")],
}
LIMITS = {
    "defect": {"defect_share": [0, 1]},
    "common-shock": {"common_share": [0, 1], "hit_probability": [1]},
    "common-period": {"hazard_ratio": [1]},
    "competing": {"shares": [(1, 0, 0), (0, 1, 0), (0, 0, 1), np.full(3, 1 / 3)]},
}


def owner(parameter: str) -> str:
    return next(name for name in reversed(NAMES) if parameter in HYPOTHESES[name].accepts)


@pytest.mark.parametrize(
    ("parameter", "value"), [(key, value) for key, bad in OUT_OF_RANGE.items() for value in bad]
)
@pytest.mark.parametrize("method", ["log_likelihood", "simulate"])
def test_out_of_range(method: str, parameter: str, value: Any) -> None:
    name = owner(parameter)
    hypothesis = HYPOTHESES[name]
    with pytest.raises(ParameterError) as caught:
        getattr(hypothesis, method)(HISTORY, **F184_VALUES[name] | {parameter: value})
    message = str(caught.value)
    assert message.startswith(f"hypothesis {name!r}: {parameter} is {value!r}; it must be ")


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_allowed(name: str) -> None:
    for parameter, allowed in LIMITS[name].items():
        for value in allowed:
            values = F184_VALUES[name] | {parameter: value}
            assert not np.isnan(HYPOTHESES[name].log_likelihood(HISTORY, **values))


def test_ranges_are_named() -> None:
    shock = CommonCause("shock")
    match = r"hit_probability is 0; it must be a number above 0 and at most 1\."
    with pytest.raises(ParameterError, match=match):
        shock.log_likelihood(HISTORY, **F184_VALUES["common-shock"] | {"hit_probability": 0})
    match = r"shares is .* three shares \(random, defect, common\) that are at least 0 and sum to 1"
    with pytest.raises(ParameterError, match=match):
        CompetingCauses().simulate(HISTORY, random_seed=1, shares=(0.5, 0.4, 0.2))


def test_an_unknown_parameter_comes_with_a_suggestion() -> None:
    match = (
        r"hypothesis 'random': 'leek_rate' is not a parameter of it \(did you mean 'leak_rate'\?\)"
        r"; it has leak_rate; leak_rate is missing; give a number above 0\."
    )
    with pytest.raises(ParameterError, match=match):
        RandomMicrometeoroid().log_likelihood(HISTORY, leek_rate=0.02)
    with pytest.raises(ParameterError, match=r"did you mean 'latency'\?"):
        CommonCause("shock").simulate(HISTORY, random_seed=1, latencies=0.1)


def test_the_free_parameter_of_the_period_is_not_one_of_its_likelihood() -> None:
    match = "'hazard_excess' is not a parameter of it.*hazard_ratio is missing"
    values = F184_VALUES["common-period"] | {"hazard_excess": 49}
    del values["hazard_ratio"]
    with pytest.raises(ParameterError, match=match):
        CommonCause("period").log_likelihood(HISTORY, **values)


@pytest.mark.parametrize("name", NAMES)
def test_every_missing_parameter_is_reported_at_once(name: str) -> None:
    with pytest.raises(ParameterError) as caught:
        HYPOTHESES[name].log_likelihood(HISTORY)
    for parameter in HYPOTHESES[name].accepts:
        assert f"{parameter} is missing; give " in str(caught.value)


def test_all_problems_are_reported_together() -> None:
    match = "(?s)'rate'.*leak_rate is missing.*weibull_shape is -1.*batch_correlation is 2"
    values = F184_VALUES["defect"] | {"rate": 1, "weibull_shape": -1, "batch_correlation": 2}
    del values["leak_rate"]
    with pytest.raises(ParameterError, match=match):
        ManufacturingDefect().log_likelihood(HISTORY, **values)


@pytest.mark.parametrize("name", ["defect", "competing"])
def test_more_defects_than_assets_cannot_be_simulated(name: str) -> None:
    match = (
        rf"hypothesis '{name}': leak_rate 500 with 0\.\d of the leaks from defects needs a mean "
        r"share of [\d.e+]+ defective assets; it must be below 1\. Lower leak_rate\."
    )
    with pytest.raises(ParameterError, match=match):
        HYPOTHESES[name].simulate(HISTORY, random_seed=1, **F184_VALUES[name] | {"leak_rate": 500})


def test_an_impossible_rate_is_given_up_when_no_prior_draw_can_save_it() -> None:
    with pytest.raises(ParameterError, match="hypothesis 'defect': leak_rate 1e\\+06 with"):
        ManufacturingDefect().simulate(HISTORY, random_seed=1, leak_rate=1e6)


@pytest.mark.parametrize("mechanism", ["shocks", "", None])
def test_unknown_mechanism(mechanism: Any) -> None:
    match = rf"mechanism: {mechanism!r} is not known. Allowed are 'shock' and 'period'\."
    with pytest.raises(ParameterError, match=match):
        CommonCause(mechanism)


def test_mechanisms_by_position_keyword_and_default() -> None:
    assert CommonCause("period").name == CommonCause(mechanism="period").name == "common-period"
    assert CommonCause().name == CommonCause(mechanism="shock").name == "common-shock"
    assert CommonCause("shock").family == CommonCause("period").family == "common"
    assert isinstance(CommonCause("period"), CommonCause)


@pytest.mark.parametrize("name", NAMES)
def test_model_and_models_dir_exclude_each_other(name: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="model and models_dir: both were given"):
        type(HYPOTHESES[name])(model=HYPOTHESES[name].model, models_dir=tmp_path)


def test_a_folder_without_the_model_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"random\.toml"):
        RandomMicrometeoroid(models_dir=tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_repr_names_the_hypothesis_and_its_priors(name: str) -> None:
    text = repr(HYPOTHESES[name])
    assert repr(name) in text
    for parameter in HYPOTHESES[name].free:
        assert f"{parameter} ~ " in text
