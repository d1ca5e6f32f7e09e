"""The declared distributions: arguments, supports and suggestions."""

import math

import numpy as np
import pytest

from bayes_leaks.hypotheses.distributions import (
    DISTRIBUTIONS,
    SUPPORTS,
    find_problems,
    misfit,
    suggest,
)

GOOD = {
    "LogNormal": {"median": 0.02, "sigma": 1.4},
    "Normal": {"mu": -1.95, "sigma": 0.76},
    "HalfNormal": {"sigma": 2},
    "TruncatedNormal": {"mu": 0.3, "sigma": 0.2, "lower": 0, "upper": math.inf},
    "Exponential": {"scale": 3.0},
    "Gamma": {"alpha": 0.5, "beta": 25},
    "InverseGamma": {"alpha": 3, "beta": 0.4},
    "Weibull": {"alpha": 0.7, "beta": 0.5},
    "Beta": {"alpha": 4, "beta": 1},
    "Uniform": {"lower": 0.2, "upper": 0.8},
    "Dirichlet": {"a": [1, 1, 1]},
}
FITS = {
    "positive": {
        "LogNormal",
        "HalfNormal",
        "TruncatedNormal",
        "Exponential",
        "Gamma",
        "InverseGamma",
        "Weibull",
        "Beta",
        "Uniform",
    },
    "unit interval": {"Beta", "Uniform"},
    "real": set(GOOD) - {"Dirichlet"},
    "simplex": {"Dirichlet"},
}


def test_every_distribution_and_support_is_tried_here():
    assert set(GOOD) == set(DISTRIBUTIONS)
    assert set(FITS) == set(SUPPORTS)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_good_arguments_pass_and_each_missing_one_is_named(name):
    assert find_problems(name, GOOD[name]) == []
    signature = DISTRIBUTIONS[name].signature
    for key in GOOD[name]:
        rest = {other: value for other, value in GOOD[name].items() if other != key}
        [(where, text)] = find_problems(name, rest)
        assert where == "distribution"
        assert text.startswith(f"{signature} needs {key!r}; add {key} = ")


@pytest.mark.parametrize("value", [None, "1", True, math.nan, 1j, [1.0], {}, np.array([1.0])])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_what_is_not_a_number_is_refused_everywhere(name, value):
    for key in GOOD[name]:
        wrong = find_problems(name, {**GOOD[name], key: value})
        assert [where for where, _ in wrong] == [key]
        assert wrong[0][1].startswith("must be ")


@pytest.mark.parametrize("value", [0, -1.0, math.inf, -math.inf])
def test_scales_and_shapes_must_be_finite_and_above_zero(value):
    for name, arguments in GOOD.items():
        for key in arguments.keys() - {"mu", "lower", "upper", "a"}:
            wrong = find_problems(name, {**arguments, key: value})
            assert wrong == [(key, f"must be a finite number above 0, found {value!r}")], name


def test_only_a_truncated_normal_takes_infinite_bounds():
    bounds = {"lower": -math.inf, "upper": math.inf}
    assert find_problems("TruncatedNormal", {**GOOD["TruncatedNormal"], **bounds}) == []
    assert [key for key, _ in find_problems("Uniform", bounds)] == ["lower", "upper"]


@pytest.mark.parametrize("name", ["Uniform", "TruncatedNormal"])
def test_bounds_must_be_in_order(name):
    wrong = find_problems(name, {**GOOD[name], "lower": 1, "upper": 0.5})
    assert wrong == [("upper", "must be above lower, found lower = 1 and upper = 0.5")]


@pytest.mark.parametrize("name", [3, None, "lognormal", ["Beta"]])
def test_an_unknown_distribution_is_answered_with_the_list(name):
    [(where, text)] = find_problems(name, {})
    assert where == "distribution"
    near = " (did you mean 'LogNormal'?)" if name == "lognormal" else ""
    assert text.startswith(f"{name!r} is not an allowed distribution{near}; use one of LogNormal, ")


@pytest.mark.parametrize("required", SUPPORTS)
def test_fit_of_each_distribution_to_each_support(required):
    fitting = {name for name, good in GOOD.items() if misfit(name, good, required) is None}
    assert fitting == FITS[required]


def test_bounds_decide_whether_a_bounded_prior_fits():
    assert misfit("Uniform", {"lower": 0, "upper": 1}, "unit interval") is None
    assert misfit("Uniform", {"lower": 0, "upper": 2}, "unit interval") == (
        "must lie between 0 and 1, but Uniform gives values from 0 to 2; "
        "use Beta, or a Uniform or TruncatedNormal with lower >= 0 and upper <= 1"
    )
    assert misfit("Uniform", {"lower": -1, "upper": 2}, "positive").startswith("must be positive")
    assert misfit("Beta", {"alpha": 1, "beta": 1}, "simplex") == (
        "must be shares that sum to 1, but Beta gives a single number; use Dirichlet"
    )


@pytest.mark.parametrize(
    ("word", "answer"),
    [("gama", " (did you mean 'Gamma'?)"), ("BETA", " (did you mean 'Beta'?)"), ("qq", "")],
)
def test_suggestions(word, answer):
    assert suggest(word, DISTRIBUTIONS) == answer
