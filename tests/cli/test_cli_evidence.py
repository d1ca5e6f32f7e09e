"""The user's own models: what goes wrong in reading them, and a whole run on known answers."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from bayes_leaks.comparison import Comparison

COIN = Path(__file__).parents[2] / "docs" / "examples" / "coin.py"
FAIR, BENT = math.log(math.comb(20, 15)) - 20.0 * math.log(2.0), -math.log(21.0)

MODULE = """
import pymc as pm
from bayes_leaks import RandomMicrometeoroid

print("importing")
number = 3


def coin(observed=15):
    with pm.Model() as model:
        p = pm.Beta("p", 1, 1)
        pm.Binomial("heads", n=20, p=p, observed=observed)
    return model


def shrunk():
    with coin() as model:
        pm.Potential("shrink", -model["p"])
    return model


def improper():
    with pm.Model() as model:
        pm.Normal("y", pm.Flat("mean"), 1, observed=[0.1, 0.3])
    return model


def group():
    with pm.Model() as model:
        mean = pm.Normal("mean")
        pm.Normal("y", mean, 1, observed=[0.1, 0.3])
    return model


def forgotten():
    coin()


def needy(size, *, width):
    return coin()


def failing():
    return 1 / (number - 3)


def leaving():
    raise SystemExit("out of here")


def one_only():
    return {"coin": coin()}


def not_models():
    return {"coin": coin(), "leaks": RandomMicrometeoroid(), "text": "coin"}


def two_wrong():
    return {"flat": improper(), "coin": coin(), "shrunk": shrunk()}


def other_data():
    return {"coin": coin(), "group": group()}


