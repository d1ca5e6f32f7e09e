import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from xarray import DataTree

import bayes_leaks as bl
from bayes_leaks.errors import ParameterError, StoredResultError
from bayes_leaks.evidence.bayes_factor import grade
from bayes_leaks.hypotheses.model_file import find_model_file, read_model_file
from bayes_leaks.prior_odds import share_weights

NAMES = ("random", "defect", "common-shock", "common-period")
LOG_ML = {"random": -9.6, "defect": -7.5, "common-shock": -6.7, "common-period": -8.2}
PRIOR = {"random": 1 / 3, "defect": 1 / 3, "common-shock": 1 / 6, "common-period": 1 / 6}


def evidence(log_ml, mcse=0.002):
    return bl.Evidence(log_ml, mcse, "bridge", 100, {"k_hat": 0.2}, True)


def comparison(**changed):
    history = bl.load_iss()
    models = {h.name: h.model for h in bl.make_hypotheses()}
    found = {name: evidence(value) for name, value in LOG_ML.items()} | changed
    fits = {}
    for name in NAMES:
        draws = xr.Dataset({"leak_rate": (("chain", "draw"), np.full((2, 5), 0.02))})
        tree = {"posterior": draws, "evidence": found[name].to_dataset()}
        fits[name] = DataTree.from_dict(tree, name=name)
        fits[name].attrs["random_seed"] = "1"
    return bl.Comparison(history, models, found, PRIOR, fits, {"command": "test"})


UNTRUSTED = bl.Evidence(
    -7.5, 0.5, "bridge", 100, {"k_hat": 0.9}, False, ("high_k_hat: no overlap.",)
)


def test_log_bayes_factors_are_differences_with_added_errors():
    result = comparison(random=evidence(-9.6, 0.03), defect=evidence(-7.5, 0.04))
    factor = result.log_bayes_factor("defect", "random")
    assert factor.value == pytest.approx(2.1)
    assert factor.mcse == pytest.approx(0.05)
    assert factor.factor == pytest.approx(np.exp(2.1))
    assert factor.log10 == pytest.approx(2.1 / np.log(10))
    assert result.log_bayes_factor("random", "defect").value == pytest.approx(-2.1)
    assert result.log_bayes_factor("random", "random").mcse == 0


def test_log_bayes_factors_add_up_around_a_triangle():
    result = comparison()
    legs = [("defect", "random"), ("common-shock", "defect"), ("random", "common-shock")]
    assert sum(result.log_bayes_factor(*leg).value for leg in legs) == pytest.approx(0)


def test_an_unknown_hypothesis_is_named_with_those_compared():
    with pytest.raises(
        ParameterError, match=r"against: 'chance' was not compared. Compared were r"
    ):
        comparison().log_bayes_factor("random", "chance")


def test_posterior_probabilities_follow_bayes_rule_and_sum_over_families():
    result = comparison()
    weight = {name: PRIOR[name] * np.exp(LOG_ML[name]) for name in NAMES}
    total = sum(weight.values())
    for name in NAMES:
        assert result.probabilities.loc[name, "posterior"] == pytest.approx(weight[name] / total)
    common = (weight["common-shock"] + weight["common-period"]) / total
    assert result.families.loc["common", "posterior"] == pytest.approx(common)
    assert result.families["posterior"].sum() == pytest.approx(1)
    assert result.families["prior"].tolist() == pytest.approx([1 / 3] * 3)


def test_the_error_of_a_probability_is_the_delta_method_for_small_errors():
    result = comparison()
    p = result.probabilities["posterior"].to_numpy()
    expected = 0.002 * p * np.sqrt((1 - p) ** 2 + (p**2).sum() - p**2)
    assert result.probabilities["posterior_mcse"].to_numpy() == pytest.approx(expected, rel=0.03)
    # Errors of the members of a family are not independent: their sum has its own.
    q = 1 - result.families.loc["common", "posterior"]
    ratio = (
        result.families.loc["common", "posterior_mcse"] / result.families["posterior_mcse"].max()
    )
    assert 0 < result.families.loc["common", "posterior_mcse"] < 0.002 * q
    assert ratio <= 1


def test_an_untrusted_evidence_gives_no_number_and_says_why():
    result = comparison(defect=UNTRUSTED)
    assert not result.trusted
    assert np.isnan(result.log_bayes_factor("defect", "random").value)
    assert not np.isnan(result.log_bayes_factor("common-shock", "random").value)
    assert result.probabilities["posterior"].isna().all()
    assert result.families["posterior"].isna().all()
    flowing = " ".join(result.text.split())
    assert "NOT ALL NUMBERS CAN BE TRUSTED" in flowing
    assert "defect: high_k_hat: no overlap." in flowing
    assert "For defect against random there is no number." in flowing


def test_the_text_names_the_record_its_assumptions_and_the_factors():
    text = comparison().text
    flowing = " ".join(text.split())
    for words in (
        "2: soyuz-ms-22 (2022-12-15), progress-ms-21 (2023-02-11)",
        "147 assets, 61.35 asset-years from 2000-08-06 to 2023-02-22",
        "half-year: ships of both families",
        "common-shock predicted this record 18.2 times as well as random (positive)",
        "It is not the probability that it was chance",
    ):
        assert words in flowing
    assert max(map(len, text.splitlines())) <= 88


def test_a_hypothesis_that_did_worse_is_told_the_right_way_round():
    result = comparison(defect=evidence(-10.3))
    flowing = " ".join(result.text.split())
    assert "random predicted this record 2.01 times as well as defect (not worth more" in flowing


