"""One compiled model, many fits: stored whole, same bits for the same seed, compiled once."""

import numpy as np
import nutpie
import pandas as pd
import pytensor
import pytest

import bayes_leaks as bl
from bayes_leaks import engine
from bayes_leaks.evidence import Evidence
from bayes_leaks.hypotheses.model_file import ModelFile

QUICK = {"draws": 200, "tune": 200, "chains": 2}


def pumps(leaks, n=12):
    assets = pd.DataFrame(
        {"asset_id": [f"p{i}" for i in range(n)], "start": np.arange(n) / 4, "end": 5.0}
    )
    events = pd.DataFrame(
        {"asset_id": [f"p{i}" for i in leaks], "time": 3.0 + np.arange(len(leaks))}
    )
    return bl.LeakHistory.from_frames(assets, events if len(leaks) else None, end=6.0)


def test_a_fit_holds_everything_and_its_evidence_is_the_exact_one():
    history = bl.load_iss()
    hypothesis = bl.RandomMicrometeoroid()
    stages = []
    tree = bl.fit(
        hypothesis, history, random_seed=3, on_stage=lambda name, stage: stages.append(stage)
    )
    assert stages == ["compiling", "sampling", "evidence"]
    assert set(tree.children) == {
        "posterior",
        "unconstrained_posterior",
        "sample_stats",
        "prior",
        "observed_data",
        "constant_data",
        "evidence",
    }
    assert tree["posterior"]["leak_rate"].attrs["units"] == "per asset-year"
    assert np.isfinite(tree["observed_data"]["leak_time"]).sum() == history.n_events
    assert tree.attrs["record_digest"] == history.digest
    assert tree.attrs["version_pymc"]
    evidence = Evidence.from_dataset(tree["evidence"].to_dataset())
    assert evidence.trusted
    assert evidence.log_ml == pytest.approx(-9.6335, abs=3 * evidence.mcse + 1e-4)


def test_new_records_are_swapped_in_without_compiling_again():
    hypothesis = bl.RandomMicrometeoroid()
    bl.fit(hypothesis, pumps([1]), random_seed=1, **QUICK)
    before = engine.compilations.copy()
    rates = []
    for leaks in ([], [2], [2, 5], [0, 3, 7]):
        tree = bl.fit(hypothesis, pumps(leaks), random_seed=1, **QUICK)
        rates.append(tree["posterior"]["leak_rate"].mean().item())
    assert engine.compilations == before
    assert rates == sorted(rates), "more leaks over the same exposure must raise the rate"
    larger = bl.fit(hypothesis, pumps([2], n=18), random_seed=1, **QUICK)
    assert engine.compilations == before
    assert larger["observed_data"].sizes["asset"] == 18
    assert larger["posterior"]["leak_rate"].mean() < rates[1]


def test_other_priors_are_another_model():
    history = pumps([2])
    model = bl.RandomMicrometeoroid().model.with_prior("leak_rate", median=2.0)
    low = bl.fit(bl.RandomMicrometeoroid(), history, random_seed=1, **QUICK)
    high = bl.fit(bl.RandomMicrometeoroid(model=model), history, random_seed=1, **QUICK)
    assert high["posterior"]["leak_rate"].mean() > 1.5 * low["posterior"]["leak_rate"].mean()


def test_arithmetic_is_strict_so_that_the_compile_cache_cannot_change_a_draw(monkeypatch):
    seen = []

    def compile_model(model):
        seen.append(pytensor.config.numba__fastmath)
        raise InterruptedError

    monkeypatch.setattr(nutpie, "compile_pymc_model", compile_model)
    before = pytensor.config.numba__fastmath
    with pytest.raises(InterruptedError):
        engine.CompiledModel(bl.RandomMicrometeoroid().build(pumps([1]))).compile()
    assert seen == [False]
    assert pytensor.config.numba__fastmath == before


class Twin(bl.RandomMicrometeoroid):
    """The same hypothesis under another name."""

    name = "twin"

    def __init__(self):
        shipped = bl.RandomMicrometeoroid().model
        super().__init__(
            model=ModelFile(
                name="twin",
                title="Twin",
                family="defect",
                claim="The same.",
                parameters=shipped.parameters,
                required=shipped.required,
            )
        )


def test_neither_order_nor_processes_change_a_bit():
    history = pumps([2, 5])
    pair = [bl.RandomMicrometeoroid(), Twin()]
    here = bl.compare(pair, history, random_seed=4, n_jobs=1, **QUICK)
    turned = bl.compare(pair[::-1], history, random_seed=4, n_jobs=1, **QUICK)
    stages = []
    apart = bl.compare(
        pair,
        history,
        random_seed=4,
        n_jobs=2,
        on_stage=lambda name, stage: stages.append((name, stage)),
        **QUICK,
    )
    for name in ("random", "twin"):
        assert here.evidence[name].log_ml == turned.evidence[name].log_ml
        assert here.evidence[name].log_ml == apart.evidence[name].log_ml
        assert (name, "done") in stages
    assert here.evidence["random"].log_ml != here.evidence["twin"].log_ml
    # The same model twice: the Bayes factor is one within its error.
    factor = here.log_bayes_factor("twin", "random")
    assert abs(factor.value) < 4 * factor.mcse