def two():
    return {"coin": coin(), "again": coin()}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("import json\n\nvalue = json.loads('{')\n")
    (tmp_path / "lacking.py").write_text("import no_such_package\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


USAGE = {
    "no colon": (["mine.py"], "'mine.py' is not MODULE:FUNCTION. Write a file or a module, a"),
    "no name": (["mine.py:"], "is not MODULE:FUNCTION"),
    "no file": (["yours.py:coin"], "there is no file 'yours.py'; the current folder is"),
    "no ending": (["sub/mine:coin"], "neither a Python file nor the name of a module.*sub/mine.py"),
    "no module": (["yours:coin"], "there is no module 'yours', neither in"),
    "no function": (["mine.py:coins"], "there is no 'coins' in .*functions are: coin, shrunk"),
    "syntax": (
        ["broken.py:models"],
        r"broken.py could not be imported:\n.*line 3.*JSONDecodeError",
    ),
    "import": (["lacking:models"], "lacking could not be imported:.*No module named 'no_such_pa"),
    "arguments": (["mine.py:needy"], "but needs size, width. Give them defaults"),
    "error": (["mine.py:failing"], r"mine.py:failing raised an error:\n.*ZeroDivisionError"),
    "exit": (["mine.py:leaving"], "mine.py:leaving raised an error:.*out of here"),
    "nothing": (["mine.py:forgotten"], "gave None, not a pymc.Model.*Does the function end with"),
    "no model": (["mine.py:number"], "gave of type int, not a pymc.Model"),
    "one in a dict": (["mine.py:one_only"], "gave a dict of 1; give a pymc.Model, or a dict of"),
    "no models": (
        ["mine.py:not_models"],
        "'leaks' is a hypothesis about a record, which bayes-leaks compare.*'text' is of type str",
    ),
    "several refused": (
        ["mine.py:two_wrong"],
        "flat: this model has no evidence yet: 'mean' has an improper prior",
    ),
    "other data": (["mine.py:other_data"], "they are not about the same data"),
    "method": (
        ["mine.py:two", "--method", "smc"],
        "--method: is for one model; mine.py:two gave 2",
    ),
    "allow": (["mine.py:two", "--allow-untrusted"], "--allow-untrusted: is for one model"),
    "prior of one": (["mine.py:coin", "--prior", "a=1"], "--prior: is for several models"),
    "odds": (
        ["mine.py:two", "--prior", "coin=ten,again=1,again=2"],
        "'coin=ten' is not a name with a number; 'again' is given twice. Write --prior fair=10",
    ),
    "unknown odds": (["mine.py:two", "--prior", "coin=1,other=1"], "other"),
    "draws": (["mine.py:coin", "--draws", "3"], "draws: 3 is too few"),
    "mcse": (["mine.py:coin", "--mcse", "0"], "mcse: 0.0 "),
    "exchangeable": (["mine.py:coin", "--exchangeable", "q"], "'q'"),
    "improper": (["mine.py:coin", "--improper", "p"], "'p'"),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_use_is_exit_2_and_writes_nothing(invoke, folder: Path, case: str) -> None:
    arguments, message = USAGE[case]
    result = invoke("evidence", *arguments, "--json", "--output", folder / "out")
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert re.search(message, result.stderr, flags=re.DOTALL), result.stderr
    assert "See bayes-leaks evidence --help." in result.stderr
    assert not list(folder.glob("out/*"))


def test_an_error_is_told_by_the_users_own_lines(invoke, folder: Path) -> None:
    text = invoke("evidence", "broken.py:models").stderr
    assert "value = json.loads('{')" in text
    assert "decoder.py" not in text


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outputs")


def test_models_with_known_evidence_are_compared(invoke, outputs: Path) -> None:
    out = outputs / "two"
    arguments = ["--seed", 1, "--prior", "fair=10,bent=1", "--json", "--output", out]
    result = invoke("evidence", f"{COIN}:models", *arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["command"] == "evidence"
    assert found["function"] == f"{COIN}:models"
    assert found["record"] is None
    assert found == json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    evidence = {row["name"]: row["evidence"] for row in found["hypotheses"]}
    assert evidence["fair"]["log_evidence"] == pytest.approx(FAIR, abs=1e-6)
    bent = evidence["bent"]
    assert abs(bent["log_evidence"] - BENT) < 4.0 * bent["mcse"] < 0.04
    odds = math.exp(BENT - FAIR) / 10.0
    probability = {row["name"]: row["posterior_probability"] for row in found["hypotheses"]}
    assert probability["bent"] == pytest.approx(odds / (1.0 + odds), abs=1e-3)
    assert {path.name for path in out.iterdir()} == set(found["files"]) == {
        "table.csv", "comparison.txt", "comparison.json", "comparison.zarr", "bayes-factors.png",
    }  # fmt: skip
    assert Comparison.load(out / "comparison.zarr").text in result.stderr


def test_one_model_with_known_evidence(invoke, outputs: Path) -> None:
    out = outputs / "one"
    result = invoke("evidence", f"{COIN}:bent", "--seed", 1, "--output", out)
    assert result.exit_code == 0, result.output
    found = json.loads((out / "evidence.json").read_text(encoding="utf-8"))
    evidence = found["evidence"]
    assert found["trusted"] is True
    assert abs(evidence["log_evidence"] - BENT) < 4.0 * evidence["mcse"] < 0.04
    assert (out / "evidence.txt").read_text(encoding="utf-8") in result.stdout
    assert {path.name for path in out.iterdir()} == {"evidence.txt", "evidence.json"}
    assert found["provenance"]["random_seed"] == "1"


def test_a_number_that_is_not_trusted_is_exit_4_and_withheld(invoke, folder: Path) -> None:
    shown = invoke("evidence", "mine.py:shrunk", "--seed", 1, "--json")
    assert shown.exit_code == 4
    found = json.loads(shown.stdout)
    assert found["trusted"] is False
    assert found["evidence"]["log_evidence"] is None
    assert [reason.split(":")[0] for reason in found["evidence"]["reasons"]] == ["potential_role"]
    assert "A check failed, so the number is withheld" in shown.stderr
    # What the user's code prints does not end up in the document.
    assert "importing" in shown.stderr


def test_a_number_that_is_not_trusted_is_shown_on_request(invoke, folder: Path) -> None:
    result = invoke("evidence", "mine.py:shrunk", "--seed", 1, "--json", "--allow-untrusted")
    assert result.exit_code == 4
    assert math.isfinite(json.loads(result.stdout)["evidence"]["log_evidence"])
    assert "shown because you asked for it" in result.stderr
