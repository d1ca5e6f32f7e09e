"""Model files: the shipped ones, the reader's messages, and the way back to a file."""

import copy
import pickle
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bayes_leaks.errors import ModelFileError, ParameterError
from bayes_leaks.hypotheses import model_file as model_file_module
from bayes_leaks.hypotheses.model_file import (
    ModelFile,
    Prior,
    find_model_file,
    read_model_file,
    shipped_models_dir,
    write_model_file,
)
from bayes_leaks.hypotheses.toml_text import TomlLines

POSITIVE, UNIT, SIMPLEX = "positive", "unit interval", "simplex"
WEIBULL = {"weibull_shape": POSITIVE, "weibull_scale": POSITIVE, "batch_correlation": UNIT}
SHOCK = {"hit_probability": UNIT, "latency": POSITIVE}
REQUIRED = {
    "random": {"leak_rate": POSITIVE},
    "defect": {"leak_rate": POSITIVE, "defect_share": UNIT, **WEIBULL},
    "common-shock": {"leak_rate": POSITIVE, "common_share": UNIT, **SHOCK},
    "common-period": {
        "leak_rate": POSITIVE,
        "elevated_fraction": UNIT,
        "hazard_excess": POSITIVE,
        "elevated_duration": POSITIVE,
    },
    "competing": {"leak_rate": POSITIVE, "shares": SIMPLEX, **WEIBULL, **SHOCK},
}
FAMILIES = {
    "random": "random",
    "defect": "defect",
    "common-shock": "common",
    "common-period": "common",
    "competing": "competing",
}
# The default priors as the mathematics page lists them.
PRIORS = {
    "leak_rate": ("LogNormal(median 0.02, sigma 1.4)", "per asset-year"),
    "defect_share": ("Beta(alpha 4, beta 1)", "dimensionless"),
    "common_share": ("Beta(alpha 4, beta 1)", "dimensionless"),
    "shares": ("Dirichlet(a 1, 1, 1)", "dimensionless"),
    "weibull_shape": ("LogNormal(median 0.7, sigma 0.4)", "dimensionless"),
    "weibull_scale": ("LogNormal(median 0.5, sigma 0.7)", "year"),
    "batch_correlation": ("Beta(alpha 1, beta 3)", "dimensionless"),
    "hit_probability": ("Beta(alpha 1, beta 1)", "dimensionless"),
    "latency": ("LogNormal(median 0.15, sigma 0.8)", "year"),
    "elevated_fraction": ("Beta(alpha 1, beta 9)", "dimensionless"),
    "hazard_excess": ("LogNormal(median 30, sigma 0.8)", "dimensionless"),
    "elevated_duration": ("LogNormal(median 0.5, sigma 0.8)", "year"),
}

VALID = """\
# two parameters
schema_version = 1
name = "mine"
title = "My hypothesis"
family = "common"
claim = \"\"\"
Something happened.
[parameters.share]
reason = "this is not a key"
\"\"\"

[parameters.leak_rate]
distribution = "LogNormal"
median = 0.02
sigma = 1.4
unit = "per asset-year"
source = "judgement"
reason = "because"

[parameters.share]
distribution = "Beta"
alpha = 4
beta = 1
unit = "dimensionless"
source = "judgement"
reason = "because"
"""
NEEDS = {"leak_rate": POSITIVE, "share": UNIT}


def read(name: str) -> ModelFile:
    return read_model_file(find_model_file(name), required=REQUIRED[name])


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(VALID, encoding="utf-8")
    return read_model_file(path, required=NEEDS)


@pytest.mark.parametrize("name", REQUIRED)
def test_shipped_files_hold_the_default_priors(name):
    model = read(name)
    assert (model.name, model.family) == (name, FAMILIES[name])
    assert set(model.parameters) == set(REQUIRED[name])
    for parameter, prior in model.parameters.items():
        assert (prior.text, prior.unit) == PRIORS[parameter], parameter
        assert len(prior.reason.split()) > 10, parameter
    assert 2 <= len(re.findall(r"[.](?:\s|$)", model.claim)) <= 4


def test_shipped_folder_has_one_file_per_hypothesis():
    assert {path.stem for path in shipped_models_dir().iterdir()} == set(REQUIRED)


