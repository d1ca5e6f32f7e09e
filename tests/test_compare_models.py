"""`compare` on plain PyMC models, ready evidences and mixtures of both with hypotheses."""

import json
import math

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import special, stats

import bayes_leaks as bl
from bayes_leaks import comparing, engine
from bayes_leaks.errors import ParameterError
from bayes_leaks.user_model import data_digest

TRIALS, HITS = 20, np.array([7, 4])
QUICK = {"draws": 300, "tune": 300, "chains": 2}


def binomial(probability: object, hits: np.ndarray = HITS) -> pm.Model:
    """A fixed probability, or its prior as the two numbers of a beta distribution."""
    with pm.Model() as model:
        p = probability if isinstance(probability, float) else pm.Beta("p", *probability)
        pm.Binomial("y", n=TRIALS, p=p, observed=hits)
    return model


def exact(a: float, b: float) -> float:
    misses = HITS.size * TRIALS - HITS.sum()
    constant = np.log(special.binom(TRIALS, HITS)).sum()
    return float(constant + special.betaln(a + HITS.sum(), b + misses) - special.betaln(a, b))


def null() -> float:
    return float(stats.binom.logpmf(HITS, TRIALS, 0.5).sum())


def ready(log_ml: float = -5.0, mcse: float = 0.01, **options: object) -> bl.Evidence:
    return bl.Evidence(log_ml, mcse, "bridge", 100, {"k_hat": 0.2}, True, **options)


@pytest.fixture(scope="module")
def result() -> bl.Comparison:
    """A null without unknowns, a plain model, and a number from elsewhere."""
    models = {
        "fair": binomial(0.5),
        "any": binomial((1.0, 1.0)),
        "elsewhere": ready(exact(2.0, 5.0), 0.03, data_digest=data_digest(binomial(0.5))),
    }
    return bl.compare(
        models, families={"any": "unfair", "elsewhere": "unfair"}, random_seed=1, **QUICK
    )


def test_models_and_evidences_stand_in_one_table(result: bl.Comparison) -> None:
    assert result.names == ("fair", "any", "elsewhere")
    assert result.trusted
    assert result.history is None
    assert result.evidence["fair"].log_ml == pytest.approx(null(), abs=1e-6)
    found = result.evidence["any"]
    assert abs(found.log_ml - exact(1.0, 1.0)) < 4.0 * found.mcse
    assert result.evidence["elsewhere"].log_ml == exact(2.0, 5.0)
    factor = result.log_bayes_factor("any", "fair")
    assert factor.value == pytest.approx(exact(1.0, 1.0) - null(), abs=0.02)
    assert factor.mcse == found.mcse
    assert result.table.loc["elsewhere", "log_evidence_mcse"] == 0.03


def test_probabilities_follow_the_families(result: bl.Comparison) -> None:
    assert result.probabilities["prior"].tolist() == [0.5, 0.25, 0.25]
    log_weights = np.log([0.5, 0.25, 0.25])
    log_weights += np.array([null(), exact(1.0, 1.0), exact(2.0, 5.0)])
    np.testing.assert_allclose(
        result.probabilities["posterior"], special.softmax(log_weights), atol=0.005
    )
    assert result.families["prior"].to_dict() == {"fair": 0.5, "unfair": 0.5}
    assert result.families.loc["unfair", "posterior"] == pytest.approx(
        result.probabilities["posterior"][1:].sum()
    )


def test_other_odds_need_no_other_fit(result: bl.Comparison) -> None:
    before = engine.compilations.copy()
    sceptical = result.with_prior({"fair": 98.0, "any": 1.0, "elsewhere": 1.0})
    assert engine.compilations == before
    assert sceptical.probabilities["prior"].tolist() == [0.98, 0.01, 0.01]
    odds = [r.probabilities["posterior"]["any"] / r.probabilities["posterior"]["fair"]
            for r in (result, sceptical)]  # fmt: skip
    assert odds[1] == pytest.approx(odds[0] * (0.01 / 0.98) / 0.5)
    assert sceptical.evidence is result.evidence


