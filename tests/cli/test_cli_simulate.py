import json
import re
from pathlib import Path

import pytest

from bayes_leaks.record import LeakHistory, load_iss


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_record_can_be_read_back(invoke, out: Path) -> None:
    result = invoke("simulate", "random", "--set", "leak_rate=0.2", "--seed", 1, "--output", out)
    assert result.exit_code == 0, result.output
    assert {item.name for item in out.iterdir()} == {"assets.csv", "events.csv"}
    options = result.stdout.split("bayes-leaks compare ")[1].split()
    assert options[::2] == ["--assets", "--events", "--end"]
    made, shipped = LeakHistory.from_csv(options[1], options[3], end=options[5]), load_iss()
    assert set(made.asset_id) == set(shipped.asset_id)
    assert made.exposure == pytest.approx(shipped.exposure)
    # 61 asset-years at 0.2 per asset-year: about 12 leaks, hardly ever fewer than 3.
    assert made.n_events >= 3
    assert invoke("check", *options).exit_code == 0


def test_same_seed_same_record(invoke, tmp_path: Path) -> None:
    texts = []
    for folder in ("one", "two"):
        arguments = ("--seed", 4, "--output", tmp_path / folder)
        assert invoke("simulate", "common-shock", *arguments).exit_code == 0
        texts.append((tmp_path / folder / "events.csv").read_text())
    assert texts[0] == texts[1]


def test_drawn_seed_is_told_and_repeats_the_record(invoke, tmp_path: Path) -> None:
    first = json.loads(invoke("simulate", "defect", "--json", "--output", tmp_path / "a").stdout)
    again = ("--seed", first["random_seed"], "--json", "--output", tmp_path / "b")
    second = json.loads(invoke("simulate", "defect", *again).stdout)
    assert first == second
    assert set(first) == {
        "schema_version",
        "command",
        "record",
        "hypothesis",
        "values",
        "random_seed",
        "files",
    }


def test_shares(invoke, out: Path) -> None:
    fixed = ("--set", "shares=0.3,0.3,0.4", "--set", "leak_rate=0.02")
    result = invoke("simulate", "competing", *fixed, "--json", "--output", out)
    assert json.loads(result.stdout)["values"] == {"shares": [0.3, 0.3, 0.4], "leak_rate": 0.02}


def test_files_that_could_be_real_are_not_replaced(invoke, out: Path) -> None:
    out.mkdir()
    (out / "events.csv").write_text("mine")
    result = invoke("simulate", "random", "--output", out)
    assert result.exit_code == 2
    assert "events.csv in" in result.stderr
    assert (out / "events.csv").read_text() == "mine"
    assert invoke("simulate", "random", "--overwrite", "--output", out).exit_code == 0
    assert (out / "events.csv").read_text() != "mine"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["leak_rate", "x=y"], "'leak_rate' is not a name with a number.*'x=y' is not a name"),
        (["leak_rate=1", "leak_rate=2"], "'leak_rate' is given twice"),
        (["leak_rat=1"], "'leak_rat' is not a parameter"),
        (["leak_rate=-1"], "it must be a number above 0"),
    ],
)
def test_wrong_values_are_exit_2(invoke, out: Path, values: list[str], message: str) -> None:
    options = [word for value in values for word in ("--set", value)]
    result = invoke("simulate", "random", *options, "--output", out)
    assert result.exit_code == 2
    assert re.search(message, result.stderr)
    assert not out.exists()