def test_shared_parameters_have_the_same_table_in_every_file():
    tables: dict[str, dict] = {}
    for name in REQUIRED:
        content = tomllib.loads(find_model_file(name).read_text(encoding="utf-8"))
        for parameter, table in content["parameters"].items():
            assert tables.setdefault(parameter, table) == table, (name, parameter)
        assert "leak_rate" in content["parameters"]


@pytest.mark.parametrize("name", REQUIRED)
def test_round_trip_of_the_shipped_files(name, tmp_path):
    model = read(name)
    path = write_model_file(model, tmp_path / "copy.toml")
    again = read_model_file(path, required=REQUIRED[name])
    assert again == model
    assert (model.path, again.path) == (find_model_file(name), path)
    assert list(again.parameters) == list(model.parameters)
    assert list(tmp_path.iterdir()) == [path]


def test_round_trip_of_awkward_texts_and_numbers(mine, tmp_path):
    awkward = 'a "quoted" \\ backslash, """triple""", \'single\', é ∑ \x7f \x01 # = [x] ' * 8
    share = Prior(
        "share",
        "TruncatedNormal",
        {"mu": 1e-300, "sigma": 1 / 3, "lower": 0, "upper": 1},
        "dimensionless",
        awkward,
        "x" * 300,
    )
    rate = Prior(
        "leak_rate",
        "TruncatedNormal",
        {"mu": 0.1, "sigma": 0.1, "lower": 0.0, "upper": float("inf")},
        "per asset-year",
        "a\n\n  b",
        awkward,
    )
    model = mine.replace(share=share, leak_rate=rate)
    path = write_model_file(model, tmp_path / "awkward.toml")
    assert read_model_file(path, required=NEEDS) == model


def test_a_failed_write_leaves_the_old_file_and_no_other(mine, tmp_path, monkeypatch):
    before = mine.path.read_bytes()
    monkeypatch.setattr(model_file_module, "model_file_text", lambda model: "\ud800")
    with pytest.raises(UnicodeEncodeError):
        write_model_file(mine, mine.path)
    assert mine.path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [mine.path]


