"""Many estimates of one rung: whether its error bars are honest.

``python tests/exact/ladder_coverage.py --output docs/ladder-coverage.csv`` climbs every rung with
200 seeds, two rungs at a time.
"""

import argparse
import csv
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from calibration import Floats, share_covered
from joblib import Parallel, delayed
from ladder import LADDER
from ladder_f184 import RUNGS as F184
from ladder_f184 import fitted_evidence
from ladder_run import draw, estimate, judge
from rung import Rung

from bayes_leaks.evidence import Evidence
from bayes_leaks.model_estimator import ModelEstimator

SEEDS = 200


@dataclass(frozen=True)
class Coverage:
    """Z-scores of the trusted estimates, and how many were refused."""

    z: Floats
    refused: int

    @property
    def covered(self) -> float:
        """Share of 95 % intervals that hold the exact value."""
        return share_covered(self.z)


Estimate = Callable[[int], Evidence]


def estimates_of(rung: Rung) -> Estimate:
    """Compile a rung; from a seed to an estimate from a posterior sample of its own."""
    estimator = ModelEstimator(rung.build(), **rung.options)
    return lambda seed: estimate(estimator, draw(estimator, seed), seed)


def cover(rung: Rung, by_seed: Estimate, seeds: int) -> Coverage:
    """Estimate a rung with many seeds."""
    found = [judge(rung, by_seed(seed), 0.0) for seed in range(seeds)]
    trusted = [one.z for one in found if one.evidence.trusted]
    return Coverage(np.array(trusted), len(found) - len(trusted))


HEADER = ("model", "seeds", "refused", "covered", "mean_z", "rms_z")


def _row(rung: Rung, prepare: Callable[[], Estimate], seeds: int) -> list[str]:
    warnings.simplefilter("ignore")
    found = cover(rung, prepare(), seeds)
    rms = float(np.sqrt(np.mean(found.z**2)))
    row = [rung.name, str(seeds), str(found.refused)]
    row += [f"{found.covered:.3f}", f"{found.z.mean():+.2f}", f"{rms:.2f}"]
    print(*row, sep=" | ", flush=True)
    return row


def _write(path: Path, rows: dict[str, list[str]]) -> None:
    """Write the rows in the order of the ladder; those of other rungs are kept."""
    if path.exists():
        with path.open(encoding="utf-8", newline="") as lines:
            rows = {row[0]: row for row in list(csv.reader(lines))[1:]} | rows
    order = [rung.name for rung in (*LADDER, *F184.values())]
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8", newline="") as lines:
        table = [rows[name] for name in order if name in rows]
        csv.writer(lines, lineterminator="\n").writerows([HEADER, *table])
    new.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="table to write; printed only if not given")
    parser.add_argument("--only", nargs="*", help="names of rungs; all if not given")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    climbs = [(rung, partial(estimates_of, rung)) for rung in LADDER]
    climbs += [(rung, partial(partial, fitted_evidence, name)) for name, rung in F184.items()]
    if arguments.only:
        climbs = [climb for climb in climbs if climb[0].name in arguments.only]
    found = Parallel(n_jobs=arguments.jobs, return_as="generator")(
        delayed(_row)(*climb, arguments.seeds) for climb in climbs
    )
    for row in found:
        if arguments.output:
            _write(arguments.output, {row[0]: row})


if __name__ == "__main__":
    main()
