"""A Bayes factor: its grades at their ends, its logarithms, and what it says without a number."""

import math

import pytest

from bayes_leaks.evidence import LogBayesFactor
from bayes_leaks.evidence.bayes_factor import grade


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "not worth more than a bare mention"),
        (1.0, "not worth more than a bare mention"),
        (1.0001, "positive"),
        (3.0, "positive"),
        (3.0001, "strong"),
        (5.0, "strong"),
        (5.0001, "very strong"),
        (math.inf, "very strong"),
        (math.nan, "not known"),
    ],
)
def test_the_grades_of_kass_and_raftery(value: float, words: str) -> None:
    """Their ends are 1, 3 and 5 nats: 2 ln BF of 2, 6 and 10."""
    assert grade(value) == grade(-value) == words
    assert LogBayesFactor("a", "b", value, 0.01).words == words


def test_logarithms_and_the_factor_itself() -> None:
    factor = LogBayesFactor("a", "b", math.log(1000.0), 0.01)
    assert factor.factor == pytest.approx(1000.0)
    assert factor.log10 == pytest.approx(3.0)
    assert LogBayesFactor("b", "a", -math.log(1000.0), 0.01).factor == pytest.approx(1e-3)


def test_a_factor_beyond_floating_point_is_infinite_or_zero_and_keeps_its_logarithm() -> None:
    huge = LogBayesFactor("a", "b", 2000.0, 0.01)
    assert huge.factor == math.inf
    assert huge.log10 == pytest.approx(868.5889638)
    assert LogBayesFactor("a", "b", 708.9, 0.01).factor < math.inf
    assert LogBayesFactor("a", "b", -2000.0, 0.01).factor == 0.0


def test_trust_needs_a_number_and_no_reason() -> None:
    assert LogBayesFactor("a", "b", 1.0, 0.01).trusted
    assert not LogBayesFactor("a", "b", math.nan, math.nan).trusted
    assert not LogBayesFactor("a", "b", 1.0, 0.01, ["high_k_hat: tails."]).trusted


def test_repr_names_both_sides() -> None:
    factor = LogBayesFactor("shock", "random", 2.34567, 0.0123)
    assert repr(factor) == "<log Bayes factor of shock over random: 2.346 ± 0.012 nats>"


def test_it_is_frozen() -> None:
    with pytest.raises(AttributeError):
        LogBayesFactor("a", "b", 1.0, 0.01).value = 2.0  # type: ignore[misc]