# Each case: text to replace, what with, and the line of the message.
BROKEN = {
    "schema version": (
        "schema_version = 1",
        "schema_version = 2",
        "line 2, schema_version is 2; write schema_version = 1, the version this release reads",
    ),
    "no schema version": (
        "schema_version = 1",
        "",
        "schema_version is missing; write schema_version = 1, the version this release reads",
    ),
    "unknown top key": (
        'title = "My hypothesis"',
        'title = "My hypothesis"\ncliam = "x"',
        "line 5, cliam is not a key of a model file (did you mean 'claim'?); allowed are "
        "schema_version, name, title, family, claim, parameters",
    ),
    "missing title": (
        'title = "My hypothesis"',
        "",
        'title is missing; add title = "..."',
    ),
    "title of a wrong type": (
        '"My hypothesis"',
        "7",
        "line 4, title must be a text in quotation marks, found 7",
    ),
    "name with a slash": (
        'name = "mine"',
        'name = "my/own"',
        "line 3, name is 'my/own'; use letters, digits, '-' and '_' only",
    ),
    "family": (
        'family = "common"',
        'family = "comon"',
        "line 5, family is 'comon' (did you mean 'common'?); "
        "use one of random, defect, common, competing",
    ),
    "unknown distribution": (
        '"LogNormal"',
        '"lognorm"',
        "line 13, [parameters.leak_rate] distribution 'lognorm' is not an allowed distribution "
        "(did you mean 'LogNormal'?); use one of LogNormal, Normal, HalfNormal, TruncatedNormal, "
        "Exponential, Gamma, InverseGamma, Weibull, Beta, Uniform, Dirichlet",
    ),
    "missing distribution": (
        'distribution = "Beta"\n',
        "",
        "line 20, [parameters.share] distribution is missing; "
        'add, for example, distribution = "Beta"',
    ),
    "unknown argument": (
        "sigma = 1.4",
        "sigma = 1.4\nsigmaa = 2",
        "line 16, [parameters.leak_rate] sigmaa is not an argument of LogNormal(median, sigma) "
        "(did you mean 'sigma'?); remove or rename it",
    ),
    "misspelled note": (
        'sigma = 1.4\nunit = "per asset-year"',
        'sigma = 1.4\nunits = "per asset-year"',
        "line 16, [parameters.leak_rate] units is not an argument of LogNormal(median, sigma) "
        "(did you mean 'unit'?); remove or rename it",
    ),
    "missing argument": (
        "alpha = 4\n",
        "",
        "line 21, [parameters.share] distribution Beta(alpha, beta) needs 'alpha'; "
        "add alpha = a finite number above 0",
    ),
    "sigma of zero": (
        "sigma = 1.4",
        "sigma = 0",
        "line 15, [parameters.leak_rate] sigma must be a finite number above 0, found 0",
    ),
    "negative median": (
        "median = 0.02",
        "median = -0.02",
        "line 14, [parameters.leak_rate] median must be a finite number above 0, found -0.02",
    ),
    "number as text": (
        "median = 0.02",
        'median = "0.02"',
        "line 14, [parameters.leak_rate] median must be a finite number above 0, "
        "found the text '0.02'",
    ),
    "number as truth value": (
        "beta = 1",
        "beta = true",
        "line 23, [parameters.share] beta must be a finite number above 0, "
        "found the truth value true",
    ),
    "nan": (
        "median = 0.02",
        "median = nan",
        "line 14, [parameters.leak_rate] median must be a finite number above 0, found nan",
    ),
    "support of a rate": (
        'distribution = "LogNormal"\nmedian',
        'distribution = "Normal"\nmu',
        "line 13, [parameters.leak_rate] distribution does not fit: leak_rate must be positive, "
        "but Normal gives values from -inf to inf; use LogNormal, Gamma, InverseGamma, Weibull, "
        "Exponential, HalfNormal, or a Uniform or TruncatedNormal with lower >= 0",
    ),
    "support of a share": (
        'distribution = "Beta"\nalpha = 4\nbeta = 1',
        'distribution = "Uniform"\nlower = 0\nupper = 2',
        "line 21, [parameters.share] distribution does not fit: share must lie between 0 and 1, "
        "but Uniform gives values from 0 to 2; use Beta, or a Uniform or "
        "TruncatedNormal with lower >= 0 and upper <= 1",
    ),
    "shares for a single number": (
        'distribution = "Beta"\nalpha = 4\nbeta = 1',
        'distribution = "Dirichlet"\na = [1, 1, 1]',
        "line 21, [parameters.share] distribution does not fit: share must lie between 0 and 1, "
        "but Dirichlet gives shares that sum to 1; use Beta",
    ),
    "bounds out of order": (
        'distribution = "Beta"\nalpha = 4\nbeta = 1',
        'distribution = "Uniform"\nlower = 0.5\nupper = 0.5',
        "line 23, [parameters.share] upper must be above lower, found lower = 0.5 and upper = 0.5",
    ),
    "unit": (
        'unit = "per asset-year"',
        'unit = "per day"',
        "line 16, [parameters.leak_rate] unit is 'per day'; convert the prior to one of the units "
        "computed in: per asset-year, year, mm, dimensionless",
    ),
    "empty reason": (
        'reason = "because"\n\n[',
        'reason = " "\n\n[',
        "line 18, [parameters.leak_rate] reason must be a text in quotation marks, "
        "found the text ' '",
    ),
    "missing source": (
        'source = "judgement"\nreason = "because"\n\n[',
        'reason = "because"\n\n[',
        'line 12, [parameters.leak_rate] source is missing; add source = "..."',
    ),
    "unknown parameter": (
        "[parameters.leak_rate]",
        "[parameters.leak_rat]",
        "line 12, [parameters.leak_rat] is not a parameter of this hypothesis "
        "(did you mean 'leak_rate'?); it has leak_rate, share",
    ),
    "missing parameter": (
        VALID[VALID.rindex("[parameters.share]") :],
        "",
        "parameter 'share' is missing; add a table [parameters.share] with distribution, "
        "its arguments, unit, source, reason",
    ),
    "parameter that is no table": (
        VALID[VALID.index("[parameters.leak_rate]") :],
        "[parameters]\nshare = 0.3\nleak_rate = 0.02\n",
        "line 14, [parameters.leak_rate] is 0.02; write a table [parameters.leak_rate]",
    ),
    "parameters that are no tables": (
        VALID[VALID.index("[parameters.leak_rate]") :],
        "parameters = 3\n",
        "line 12, parameters is 3; write one table per parameter, such as [parameters.leak_rate]",
    ),
    "inline table": (
        VALID[VALID.rindex("[parameters.share]") :],
        "[parameters]\nshare = {distribution = 'Beta', alpha = 0, beta = 1, unit = 'year', "
        "source = 'x', reason = 'y'}\n",
        "line 21, [parameters.share] alpha must be a finite number above 0, found 0",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_message_of_a_broken_file(case, tmp_path):
    old, new, line = BROKEN[case]
    assert VALID.count(old) >= 1
    path = tmp_path / "broken.toml"
    path.write_text(VALID.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ModelFileError, match=re.escape(f"  - {line}")) as caught:
        read_model_file(path, required=NEEDS)
    assert str(caught.value).startswith(f"{path} has ")


@pytest.mark.parametrize(
    "a", ["[1, 1]", "[1, 1, 1, 1]", "[1, 0, 1]", "1", '[1, "1", 1]', "[[1], [1], [1]]"]
)
def test_message_of_broken_shares(a, tmp_path):
    text = find_model_file("competing").read_text(encoding="utf-8").replace("[1, 1, 1]", a)
    path = tmp_path / "competing.toml"
    path.write_text(text, encoding="utf-8")
    message = (
        r"\[parameters.shares\] a must be a list of 3 finite numbers above 0, one per cause "
        r"\(random, defect, common\), found "
    )
    with pytest.raises(ModelFileError, match=message):
        read_model_file(path, required=REQUIRED["competing"])


def test_all_problems_are_reported_together_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "broken.toml"
    text = VALID.replace("sigma = 1.4", "sigma = -1").replace('family = "common"', 'family = "x"')
    path.write_text(text.replace("alpha = 4", "alpha = inf"), encoding="utf-8")
    with pytest.raises(ModelFileError) as caught:
        read_model_file(path, required={**NEEDS, "latency": POSITIVE})
    head, *lines = str(caught.value).splitlines()
    assert head == f"{path} has 4 problems:"
    starts = ("  - line 5, ", "  - line 15, ", "  - line 22, ", "  - parameter 'latency' ")
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"schema_version = 1\nname = mine\n", r"is not valid TOML: .*line 2.*quotation marks"),
        (b"[parameters.x]\n[parameters.x]\n", r"is not valid TOML: .*twice.*line 2"),
        (b'title = "\xff"\n', r"is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_message_of_an_unreadable_file(content, message, tmp_path):
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=f"broken.toml: {message}"):
        read_model_file(path, required=NEEDS)


def test_message_of_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelFileError, match=r"none.toml: cannot be read \(No such file"):
        read_model_file(tmp_path / "none.toml", required=NEEDS)


