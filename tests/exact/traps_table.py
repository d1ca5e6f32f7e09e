"""Spring every trap and write the table: ``python tests/exact/traps_table.py docs/traps.md``."""

import re
import sys
import warnings
from pathlib import Path

from markdown_table import write_page
from traps import REFUSED, RIGHT, SEED, TRAPS, different_data, spring

import bayes_leaks as bl
from bayes_leaks.errors import BayesLeaksError

INTRODUCTION = """\
# Traps

Models on which a marginal likelihood goes wrong while everything looks well. The rule is that each
is either right (within 4 standard errors and 0.05 nats of the exact answer) or refused with a
reason; none is silent. `tests/exact/test_traps.py` holds it.

Made by `python tests/exact/traps_table.py docs/traps.md`.
"""


def main() -> None:
    warnings.simplefilter("ignore")
    rows = []
    for trap in TRAPS:
        outcome, said = spring(trap)
        number = re.match(r"Evidence\((.*) nats, .*, error (.*)", said)
        answer = f"{number[1]} (error {number[2]})" if outcome == RIGHT and number else ""
        rows.append([trap.name, outcome, answer, "" if answer else re.split(r"\.;? ", said)[0]])
        print(*rows[-1], sep=" | ", flush=True)
    try:
        bl.compare(different_data(), random_seed=SEED)
    except BayesLeaksError as error:
        rows.append(["models on different data", REFUSED, "", str(error)])
    write_page(Path(sys.argv[1]), INTRODUCTION, ["trap", "outcome", "log evidence", "why"], rows)


if __name__ == "__main__":
    main()
