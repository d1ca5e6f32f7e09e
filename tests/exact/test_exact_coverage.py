"""The error bars of whole estimates on trial: models of the ladder, many seeds, NUTS included.

``pytest tests/exact/test_exact_coverage.py --slow -n0 -s`` prints a line for each;
``ladder_coverage.py`` writes a table of all rungs.
"""

import numpy as np
import pytest
from calibration import COVERAGE, check_calibration
from ladder import LADDER
from ladder_coverage import SEEDS, Coverage, cover, estimates_of

QUICK = {rung.name: rung for rung in LADDER if rung.quick}
SMALL = 20
# A standard error of 1e-4 nats may be stated too large.
LOWEST_RMS = 0.7
MOST_REFUSED = 0.05


@pytest.fixture(scope="module")
def small() -> dict[str, Coverage]:
    names = ("beta-binomial", "censored Weibull", "eight schools")
    return {name: cover(QUICK[name], estimates_of(QUICK[name]), SMALL) for name in names}


def test_small_part(small: dict[str, Coverage]) -> None:
    for found in small.values():
        assert found.refused <= 1
        check_calibration(found.z, LOWEST_RMS)


def test_half_the_error_bar_is_caught(small: dict[str, Coverage]) -> None:
    z = np.concatenate([found.z for found in small.values()])
    check_calibration(z, LOWEST_RMS)
    with pytest.raises(AssertionError, match="z is"):
        check_calibration(2.0 * z, LOWEST_RMS)


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_intervals_cover_as_they_should(name: str) -> None:
    found = cover(QUICK[name], estimates_of(QUICK[name]), SEEDS)
    print(f"\n{name}: {found.covered:.1%} of {found.z.size}, {found.refused} refused")
    assert found.refused <= MOST_REFUSED * SEEDS
    check_calibration(found.z, LOWEST_RMS)
    assert COVERAGE[0] <= found.covered <= COVERAGE[1]
