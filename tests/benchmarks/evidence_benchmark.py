"""Cost of a log evidence, side by side.

``python tests/benchmarks/evidence_benchmark.py --output docs/benchmarks.md`` runs every method on
every problem, one process after the other, and writes the page and, beside it, a CSV of all runs.
It needs the dependency group ``benchmarks``, and R with rstan and bridgesampling (Debian:
r-cran-rstan, r-cran-bridgesampling, r-cran-bh). Runs that the CSV has already are not repeated.
"""

import argparse
import csv
import platform
import subprocess
import sys
import warnings
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats

sys.path.append(str(Path(__file__).parents[1] / "exact"))

from markdown_table import write_page
from problems import PROBLEMS, Problem

# From this dimension on the rivals are run half as often.
LARGE = 20


class Plan(NamedTuple):
    """How often a method is run, and the share of its time on two cores that one of them takes."""

    label: str
    runs: int
    cores: float


METHODS = {
    "ours": Plan("bayes_leaks", 20, 1.0),
    "smc": Plan("PyMC SMC", 8, 0.5),
    "dynesty": Plan("dynesty", 4, 0.5),
    "nautilus": Plan("nautilus", 3, 0.5),
    "harmonic": Plan("harmonic", 3, 1.0),
    "bridgesampling": Plan("R bridgesampling", 8, 0.5),
}
FIELDS = ("problem", "method", "log_ml", "mcse", "seconds", "evaluations")


def one_process(method: str, problem: Problem) -> None:
    """Print the runs of one method on one problem as CSV."""
    warnings.simplefilter("ignore")
    module = import_module(f"method_{method}")
    writer = csv.writer(sys.stdout)
    runs = METHODS[method].runs
    if method != "ours" and problem.rung.dimension >= LARGE:
        runs = (runs + 1) // 2
    for run in module.runs(problem, runs):
        row = [run.log_ml, run.mcse, run.seconds, run.evaluations]
        writer.writerow(["run", problem.rung.name, method, *row])
        sys.stdout.flush()


def measured(method: str, problem: Problem) -> Iterator[dict[str, str]]:
    """Run a method on a problem in a process of its own."""
    command = [sys.executable, __file__, "--one", method, problem.rung.name]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{method} on {problem.rung.name} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
    for row in csv.reader(done.stdout.splitlines()):
        if row and row[0] == "run":
            yield dict(zip(FIELDS, row[1:], strict=True))


