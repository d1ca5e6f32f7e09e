"""Every model with known evidence is estimated within its error and within the figures promised.

``pytest tests/exact/test_exact_ladder.py --slow -n0 -s`` prints a line for each;
``ladder_table.py`` writes the table.
"""

from dataclasses import replace

import ladder_wild
import pytest
from ladder import LADDER
from ladder_run import SEED, judge, measure, missed, row
from rung import Rung

import bayes_leaks as bl
from bayes_leaks.evidence import Evidence


@pytest.mark.parametrize(
    "rung",
    [
        pytest.param(rung, id=rung.name, marks=() if rung.quick else pytest.mark.slow)
        for rung in LADDER
    ],
)
def test_evidence_is_as_known(rung: Rung) -> None:
    found = measure(rung)
    print("\n" + " | ".join(row(rung, found)))
    assert not missed(rung, found)


def test_what_is_measured_is_what_users_get() -> None:
    rung = next(rung for rung in LADDER if rung.quick)
    given = bl.log_evidence(rung.build(), random_seed=SEED, **rung.options)
    assert given.log_ml == measure(rung).evidence.log_ml


def test_the_ladder_is_long() -> None:
    assert len({rung.name for rung in LADDER}) == len(LADDER) >= 28
    assert {1, 2, 10, 20, 34} <= {rung.dimension for rung in LADDER}
    assert 1 <= sum(rung.quick for rung in LADDER) <= 6
    wild = {rung.name for rung in ladder_wild.RUNGS}
    assert sum(rung.hard and rung.name not in wild for rung in LADDER) <= 4


def test_bars_catch_what_is_wrong() -> None:
    rung = Rung("known", 1, LADDER[0].build, lambda: -3.0)

    def verdict(log_ml: float, mcse: float, *reasons: str) -> str:
        found = Evidence(log_ml, mcse, "bridge", 1, {}, trusted=not reasons, reasons=reasons)
        return "; ".join(missed(rung, judge(rung, found, 0.1)))

    assert verdict(-3.001, 0.001) == ""
    assert verdict(-3.005, 0.001) == "z 5 above 4"
    assert verdict(-2.985, 0.005) == "error 0.015 above 0.01"
    rung = replace(rung, hard=True)
    assert verdict(-3.005, 0.001) == "z 5 above 4"
    assert verdict(-2.985, 0.006) == verdict(-3.0, 0.001, "code: why.") == ""
    rung = replace(rung, hard=False)
    assert verdict(-3.0, 0.006) == "mcse 0.006 above 0.005"
    assert verdict(-3.0, 0.001, "code: why.") == "not trusted: code: why."
