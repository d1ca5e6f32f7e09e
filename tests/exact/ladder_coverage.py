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
from ladder_f184 import fit_evidence
from ladder_run import estimate_with, judge
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


def cover(rung: Rung, seeds: range, one: Callable[[int], Evidence] | None = None) -> Coverage:
    """Estimate a rung with many seeds, compiled once; each draws its own posterior sample."""
    if one is None:
        one = partial(estimate_with, ModelEstimator(rung.build(), **rung.options))
    found = [judge(rung, one(seed), 0.0) for seed in seeds]
    trusted = [estimate.z for estimate in found if estimate.evidence.trusted]
    return Coverage(np.array(trusted), len(found) - len(trusted))


HEADER = ("model", "seeds", "refused", "covered", "mean_z", "rms_z")


def _row(rung: Rung, seeds: int, one: Callable[[int], Evidence] | None) -> list[str]:
    warnings.simplefilter("ignore")
    found = cover(rung, range(seeds), one)
    rms = float(np.sqrt(np.mean(found.z**2)))
    row = [rung.name, str(seeds), str(found.refused)]
    row += [f"{found.covered:.3f}", f"{found.z.mean():+.2f}", f"{rms:.2f}"]
    print(*row, sep=" | ", flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="table to write; printed only if not given")
    parser.add_argument("--only", nargs="*", help="names of rungs; all if not given")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    arguments = parser.parse_args()
    climbs = [(rung, None) for rung in LADDER]
    climbs += [(rung, partial(fit_evidence, name)) for name, rung in F184.items()]
    if arguments.only:
        climbs = [climb for climb in climbs if climb[0].name in arguments.only]
    rows = Parallel(n_jobs=2)(delayed(_row)(rung, arguments.seeds, one) for rung, one in climbs)
    if arguments.output:
        new = arguments.output.with_suffix(".new")
        with new.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines, lineterminator="\n").writerows([HEADER, *rows])
        new.replace(arguments.output)


if __name__ == "__main__":
    main()
