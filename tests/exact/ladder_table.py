"""Climb the ladder once: ``python tests/exact/ladder_table.py [--output docs/ladder.md]``."""

import argparse
import warnings
from csv import DictReader
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
sampling and compiling. coverage is the share of 95 % intervals that hold the known value, over many
seeds with a posterior sample of their own each; refused estimates are not counted, and how many
there were stands beside it ([ladder-coverage.csv](ladder-coverage.csv) has the mean and the rms of
z too).

Models marked as hard have several modes, or a shape that NUTS does not get around in 4 x 1000
draws: there an estimate may be refused or have a larger standard error. Of the others none may, and
all have an error of at most 0.01 nats (0.05 for the galaxies, 0.03 from 23 dimensions on) and a
standard error of at most 0.005 (0.015 from 21 dimensions on); a test holds it.

The hypotheses on the fleet F184 went through `fit`. The folder `tests/exact/` has the models, where
their values come from, and the tests that hold the figures.

Made by `python tests/exact/ladder_coverage.py --output docs/ladder-coverage.csv` and
`python tests/exact/ladder_table.py --output docs/ladder.md`.
"""


COVERAGE = Path(__file__).parents[2] / "docs" / "ladder-coverage.csv"


def coverage(path: Path) -> dict[str, str]:
    """Read the table of `ladder_coverage.py`, if it is there."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        found = {row["model"]: row for row in DictReader(lines)}
    return {
        name: f"{float(row['covered']):.1%} of {int(row['seeds']) - int(row['refused'])}"
        + (f", {row['refused']} refused" if row["refused"] != "0" else "")
        for name, row in found.items()
    }


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
    covered = (
        coverage(arguments.output.with_name("ladder-coverage.csv")) if arguments.output else {}
    )
    for rung, climb in climbs:
        if arguments.only and rung.name not in arguments.only:
            continue
        found = climb()
        rows.append(row(rung, found, covered.get(rung.name, "")))
        print(" | ".join([*rows[-1], *missed(rung, found)]), flush=True)
    if arguments.output:
        write_page(arguments.output, INTRODUCTION, HEADER, rows)


if __name__ == "__main__":
    main()