def measure_all(path: Path) -> list[dict[str, str]]:
    """Measure what the CSV does not have yet, and keep it there."""
    rows: list[dict[str, str]] = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    for problem in PROBLEMS:
        for method in METHODS:
            if any((r["problem"], r["method"]) == (problem.rung.name, method) for r in rows):
                continue
            rows += measured(method, problem)
            new = path.with_suffix(".new")
            with new.open("w", encoding="utf-8", newline="") as lines:
                writer = csv.DictWriter(lines, FIELDS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
            new.replace(path)
            print(*summary(problem, method, rows), sep=" | ", flush=True)
    return rows


class Figures(NamedTuple):
    """Errors (n,) in nats, stated error, seconds of two cores, evaluations."""

    errors: np.ndarray
    mcse: float
    seconds: float
    evaluations: float

    @property
    def mean_square(self) -> float:
        """Mean square error, bias included."""
        return float(np.mean(self.errors**2))

    @property
    def cost(self) -> float:
        """Seconds to a mean square error of one square nat."""
        return self.mean_square * self.seconds


def figures(problem: Problem, method: str, rows: list[dict[str, str]]) -> Figures:
    """Collect the runs of a method on a problem."""
    own = [r for r in rows if (r["problem"], r["method"]) == (problem.rung.name, method)]
    number = {name: np.array([float(r[name]) for r in own]) for name in FIELDS[2:]}
    return Figures(
        number["log_ml"] - problem.rung.exact(),
        float(np.mean(number["mcse"])) if own else np.nan,
        float(np.mean(number["seconds"])) * METHODS[method].cores if own else np.nan,
        float(np.mean(number["evaluations"])) if own else np.nan,
    )


def ratio(rival: Figures, own: Figures) -> tuple[float, float, float]:
    """Ratio of costs with its 95 % interval, which the few runs leave wide."""
    found = rival.cost / own.cost
    low, high = stats.f.ppf([0.025, 0.975], rival.errors.size, own.errors.size)
    return found, found / high, found / low


HEADER = (
    "problem", "d", "method", "runs", "rms error", "mean error", "stated", "s", "evaluations",
    "cost ratio",
)  # fmt: skip


def summary(problem: Problem, method: str, rows: list[dict[str, str]]) -> list[str]:
    """One line of the table."""
    found, own = figures(problem, method, rows), figures(problem, "ours", rows)
    start = [problem.rung.name, str(problem.rung.dimension), METHODS[method].label]
    if not found.errors.size:
        return [*start, "0", *[""] * 5, "failed"]
    if np.isnan(found.errors).any():
        end = f"not ended after {found.seconds / METHODS[method].cores:.0f} s"
        return [*start, str(found.errors.size), *[""] * 4, f"{found.evaluations:.0f}", end]
    end = "1"
    if method != "ours":
        value, low, high = ratio(found, own)
        end = f"{value:,.0f} ({low:,.0f} to {high:,.0f})"
    return [
        *start,
        str(found.errors.size),
        f"{np.sqrt(found.mean_square):.5f}",
        f"{found.errors.mean():+.5f}",
        "" if np.isnan(found.mcse) else f"{found.mcse:.5f}",
        f"{found.seconds:.2f}",
        f"{found.evaluations:.0f}",
        end,
    ]


def introduction() -> str:
    """Say what was measured, with which versions."""
    packages = ("pymc", "nutpie", "dynesty", "nautilus-sampler", "harmonic")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    r = subprocess.run(
        ["Rscript", "-e", "cat(R.version$major, R.version$minor, sep = '.');"
         "for (p in c('rstan', 'bridgesampling')) cat(',', p, format(packageVersion(p)))"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return f"""\
# Benchmarks

What a log marginal likelihood costs. Every method ran on every problem, one after the other on one
machine with two cores, each at its defaults; the problems are rungs of the [ladder](ladder.md)
whose answers are known. Where runs take minutes there are few of them.
The runs of bayes_leaks were made last, with little else running; those of the others had a job of
the lowest priority, and at times tests, beside them, so their times may be somewhat too long.

- **rms error** and **mean error**: from the exact answer over the runs, in nats. **stated**: the
  mean of the errors that the method states for itself; PyMC's SMC states none.
- **s**: mean wall time of a run in seconds, sampling included and compiling excluded. Of methods
  that use one core it is halved, as if the other core could do as much: all but bayes_leaks (NUTS
  uses both) and harmonic (JAX uses both).
- **evaluations**: log densities and gradients, one each, adaptation of NUTS included.
- **cost ratio**: (mean square error x s) of the method over that of bayes_leaks: how many times
  longer it takes to the same error, if its error falls with the square root of the time. In
  parentheses the 95 % interval that the number of runs leaves for it.

One run is: `log_evidence` from 4 x 1000 NUTS draws; one chain of `pm.sample_smc`; a static
`dynesty.NestedSampler`; a `nautilus.Sampler`, stopped after 200 s; harmonic's spline flow on 8 x
2000 NUTS draws; R's `bridge_sampler` on 4 x 1000 draws by rstan. dynesty and nautilus evaluate a
likelihood written in NumPy. All runs: [benchmarks.csv](benchmarks.csv).

Python {platform.python_version()}, {versions}; R {r}.

Made by `python tests/benchmarks/evidence_benchmark.py --output docs/benchmarks.md`.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="page to write, such as docs/benchmarks.md")
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "PROBLEM"), help="run no others")
    arguments = parser.parse_args()
    by_name = {problem.rung.name: problem for problem in PROBLEMS}
    if arguments.one:
        one_process(arguments.one[0], by_name[arguments.one[1]])
        return
    rows = measure_all(arguments.output.with_suffix(".csv"))
    table = [summary(problem, method, rows) for problem in PROBLEMS for method in METHODS]
    write_page(arguments.output, introduction(), HEADER, table)


if __name__ == "__main__":
    main()