def test_files_are_found_in_a_folder_of_the_user(mine, tmp_path):
    assert find_model_file("mine", tmp_path) == mine.path
    with pytest.raises(ModelFileError) as caught:
        find_model_file("min", tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: there is no min.toml (did you mean 'mine'?); the folder has mine.toml"
    )
    with pytest.raises(ModelFileError, match="there is no such folder of model files"):
        find_model_file("mine", tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelFileError, match=r"no mine\.toml; the folder has no \.toml files"):
        find_model_file("mine", tmp_path / "empty")


@pytest.mark.parametrize("place", ["site/bayes_leaks/models", "site/models"])
def test_shipped_files_are_found_in_a_wheel_and_in_a_checkout(place, tmp_path, monkeypatch):
    module = tmp_path / "site" / "bayes_leaks" / "hypotheses" / "model_file.py"
    monkeypatch.setattr(model_file_module, "__file__", str(module))
    with pytest.raises(ModelFileError, match=r"are in neither .*; install the package again"):
        shipped_models_dir()
    folder = tmp_path / place
    folder.mkdir(parents=True)
    (folder / "random.toml").touch()
    assert find_model_file("random") == folder / "random.toml"


def test_with_prior_changes_one_prior_and_says_so(mine):
    changed = mine.with_prior("leak_rate", median=0.05)
    prior = changed.parameters["leak_rate"]
    assert prior.text == "LogNormal(median 0.05, sigma 1.4)"
    assert (prior.unit, prior.source) == ("per asset-year", "set in code")
    assert prior.reason == "replaces LogNormal(median 0.02, sigma 1.4)"
    assert mine.parameters["leak_rate"].arguments["median"] == 0.02
    assert changed.parameters["share"] == mine.parameters["share"]
    gamma = mine.with_prior("leak_rate", "Gamma", alpha=0.5, beta=25)
    assert gamma.parameters["leak_rate"].arguments == {"alpha": 0.5, "beta": 25}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "leakrate"}, r"'leakrate' is not a parameter of 'mine' \(did you mean 'leak_r"),
        ({"name": "leak_rate", "sigma": 0}, "sigma must be a finite number above 0, found 0"),
        (
            {"name": "share", "distribution": "Uniform", "lower": 0, "upper": 2},
            "share must lie between 0 and 1, but Uniform gives values from 0 to 2; use Beta",
        ),
        (
            {"name": "leak_rate", "distribution": "Gamma", "median": 1},
            r"(?s)median is not an argument of Gamma.*needs 'alpha'.*needs 'beta'",
        ),
    ],
)
def test_with_prior_is_checked_like_a_file(mine, arguments, message):
    with pytest.raises(ParameterError, match=message):
        mine.with_prior(**arguments)


