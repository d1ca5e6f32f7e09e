import json
from pathlib import Path
from typing import Any

import pytest

from bayes_leaks import plots
from bayes_leaks.comparison import Comparison

PAIR = ("--hypotheses", "random,common-shock")
FILES = {
    "table.csv",
    "comparison.txt",
    "comparison.json",
    "comparison.zarr",
    "timeline.png",
    "bayes-factors.png",
    "prior-posterior-random.png",
    "prior-posterior-common-shock.png",
}


def names(folder: Path) -> set[str]:
    return {item.name for item in folder.iterdir()}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_files_are_written_and_named(invoke, fits, out: Path) -> None:
    result = invoke("compare", *PAIR, "--output", out)
    assert result.exit_code == 0, result.output
    assert names(out) == FILES
    for picture in out.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")
    stored = Comparison.load(out / "comparison.zarr")
    assert stored.text == (out / "comparison.txt").read_text(encoding="utf-8")
    assert stored.text in result.stdout
    assert all(name in result.stdout for name in FILES)
    table = (out / "table.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in table] == ["hypothesis", "random", "common-shock"]


def test_options_reach_the_comparison(invoke, fits, quick_pictures, out: Path) -> None:
    settings = {"draws": 200, "tune": 300, "chains": 3, "seed": 5, "jobs": 1}
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    more = ("--until", "2023-06-01", "--batches", "family", "--nauka")
    assert invoke("compare", *options, *more, "--output", out).exit_code == 0
    (call,) = fits.calls
    settings["random_seed"], settings["n_jobs"] = settings.pop("seed"), settings.pop("jobs")
    assert {name: call[name] for name in settings} == settings
    history = call["history"]
    assert history.batch_rule == "family"
    assert history.to_time(history.window[1]) == "2023-06-01T00:00:00Z"
    assert "nauka" in {kind.split("-")[0] for kind in history.asset_id}
    found = [hypothesis.name for hypothesis in call["hypotheses"]]
    assert found == ["random", "defect", "common-shock", "common-period"]


def test_edited_models_are_used(invoke, fits, quick_pictures, out: Path, edited_models) -> None:
    models = edited_models({"median = 0.02": "median = 0.05"})
    assert invoke("compare", *PAIR, "--models", models, "--output", out).exit_code == 0
    (call,) = fits.calls
    priors = {h.model.parameters["leak_rate"].text for h in call["hypotheses"]}
    assert priors == {"LogNormal(median 0.05, sigma 1.4)"}


def test_own_record_cut_with_until(invoke, fits, quick_pictures, out: Path, record) -> None:
    done = invoke("compare", *PAIR, *record, "--until", "2020-12-01", "--output", out)
    assert done.exit_code == 0
    history = fits.calls[0]["history"]
    assert history.asset_id == ("a", "b")
    assert history.n_events == 1


@pytest.fixture
def document(invoke, fits, quick_pictures, out: Path) -> dict[str, Any]:
    result = invoke("compare", *PAIR, "--json", "--output", out)
    assert result.exit_code == 0
    assert "Verdict" in result.stderr
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def test_json_has_the_documented_entries(document: dict[str, Any], out: Path) -> None:
    assert document["schema_version"] == "1"
    assert set(document) == {
        "schema_version",
        "command",
        "trusted",
        "record",
        "hypotheses",
        "families",
        "log_bayes_factors",
        "provenance",
        "files",
        "failed_pictures",
    }
    assert set(document["record"]) == {
        "name",
        "source",
        "digest",
        "n_assets",
        "n_events",
        "exposure_asset_years",
        "window",
        "batch_rule",
        "n_left_out",
    }
    assert document["trusted"] is True
    assert document["failed_pictures"] == {}
    assert set(document["files"]) == FILES
    assert document == json.loads((out / "comparison.json").read_text(encoding="utf-8"))


def test_json_has_the_numbers(document: dict[str, Any]) -> None:
    evidence = {row["name"]: row["evidence"] for row in document["hypotheses"]}
    assert evidence["random"]["log_evidence"] == -9.63
    assert evidence["random"]["diagnostics"] == {"k_hat": None, "ess": 2000.0}
    factors = {(row["favoured"], row["against"]): row for row in document["log_bayes_factors"]}
    assert factors["common-shock", "random"]["value"] == pytest.approx(2.89)
    assert factors["random", "common-shock"]["value"] == pytest.approx(-2.89)
    for rows in (document["hypotheses"], document["families"]):
        assert sum(row["posterior_probability"] for row in rows) == pytest.approx(1)


def test_untrusted_is_exit_4_and_null(invoke, fits, quick_pictures, out: Path) -> None:
    fits.doubted = ["random"]
    result = invoke("compare", *PAIR, "--json", "--output", out)
    assert result.exit_code == 4
    document = json.loads(result.stdout)
    assert document["trusted"] is False
    (row,) = (row for row in document["hypotheses"] if row["name"] == "random")
    assert row["evidence"]["log_evidence"] is None
    assert row["evidence"]["reasons"] == ["high_k_hat: The proposals do not cover the posterior."]
    assert names(out) == FILES


def test_quiet_says_nothing(invoke, fits, quick_pictures, out: Path) -> None:
    result = invoke("compare", *PAIR, "--quiet", "--output", out)
    assert (result.exit_code, result.output) == (0, "")
    assert names(out) == FILES


def test_progress_in_lines_without_a_terminal(invoke, fits, quick_pictures, out: Path) -> None:
    lines = invoke("compare", *PAIR, "--output", out).stderr.splitlines()
    assert lines[0] == "random: compiling (kept for the next run)"
    assert "common-shock: done" in lines
    assert lines[-1] == "drawing prior-posterior-common-shock.png"


def test_a_failed_picture_is_told_and_costs_nothing_else(
    invoke, fits, quick_pictures, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.mkdir()
    (out / "bayes-factors.png").write_text("of an earlier run")

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("no width")

    monkeypatch.setattr(plots, "plot_bayes_factors", fail)
    result = invoke("compare", *PAIR, "--json", "--output", out)
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["failed_pictures"] == {"bayes-factors.png": "ZeroDivisionError: no width"}
    assert "bayes-factors.png could not be drawn" in result.stderr
    assert "Traceback" in result.stderr
    assert names(out) == FILES - {"bayes-factors.png"}
    assert set(document["files"]) == names(out)


def test_a_second_run_replaces_the_first(invoke, fits, quick_pictures, out: Path) -> None:
    invoke("compare", "--hypotheses", "random,defect", "--output", out)
    (out / "notes.txt").write_text("mine")
    assert invoke("compare", *PAIR, "--output", out).exit_code == 0
    assert names(out) == FILES | {"notes.txt"}
    assert Comparison.load(out / "comparison.zarr").names == ("random", "common-shock")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError("unexpected")])
def test_an_early_end_leaves_old_files_whole(
    invoke, fits, quick_pictures, out: Path, error: BaseException
) -> None:
    invoke("compare", *PAIR, "--output", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    fits.error = error
    result = invoke("compare", "--hypotheses", "random,defect", "--output", out)
    after = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert after == before
    if isinstance(error, KeyboardInterrupt):
        assert result.exit_code == 130
        assert "interrupted; files of an earlier run are as they were" in result.stderr
    else:
        assert result.exit_code == 1
        assert result.exception is error
