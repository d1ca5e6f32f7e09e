"""The program as it is installed, with real fits."""

import json
import subprocess
import sys
from pathlib import Path


def test_compare_for_real(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", "from bayes_leaks.cli.main import run; run()", "compare"]
    options = ["--hypotheses", "random,common-shock", "--seed", "1", "--json", "--output", str(out)]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["trusted"] is True
    evidence = {row["name"]: row["evidence"] for row in document["hypotheses"]}
    # By quadrature: -9.6335 for random impacts.
    assert abs(evidence["random"]["log_evidence"] + 9.6335) < 5 * evidence["random"]["mcse"] + 1e-4
    assert {file.name for file in out.iterdir()} == set(document["files"])
    assert document["failed_pictures"] == {}
    assert "common-shock: sampling" in done.stderr
