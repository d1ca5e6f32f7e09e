"""Exit codes and messages of what cannot be done; nothing is computed and nothing is written."""

import re
from pathlib import Path

import pytest

from bayes_leaks.errors import EvidenceError, UnsupportedRecordError

USAGE = {
    "channel": (["--channels", "timing,hole_size"], "'hole_size' is not available. Only 'timing'"),
    "batches of an own record": (
        ["--assets", "a.csv", "--events", "e.csv", "--batches", "family"],
        "--batches is for the shipped record only",
    ),
    "nauka with an own record": (["--assets", "a.csv", "--nauka"], "--nauka is for the shipped"),
    "own options alone": (
        ["--events", "e.csv", "--end", "2022-01-01"],
        "--events, --end are for your own record: give --assets too",
    ),
    "no events": (["--assets", "a.csv"], "--events: is missing. Give the leaks"),
    "unknown rule": (["--batches", "yearly"], "'yearly' is not a batch rule"),
    "until too late": (["--until", "2030-01-01"], "the shipped record runs from"),
    "until no date": (["--until", "soon"], "'soon' is not a date"),
    "unknown hypothesis": (["--hypotheses", "random,chance"], "'chance' not known. Allowed are"),
    "empty name": (["--hypotheses", "random,,defect"], "--hypotheses: 'random,,defect' has an"),
    "one hypothesis": (["--hypotheses", "random"], "1 given; a comparison needs at least 2"),
    "twice": (["--hypotheses", "random,random"], "'random' given more than once"),
    "draws": (["--draws", "3", "--chains", "1"], "draws: 3 is too few.*chains: 1 is too few"),
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.mark.parametrize("case", USAGE)
def test_wrong_use_is_exit_2(invoke, out: Path, case: str) -> None:
    arguments, message = USAGE[case]
    result = invoke("compare", *arguments, "--json", "--output", out)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.search(message, result.stderr)
    assert "See bayes-leaks compare --help." in result.stderr
    assert not list(out.glob("*"))


@pytest.mark.parametrize("option", [["--jobs", "0"], ["--seed", "-1"], ["--draws", "many"]])
def test_options_out_of_range_are_exit_2(invoke, option: list[str]) -> None:
    result = invoke("compare", *option)
    assert result.exit_code == 2
    assert f"Invalid value for '{option[0]}'" in result.stderr


def test_broken_tables_are_exit_3_with_every_problem(invoke, out: Path, tmp_path: Path) -> None:
    assets, events = tmp_path / "fleet.csv", tmp_path / "leaks.csv"
    assets.write_text("asset_id,start,end\na,2020-01-01,2019-01-01\nb,soon,2021-01-01\n")
    events.write_text("asset_id,time\nz,2020-09-01\n")
    result = invoke("compare", "--assets", assets, "--events", events, "--output", out)
    assert result.exit_code == 3
    for place in ("fleet.csv, line 2", "fleet.csv, line 3", "leaks.csv, line 2"):
        assert place in result.stderr
    assert not out.exists()


def test_missing_table_is_exit_3(invoke, out: Path) -> None:
    result = invoke("fit", "random", "--assets", "no.csv", "--events", "no2.csv", "--output", out)
    assert result.exit_code == 3
    assert "no.csv: there is no such file" in result.stderr


def test_wrong_model_file_is_exit_3(invoke, out: Path, edited_models) -> None:
    models = edited_models({"sigma = 1.40": "sigma = -1"})
    result = invoke("compare", "--models", models, "--output", out)
    assert result.exit_code == 3
    assert "random.toml" in result.stderr
    assert "sigma" in result.stderr


def test_record_that_cannot_be_computed_is_exit_3(invoke, fits, out: Path) -> None:
    fits.error = UnsupportedRecordError("too many leaks share a batch")
    result = invoke("compare", "--output", out)
    assert result.exit_code == 3
    assert "bayes-leaks: too many leaks share a batch" in result.stderr


def test_unexpected_error_is_not_hidden(invoke, fits, out: Path) -> None:
    fits.error = EvidenceError("log_density is nan")
    result = invoke("compare", "--output", out)
    assert result.exit_code == 1
    assert result.exception is fits.error


def test_output_that_is_a_file_is_exit_2(invoke, fits, tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("mine")
    result = invoke("compare", "--output", file)
    assert result.exit_code == 2
    assert "cannot be made" in result.stderr
    assert file.read_text() == "mine"


def test_foreign_folder_in_the_place_of_the_store_is_exit_2(invoke, fits, out: Path) -> None:
    (out / "comparison.zarr").mkdir(parents=True)
    (out / "comparison.zarr" / "mine.txt").write_text("mine")
    result = invoke("compare", "--output", out)
    assert result.exit_code == 2
    assert "exists and is not a stored result" in result.stderr
    assert (out / "comparison.zarr" / "mine.txt").read_text() == "mine"
    assert fits.calls == []