@pytest.mark.parametrize(
    ("odds", "words"),
    [
        ({"fair": 1.0, "any": 1.0}, r"prior_probability: 'elsewhere' is missing"),
        (
            {"fair": 1.0, "any": 1.0, "elsewhere": 1.0, "none": 1.0},
            r"'none' is not compared.*one number for each of fair, any, elsewhere",
        ),
        ({"fair": -1.0, "any": 1.0, "elsewhere": 1.0}, r"'fair' is -1.0, not a number of at le"),
        ({"fair": 0.0, "any": 0.0, "elsewhere": 0.0}, r"all are zero"),
    ],
)
def test_odds_that_are_none_are_refused(
    result: bl.Comparison, odds: dict[str, float], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        result.with_prior(odds)


def test_the_text_is_about_models_and_no_record(result: bl.Comparison) -> None:
    flowing = " ".join(result.text.split())
    for words in ("fair", "any", "elsewhere", "Data the same for all"):
        assert words in flowing
    for words in ("asset", "leak", "2022"):
        assert words not in flowing


def test_it_is_saved_and_loaded_as_it_was(result: bl.Comparison, tmp_path) -> None:
    result.save(tmp_path / "models.zarr")
    loaded = bl.Comparison.load(tmp_path / "models.zarr")
    assert loaded.text == result.text
    assert loaded.history is None
    assert loaded.models == {}
    assert loaded.family_of == result.family_of
    for name in result.names:
        assert loaded.evidence[name].data_digest == result.evidence[name].data_digest
        assert loaded.evidence[name].log_ml == result.evidence[name].log_ml
    pd.testing.assert_frame_equal(loaded.table, result.table)
    assert loaded.fits["any"]["posterior"]["p"].shape == (2, 300)
    again = bl.compare({"any": loaded.evidence["any"], "fair": binomial(0.5)}, random_seed=1)
    assert again.log_bayes_factor("any", "fair").value == pytest.approx(
        result.log_bayes_factor("any", "fair").value
    )


def test_adding_a_model_changes_no_other(result: bl.Comparison) -> None:
    """Each has its own seed, from its name."""
    alone = bl.compare({"any": binomial((1.0, 1.0)), "fair": binomial(0.5)}, random_seed=1, **QUICK)
    assert alone.evidence["any"].log_ml == result.evidence["any"].log_ml


def test_a_hypothesis_and_a_plain_model_of_the_same_record() -> None:
    history = bl.load_iss()
    hypothesis = bl.RandomMicrometeoroid()
    plain = hypothesis.build(history)
    stages: list[tuple[str, str]] = []
    found = bl.compare(
        {"random": hypothesis, "plain": plain},
        history,
        random_seed=1,
        n_jobs=1,
        on_stage=lambda name, stage: stages.append((name, stage)),
        **QUICK,
    )
    factor = found.log_bayes_factor("plain", "random")
    assert found.trusted
    assert abs(factor.value) < 4.0 * factor.mcse
    assert found.family("random") == "random"
    assert found.family("plain") == "plain"
    for name in ("random", "plain"):
        assert [stage for who, stage in stages if who == name] == [
            "compiling", "sampling", "evidence", "done",
        ]  # fmt: skip
    flowing = " ".join(found.text.split())
    assert "147 assets" in flowing
    assert json.loads(found.to_datatree()["random"].attrs["model_needs"])


# What is refused, before anything is sampled.


@pytest.fixture
def no_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        pytest.fail("it fitted a model")

    monkeypatch.setattr(comparing, "fit_model", refuse)
    monkeypatch.setattr(comparing, "fit_all", refuse)


def other_data() -> pm.Model:
    return binomial((1.0, 1.0), HITS[::-1])


@pytest.mark.parametrize(
    "other",
    [other_data(), ready(data_digest="feed")],
    ids=["model", "evidence"],
)
def test_other_data_are_refused(no_fit: None, other: object) -> None:
    with pytest.raises(
        ParameterError, match=r"not about the same data \(digests: 'one' \w{8}, 'other' .*same uni"
    ):
        bl.compare({"one": binomial(0.5), "other": other}, random_seed=1)


def test_evidences_on_other_data_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"'a' 0123abcd, 'c' beef"):
        bl.compare(
            {
                "a": ready(data_digest="0123abcd4567"),
                "b": ready(),
                "c": ready(data_digest="beef"),
            }
        )


def test_a_model_that_is_not_about_the_record_is_refused(no_fit: None) -> None:
    with pytest.raises(ParameterError, match=r"not about the same data"):
        bl.compare(
            {"random": bl.RandomMicrometeoroid(), "other": binomial(0.5)},
            bl.load_iss(),
            random_seed=1,
        )


def test_improper_priors_must_be_the_same_ones() -> None:
    both = {"one": ready(improper=("sigma", "mu")), "other": ready(improper=("mu", "sigma"))}
    assert bl.compare(both).log_bayes_factor("one", "other").value == 0.0
    with pytest.raises(
        ParameterError,
        match=r"improper priors differ \('one': mu, sigma; 'other': mu; 'third': none\)",
    ):
        bl.compare({**both, "other": ready(improper=("mu",)), "third": ready()})


@pytest.mark.parametrize(
    ("models", "options", "words"),
    [
        ({"one": ready()}, {}, r"models: 1 given; a comparison needs at least 2"),
        ({}, {}, r"models: 0 given"),
        (
            {"one": -3.2, "other": None, "third": ready()},
            {},
            r"'one' is a float; give a Hypothesis, a pymc.Model or an Evidence; 'other' is a None",
        ),
        ({"one/other": ready(), "comparison": ready()}, {}, r"'one/other' cannot be a name.*'com"),
        (
            {"random": bl.RandomMicrometeoroid(), "other": ready()},
            {},
            r"'random' is about a record; give history",
        ),
        (
            {"chance": bl.RandomMicrometeoroid(), "other": ready()},
            {"history": bl.load_iss()},
            r"the hypothesis 'random' is named 'chance'; use its own name",
        ),
        (
            {"one": ready(), "other": ready()},
            {"prior_probability": {"one": 1, "other": 2}, "family_weights": {"one": 1, "other": 1}},
            r"family_weights: give either this or prior_probability, not both",
        ),
        (
            {"one": ready(), "other": ready()},
            {"family_weights": {"one": 1, "another": 1}},
            r"family_weights: 'other' is missing; 'another' is not compared",
        ),
        (
            {"one": ready(), "other": ready()},
            {"prior_probability": {"one": 1}},
            r"prior_probability: 'other' is missing",
        ),
        ({"one": ready(), "other": ready()}, {"draws": 3}, r"draws: 3 is too few"),
    ],
)
def test_wrong_arguments_are_refused(
    no_fit: None, models: dict[str, object], options: dict[str, object], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        bl.compare(models, **options)


def test_an_untrusted_evidence_gives_no_probabilities() -> None:
    doubtful = bl.Evidence(-5.0, 0.5, "bridge", 100, {}, False, ("high_k_hat: No overlap.",))
    found = bl.compare({"one": ready(), "other": doubtful})
    assert not found.trusted
    assert math.isnan(found.log_bayes_factor("one", "other").value)
    assert found.probabilities["posterior"].isna().all()
    assert "high_k_hat" in found.text
