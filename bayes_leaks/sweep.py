"""Many independent fits, in this process or in several."""

import threading
import zlib
from collections.abc import Sequence
from multiprocessing import Manager
from queue import Queue
from typing import Any

import numpy as np
from joblib import Parallel, cpu_count, delayed
from xarray import DataTree

from bayes_leaks.fitting import OnStage, Stage, fit
from bayes_leaks.hypotheses import Hypothesis
from bayes_leaks.record import LeakHistory


def fit_all(
    hypotheses: Sequence[Hypothesis],
    history: LeakHistory,
    *,
    seed: np.random.SeedSequence,
    n_jobs: int | None = None,
    on_stage: OnStage | None = None,
    **settings: Any,
) -> dict[str, DataTree]:
    """Fit several hypotheses to one record.

    Compiled models cannot be sent between processes, so every process compiles its own; two do so
    side by side without slowing each other. The seed of a fit depends on the hypothesis alone, so
    neither order nor number of processes changes a result.

    Parameters
    ----------
    hypotheses : sequence of Hypothesis
    history : LeakHistory
    seed : SeedSequence
    n_jobs : int, optional
        Number of processes; by default one for each hypothesis, up to the number of cores. 1 stays
        in this process.
    on_stage : callable, optional
        Called with a hypothesis name and a stage; ``"done"`` is the last.
    **settings
        Passed to `fit`.

    Returns
    -------
    dict of str to DataTree
        In the order of the hypotheses.
    """
    tell = on_stage or (lambda name, stage: None)
    n_jobs = min(len(hypotheses), cpu_count()) if n_jobs is None else n_jobs
    if n_jobs == 1:
        return {h.name: _fit_one(h, history, seed, tell, settings) for h in hypotheses}
    # The models that compile longest start first, so that no process ends up alone with one.
    ordered = sorted(hypotheses, key=lambda h: -len(h.free))
    with Manager() as manager:
        stages: Queue[tuple[str, Stage] | None] = manager.Queue()
        listener = threading.Thread(target=_relay, args=(stages, tell), daemon=True)
        listener.start()
        try:
            trees = Parallel(n_jobs=n_jobs)(
                delayed(_fit_one)(h, history, seed, _Sender(stages), settings) for h in ordered
            )
        finally:
            stages.put(None)
            listener.join()
    fits = {h.name: tree for h, tree in zip(ordered, trees, strict=True)}
    return {h.name: fits[h.name] for h in hypotheses}


class _Sender:
    """Sends stages from a worker to the process that shows them."""

    def __init__(self, stages: "Queue[tuple[str, Stage] | None]") -> None:
        self._stages = stages

    def __call__(self, name: str, stage: Stage) -> None:
        self._stages.put((name, stage))


def _relay(stages: "Queue[tuple[str, Stage] | None]", tell: OnStage) -> None:
    while (message := stages.get()) is not None:
        tell(*message)


def _fit_one(
    hypothesis: Hypothesis,
    history: LeakHistory,
    seed: np.random.SeedSequence,
    tell: OnStage,
    settings: dict[str, Any],
) -> DataTree:
    own = np.random.SeedSequence(seed.entropy, spawn_key=(zlib.crc32(hypothesis.name.encode()),))
    tree = fit(hypothesis, history, random_seed=own, on_stage=tell, **settings)
    tell(hypothesis.name, "done")
    return tree
