"""The shipped hypotheses on the fleet F184 as rungs, fitted as users fit them."""

from functools import partial
from time import perf_counter

from f184_reference import EVENTS
from ladder_run import SEED, Measured, judge
from leak_fleets import HYPOTHESES, f184
from rung import Rung, rows
from xarray import DataTree

import bayes_leaks as bl
from bayes_leaks.evidence import Evidence

DIMENSIONS = {"random": 1, "defect": 5, "common-shock": 4, "common-period": 4, "competing": 8}
VALUES = {
    row["hypothesis"]: (float(row["log_marginal_likelihood"]), float(row["standard_uncertainty"]))
    for row in rows("f184_values.csv")
    if row["events"] == EVENTS
}


def known(name: str) -> float:
    return VALUES[name][0]


RUNGS = {
    name: Rung(
        f"F184, {name}", DIMENSIONS[name], partial(hypothesis.build, f184(EVENTS)),
        partial(known, name), VALUES[name][1],
    )
    for name, hypothesis in HYPOTHESES.items()
}  # fmt: skip


def fit(name: str, seed: int, **options: object) -> DataTree:
    return bl.fit(HYPOTHESES[name], f184(EVENTS), random_seed=seed, **options)


def fitted_evidence(name: str, seed: int) -> Evidence:
    return Evidence.from_dataset(fit(name, seed)["evidence"].to_dataset())


def measure_fit(name: str, seed: int = SEED) -> Measured:
    """Fit as `fit` does, twice: the second time everything is compiled."""
    rung, stages = RUNGS[name], {}

    def on_stage(_: str, stage: str) -> None:
        stages[stage] = perf_counter()

    for _ in range(2):
        tree = fit(name, seed, on_stage=on_stage)
    seconds = perf_counter() - stages["evidence"]
    drawn = tree["unconstrained_posterior"].dataset.data_vars.values()
    assert sum(values[0, 0].size for values in drawn) == rung.dimension
    return judge(rung, Evidence.from_dataset(tree["evidence"].to_dataset()), seconds)