def test_replace_is_checked_like_a_file(mine):
    share = mine.parameters["share"]
    with pytest.raises(ParameterError, match="leak_rate is given the prior of 'share'; rename it"):
        mine.replace(leak_rate=share)
    with pytest.raises(ParameterError, match=r"\[parameters.other\] is not a parameter"):
        mine.replace(other=share)
    with pytest.raises(ParameterError, match="unit is 'day'"):
        Prior("latency", "HalfNormal", {"sigma": 1}, "day", "judgement", "because")


def test_models_are_frozen_and_can_be_copied_and_pickled(mine):
    with pytest.raises(AttributeError):
        mine.name = "other"
    with pytest.raises(TypeError):
        mine.parameters["share"] = None
    with pytest.raises(TypeError):
        mine.parameters["share"].arguments["alpha"] = -1
    for twin in (pickle.loads(pickle.dumps(mine)), copy.deepcopy(mine)):
        assert twin == mine
        assert twin.path == mine.path
    assert mine != mine.with_prior("share", alpha=5)


def test_lines_of_keys_are_found_around_strings_and_comments():
    text = "\n".join(
        [
            "a = '''",  # 1
            "[x]",
            "b = 1'''",
            '"quoted key" = 2  # """ [y]',  # 4
            "[ x . 'y' ]  # comment",
            "c.d = [",  # 6
            "  1,",
            "]",
            'e = """one line\\""""  # \'\'\'',  # 9
            "f = 1",
        ]
    )
    tomllib.loads(text)
    lines = TomlLines(text)
    expected = {("a",): 1, ("quoted key",): 4, ("x", "y"): 5, ("x", "y", "c", "d"): 6}
    expected |= {("x", "y", "e"): 9, ("x", "y", "f"): 10, ("x", "y", "none"): 5}
    assert {path: lines.find(*path) for path in expected} == expected
    assert lines.find("b") is None
    assert lines.find("x") is None


def test_the_reader_needs_neither_pymc_nor_scipy():
    folder = str(Path(model_file_module.__file__).parent)
    # The package around the reader is replaced by an empty one: only the reader is looked at.
    code = f"""
import sys, types
package = types.ModuleType("bayes_leaks.hypotheses")
package.__path__ = [{folder!r}]
sys.modules["bayes_leaks.hypotheses"] = package
from bayes_leaks.hypotheses.model_file import find_model_file, read_model_file
read_model_file(find_model_file("random"), required={{"leak_rate": "positive"}})
print([name for name in ("pymc", "pytensor", "scipy", "pandas") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr) == ("[]", "")
