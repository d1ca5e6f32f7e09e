import json
from pathlib import Path

import pytest

from bayes_leaks import engine


def test_shipped_record_and_models_are_in_order(invoke) -> None:
    before = engine.compilations.total()
    result = invoke("check")
    assert result.exit_code == 0
    assert engine.compilations.total() == before
    for words in ("ISS coolant leaks", "exposure: 61.35 asset-years", "LogNormal(median 0.02"):
        assert words in result.stdout
    for title in ("Manufacturing defect", "Common cause, hazardous period"):
        assert title in result.stdout
    assert "No problems found" in result.stdout


def test_json(invoke, record) -> None:
    result = invoke("check", *record, "--hypotheses", "random,competing", "--json")
    document = json.loads(result.stdout)
    assert (document["valid"], document["problems"]) == (True, [])
    assert document["record"]["n_assets"] == 3
    random, competing = document["hypotheses"]
    assert set(random) == {"name", "title", "family", "priors"}
    assert random["priors"][0]["50 %"] == pytest.approx(0.02)
    assert "shares[defect]" in [prior["parameter"] for prior in competing["priors"]]


def test_all_problems_of_record_and_models_together(invoke, tmp_path: Path, edited_models) -> None:
    assets, events = tmp_path / "fleet.csv", tmp_path / "leaks.csv"
    assets.write_text("asset_id,start,end\na,2020-01-01,2019-01-01\n")
    events.write_text("asset_id,time\nz,2020-09-01\n")
    models = edited_models({"median = 0.15": "median = -1"})
    (models / "defect.toml").unlink()
    options = ("--assets", assets, "--events", events, "--models", models, "--json")
    result = invoke("check", *options)
    assert result.exit_code == 3
    document = json.loads(result.stdout)
    assert document["valid"] is False
    assert document["record"] is None
    assert [h["name"] for h in document["hypotheses"]] == ["random", "common-period"]
    told = "\n".join(document["problems"])
    for words in ("fleet.csv, line 2", "leaks.csv, line 2", "no defect.toml", "common-shock.toml"):
        assert words in told
        assert words in result.stderr


def test_record_that_a_hypothesis_cannot_take(invoke, tmp_path: Path) -> None:
    """Twenty leaks that could share one shock are more than can be summed over."""
    rows = [f"ship-{number},0,1,x" for number in range(30)]
    assets, events = tmp_path / "fleet.csv", tmp_path / "leaks.csv"
    assets.write_text("\n".join(["asset_id,start,end,batch", *rows, ""]))
    leaks = [f"ship-{number},{0.5 + number / 100}" for number in range(20)]
    events.write_text("\n".join(["asset_id,time", *leaks, ""]))
    options = ("--assets", assets, "--events", events, "--hypotheses", "random,common-shock")
    result = invoke("check", *options)
    assert result.exit_code == 3
    assert "1 problem found" in result.stderr
    assert "common-shock" in result.stderr


def test_edited_prior_is_shown(invoke, edited_models) -> None:
    models = edited_models({"median = 0.02": "median = 0.05"})
    result = invoke("check", "--models", models, "--hypotheses", "random")
    assert "LogNormal(median 0.05, sigma 1.4)" in result.stdout
    assert str(models / "random.toml") in result.stdout


def test_quiet(invoke) -> None:
    assert invoke("check", "--quiet").output == ""
