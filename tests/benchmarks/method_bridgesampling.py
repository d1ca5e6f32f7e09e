"""R's bridgesampling at its defaults, over 4 x 1000 draws by rstan."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measured import Run
from problems import STAN, Problem

SCRIPT = Path(__file__).with_name("bridge.R")


def runs(problem: Problem, n: int) -> Iterator[Run]:
    """Let R do n runs."""
    data = {name: np.asarray(value) for name, value in problem.stan_data().items()}
    data["n"] = np.asarray(max(len(value) for value in data.values() if value.ndim))
    if "x" in data and data["x"].ndim == 2:
        data["k"] = np.asarray(data["x"].shape[1])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.json"
        file.write_text(json.dumps({name: value.tolist() for name, value in data.items()}))
        program = STAN / f"{problem.stan}.stan"
        command = ["Rscript", str(SCRIPT), str(program), str(file), str(n)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            yield Run(**json.loads(line))
