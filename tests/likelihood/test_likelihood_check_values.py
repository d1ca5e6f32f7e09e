"""Published check values of the five log likelihoods, to at least nine decimals."""

import pytest
from leak_fleets import F184_EVENTS, F184_VALUES, HYPOTHESES, NAMES, f184
from leak_reference import log_density

from bayes_leaks.hypotheses import ManufacturingDefect

EXPECTED = {
    "none": [-1.838, -1.561563296684, -1.442265985432, -1.397319967665, -1.535387862799],
    "near": [-9.649346010856, -8.854451140203, -6.744449142947, -7.915960214552, -7.418849319494],
    "apart": [
        -9.649246010856,
        -9.789014456367,
        -10.554571470617,
        -8.005272854102,
        -10.076213749763,
    ],
    "three": [
        -13.551769016284,
        -12.946743811578,
        -11.254685263517,
        -12.302624772374,
        -11.668221714252,
    ],
}
BY_STRENGTH = {
    9: -8.658886075544,
    1e3: -10.307466291085,
    1e6: -10.369133210104,
    1e9: -10.369197122957,
    1e12: -10.369197186871,
    1e15: -10.369197186935,
}


@pytest.mark.parametrize("case", EXPECTED)
@pytest.mark.parametrize("name", NAMES)
def test_f184(case: str, name: str) -> None:
    expected = EXPECTED[case][NAMES.index(name)]
    value = HYPOTHESES[name].log_likelihood(f184(case), **F184_VALUES[name])
    assert value == pytest.approx(expected, rel=0, abs=1e-9)


def test_f184_is_the_fleet_of_the_check_values() -> None:
    history = f184("none")
    assert history.n_assets == 184
    assert history.exposure == pytest.approx(91.9, abs=1e-12)
    assert set(F184_EVENTS) == set(EXPECTED)


@pytest.mark.parametrize("case", ["none", "near", "three"])
@pytest.mark.parametrize("name", NAMES)
def test_the_slow_reference_gives_the_check_values_too(case: str, name: str) -> None:
    expected = EXPECTED[case][NAMES.index(name)]
    value = log_density(name, f184(case), F184_VALUES[name])
    assert value == pytest.approx(expected, rel=0, abs=1e-9)


@pytest.mark.parametrize("strength", BY_STRENGTH)
def test_weak_batch_correlation_does_not_cancel(strength: float) -> None:
    values = F184_VALUES["defect"] | {"defect_share": 1, "batch_correlation": 1 / (1 + strength)}
    value = ManufacturingDefect().log_likelihood(f184("near"), **values)
    assert value == pytest.approx(BY_STRENGTH[strength], rel=0, abs=1e-9)
