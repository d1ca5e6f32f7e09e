"""Recompute ``data/f184_values.csv``: ``python tests/exact/f184_reference.py``."""

import csv
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.with_name("likelihood")))

from leak_fleets import HYPOTHESES, f184  # noqa: E402
from prior_average import prior_average  # noqa: E402

EVENTS = "near"
LOG2_POINTS, REPLICATES, SEED = 16, 16, 184
# The table has six decimals.
PRINTED = 5e-7


def main() -> None:
    path = HERE / "data" / "f184_values.csv"
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(["hypothesis", "events", "log_marginal_likelihood", "standard_uncertainty"])
        for name, hypothesis in HYPOTHESES.items():
            value, error = prior_average(hypothesis, f184(EVENTS), LOG2_POINTS, REPLICATES, SEED)
            writer.writerow([name, EVENTS, f"{value:.6f}", f"{max(error, PRINTED):.1e}"])
            print(name, value, error, flush=True)
    new.replace(path)


if __name__ == "__main__":
    main()
