"""No trap is silent: the number is right, or it is refused.

``pytest tests/exact/test_traps.py -n0 -s`` prints what was said of each; ``traps_table.py`` writes
the table in docs/.
"""

import pytest
from traps import REFUSED, SEED, TRAPS, Trap, different_data, spring

import bayes_leaks as bl
from bayes_leaks.errors import BayesLeaksError


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_no_trap_is_silent(trap: Trap) -> None:
    outcome, said = spring(trap)
    print(f"\n{trap.name:<34}{outcome:<10}{said}")
    assert outcome in trap.outcomes, said
    if outcome == REFUSED:
        assert trap.code in said


def test_models_on_different_data_are_not_compared() -> None:
    with pytest.raises(BayesLeaksError, match="same data"):
        bl.compare(different_data(), random_seed=SEED)
