"""Many independent fits, in this process or in several."""

import threading
import zlib
from collections.abc import Sequence
from multiprocessing import Manager
from queue import Queue
from typing import Any

import numpy as np
from joblib import cpu_count
from joblib.externals.loky import get_reusable_executor
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
        Number of processes, this one included; by default one for each hypothesis, up to the number
        of cores. 1 stays in this process.
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
    n_jobs = min(n_jobs, len(hypotheses))
    if n_jobs == 1:
        return {h.name: _fit_one(h, history, seed, tell, settings) for h in hypotheses}
    # Models with more parameters compile longer: dealing them out in that order balances the work.
    # This process takes a hand too, since it has everything imported and a new one has not.
    ordered = sorted(hypotheses, key=lambda h: -len(h.free))
    own = ordered[::n_jobs]
    others = [h for h in ordered if h not in own]
    with Manager() as manager:
        stages: Queue[tuple[str, Stage] | None] = manager.Queue()
        listener = threading.Thread(target=_relay, args=(stages, tell), daemon=True)
        listener.start()
        # joblib's own loop would run a single job in this process instead of beside it.
        workers = get_reusable_executor(max_workers=n_jobs - 1)
        try:
            pending = {
                h.name: workers.submit(_fit_one, h, history, seed, _Sender(stages), settings)
                for h in others
            }
            fits = {h.name: _fit_one(h, history, seed, tell, settings) for h in own}
            fits |= {name: future.result() for name, future in pending.items()}
        except BaseException:
            workers.shutdown(wait=False, kill_workers=True)
            raise
        finally:
            stages.put(None)
            listener.join()
    return {h.name: fits[h.name] for h in hypotheses}


def seed_of(seed: np.random.SeedSequence, name: str) -> np.random.SeedSequence:
    """Give a model its own seed, which no other model and no order changes."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(zlib.crc32(name.encode()),))


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
    own = seed_of(seed, hypothesis.name)
    tree = fit(hypothesis, history, random_seed=own, on_stage=tell, **settings)
    tell(hypothesis.name, "done")
    return tree