def test_different_rate_priors_are_pointed_out():
    result = comparison()
    model = result.models["defect"].with_prior("leak_rate", median=0.5)
    changed = bl.Comparison(
        result.history, {**result.models, "defect": model}, result.evidence, PRIOR, result.fits
    )
    assert "The priors of leak_rate differ" in changed.text
    assert "The priors of leak_rate differ" not in result.text


def test_the_table_has_a_row_for_each_hypothesis():
    table = comparison().table
    assert list(table.index) == list(NAMES)
    assert table.loc["random", "bf_over_random"] == 1
    assert table.loc["defect", "log_bf_over_random"] == pytest.approx(2.1)


def test_markup_in_a_record_stays_text():
    assets = pd.DataFrame({"asset_id": ["<b>x</b>", "y"], "start": [0, 1], "end": [2, 3]})
    events = pd.DataFrame({"asset_id": ["<b>x</b>"], "time": [1.5]})
    history = bl.LeakHistory.from_frames(assets, events, name="<script>")
    base = comparison()
    result = bl.Comparison(history, base.models, base.evidence, PRIOR, base.fits)
    assert "<script>" not in result._repr_html_()
    assert "&lt;b&gt;x&lt;/b&gt;" in result._repr_html_()


@pytest.mark.parametrize("other", [None, UNTRUSTED])
def test_a_saved_comparison_loads_as_it_was(tmp_path, other):
    saved = comparison() if other is None else comparison(defect=other)
    saved.save(tmp_path / "c.zarr")
    loaded = bl.Comparison.load(tmp_path / "c.zarr")
    assert loaded.text == saved.text
    assert loaded.models == saved.models
    for name in NAMES:
        xr.testing.assert_identical(
            loaded.evidence[name].to_dataset(), saved.evidence[name].to_dataset()
        )
    assert loaded.provenance == saved.provenance
    assert loaded.history.digest == saved.history.digest
    pd.testing.assert_frame_equal(loaded.table, saved.table)
    for name in NAMES:
        xr.testing.assert_identical(loaded.fits[name], saved.fits[name])
    assert [p.name for p in tmp_path.iterdir()] == ["c.zarr"]


def test_saving_again_replaces_a_comparison_and_nothing_else(tmp_path):
    comparison().save(tmp_path / "c.zarr")
    comparison(defect=evidence(-8.0)).save(tmp_path / "c.zarr")
    assert bl.Comparison.load(tmp_path / "c.zarr").evidence["defect"].log_ml == -8.0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(StoredResultError, match="is not a stored comparison; it was left alone"):
        comparison().save(tmp_path / "mine")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


def test_loading_what_is_not_a_comparison_says_so(tmp_path):
    with pytest.raises(StoredResultError, match="is not a stored comparison"):
        bl.Comparison.load(tmp_path / "nothing.zarr")


def test_the_tree_holds_what_the_result_says():
    result = comparison()
    tree = result.to_datatree()
    dataset = tree["comparison"].dataset
    pair = dataset["log_bayes_factor"].sel(model_a="common-shock", model_b="random")
    assert pair.item() == pytest.approx(2.9)
    assert dataset["log_bayes_factor"].attrs["units"] == "nats"
    assert dataset["posterior_probability"].sum() == pytest.approx(1)
    assert json.loads(tree["defect"].attrs["model_needs"]) == dict(result.models["defect"].required)
    assert tree.attrs["command"] == "test"


def test_family_weights_are_shared_by_the_members():
    families = {"random": "random", "common-shock": "common", "common-period": "common"}
    assert share_weights(families) == {"random": 0.5, "common-shock": 0.25, "common-period": 0.25}
    weights = share_weights(families, {"random": 3, "common": 1})
    assert weights == {"random": 0.75, "common-shock": 0.125, "common-period": 0.125}


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"random": 1}, "'common' is missing"),
        ({"random": 1, "common": 1, "alien": 1}, "'alien' is not compared"),
        ({"random": -1, "common": 1}, "'random' is -1, not a number of at least 0"),
        ({"random": 0, "common": 0}, "all are zero"),
    ],
)
def test_impossible_family_weights_are_refused(weights, words):
    with pytest.raises(ParameterError, match=words):
        share_weights({"random": "random", "common-shock": "common"}, weights)


def test_settings_and_names_are_checked_before_anything_runs():
    history = bl.load_iss()
    two = bl.make_hypotheses(["random", "defect"])
    with pytest.raises(ParameterError, match=r"draws: 5 is too few; .* at least 100; chains: 1 is"):
        bl.compare(two, history, draws=5, chains=1)
    with pytest.raises(ParameterError, match="models: 1 given; a comparison needs at least 2"):
        bl.compare(two[:1], history)
    with pytest.raises(ParameterError, match="'random' given more than once"):
        bl.compare([*two, bl.RandomMicrometeoroid()], history)
    with pytest.raises(
        ParameterError, match=r"'chance' not known. Allowed are random, defect, com"
    ):
        bl.make_hypotheses(["chance"])


def test_grades_are_those_of_kass_and_raftery():
    assert [grade(x) for x in (0.9, -2.9, 4.9, 5.1, np.nan)] == [
        "not worth more than a bare mention",
        "positive",
        "strong",
        "very strong",
        "not known",
    ]


def test_edited_model_files_are_used(tmp_path):
    text = find_model_file("random").read_text().replace("median = 0.02", "median = 0.5")
    (tmp_path / "random.toml").write_text(text)
    (hypothesis,) = bl.make_hypotheses(["random"], models_dir=tmp_path)
    assert hypothesis.model.parameters["leak_rate"].arguments["median"] == 0.5
    shipped = read_model_file(find_model_file("random"), required={"leak_rate": "positive"})
    assert shipped.parameters["leak_rate"].arguments["median"] == 0.02
