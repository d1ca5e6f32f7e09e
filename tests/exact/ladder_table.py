"""Climb the ladder once: ``python tests/exact/ladder_table.py [--output docs/ladder.md]``."""

import argparse
import warnings
from functools import partial
from pathlib import Path

from ladder import LADDER
from ladder_f184 import RUNGS as F184
from ladder_f184 import measure_fit
from ladder_run import HEADER, SEED, measure, missed, row
from markdown_table import write_page

INTRODUCTION = f"""\
# Ladder

Models whose marginal likelihood is known, and what `log_evidence` makes of each from 4 x 1000 NUTS
draws and seed {SEED}. Log evidences, errors and standard errors (mcse) are in nats; z is the error
over the standard error, that of the known value included; s is the time of estimating without
sampling and compiling. The hypotheses on the fleet F184 went through `fit`. The folder
`tests/exact/` has the models, where their values come from, and the tests that hold the figures.

Made by `python tests/exact/ladder_table.py --output docs/ladder.md`.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="page to write; printed only if not given")
    parser.add_argument("--only", nargs="*", help="names of rungs; all if not given")
    arguments = parser.parse_args()
    if arguments.only and arguments.output:
        parser.error("--only prints some rungs; the page needs all")
    warnings.simplefilter("ignore")
    climbs = [(rung, partial(measure, rung)) for rung in LADDER]
    climbs += [(rung, partial(measure_fit, name)) for name, rung in F184.items()]
    rows = []
    for rung, climb in climbs:
        if arguments.only and rung.name not in arguments.only:
            continue
        found = climb()
        rows.append(row(rung, found))
        print(" | ".join([*rows[-1], *missed(rung, found)]), flush=True)
    if arguments.output:
        write_page(arguments.output, INTRODUCTION, HEADER, rows)


if __name__ == "__main__":
    main()
