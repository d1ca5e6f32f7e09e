import json
from pathlib import Path

import pytest
import xarray as xr


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_fit_prints_and_writes(invoke, fits, out: Path) -> None:
    result = invoke("fit", "common-shock", "--seed", "3", "--output", out)
    assert result.exit_code == 0, result.output
    assert {item.name for item in out.iterdir()} == {
        "fit-common-shock.zarr",
        "fit-common-shock.png",
    }
    for word in ("Common cause, shock", "hit_probability", "r_hat", "latency year"):
        assert word in result.stdout
    assert "Log evidence: Evidence(-6.7400 ± 0.0020 nats, bridge)" in result.stdout
    stored = xr.open_datatree(out / "fit-common-shock.zarr", engine="zarr", consolidated=False)
    assert set(stored.children) == {"prior", "posterior", "evidence"}
    assert fits.calls[0]["random_seed"] == 3


def test_fit_json(invoke, fits, quick_pictures, out: Path) -> None:
    result = invoke("fit", "random", "--json", "--output", out)
    document = json.loads(result.stdout)
    assert set(document) == {
        "schema_version",
        "command",
        "trusted",
        "record",
        "hypothesis",
        "evidence",
        "parameters",
        "provenance",
        "files",
        "failed_pictures",
    }
    (parameter,) = document["parameters"]
    assert parameter["parameter"] == "leak_rate"
    assert 0 < parameter["mean"] < 1
    assert document["evidence"]["log_evidence"] == -9.63
    assert document["files"] == ["fit-random.png", "fit-random.zarr"]


def test_untrusted_fit_is_exit_4_and_says_why(invoke, fits, quick_pictures, out: Path) -> None:
    fits.doubted = ["random"]
    result = invoke("fit", "random", "--output", out)
    assert result.exit_code == 4
    assert "not trusted: high_k_hat: The proposals do not cover" in result.stdout


def test_refit_replaces_the_store(invoke, fits, quick_pictures, out: Path) -> None:
    for _ in range(2):
        assert invoke("fit", "random", "--output", out).exit_code == 0
    assert {item.name for item in out.iterdir()} == {"fit-random.zarr", "fit-random.png"}


def test_two_names_are_refused(invoke, fits, out: Path) -> None:
    result = invoke("fit", "random,defect", "--output", out)
    assert result.exit_code == 2
    assert "'random,defect' not known" in result.stderr
