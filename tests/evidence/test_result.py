import math
import pickle
import warnings

import numpy as np
import pytest
import xarray as xr

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence import Evidence

REASON = "high_k_hat: the proposal misses part of the posterior."


def trusted(**changes):
    fields = {
        "log_ml": -12.34567,
        "mcse": 0.0123,
        "method": "bridge",
        "n_evaluations": 100,
        "diagnostics": {"k_hat": 0.3, "r_hat": 1.0},
        "trusted": True,
    }
    return Evidence(**(fields | changes))


def refused(**changes):
    return trusted(trusted=False, reasons=(REASON,), **changes)


def test_an_untrusted_number_is_withheld_unless_asked_for():
    hidden, shown = refused(), refused(allow_untrusted=True)
    assert math.isnan(hidden.log_ml)
    assert math.isnan(hidden.mcse)
    assert hidden.diagnostics["log_ml_untrusted"] == -12.34567
    assert hidden.diagnostics["mcse_untrusted"] == 0.0123
    assert (shown.log_ml, shown.mcse) == (-12.34567, 0.0123)
    assert not shown.trusted
    assert hidden.codes == shown.codes == ("high_k_hat",)


@pytest.mark.parametrize(
    ("log_ml", "mcse", "text"),
    [
        (-12.34567, 0.0123, "-12.346 ± 0.012"),
        (-12.34567, 0.0996, "-12.35 ± 0.10"),
        (-12.34567, 3.4, "-12.3 ± 3.4"),
        (-1234.567, 38.0, "-1235 ± 38"),
        (-12.34567, 1e-9, "-12.3456700000 ± 0.0000000010"),
        (-2.0, 1e-30, "-2.000000000000 ± 0.000000000000"),
        (-2.5, 0.0, "-2.5"),
    ],
)
def test_repr_shows_the_digits_that_the_error_supports(log_ml, mcse, text):
    assert repr(trusted(log_ml=log_ml, mcse=mcse)) == f"Evidence({text} nats, bridge)"


def test_repr_of_a_refusal_names_the_reason_and_no_number():
    assert repr(refused()) == "Evidence(nan nats, bridge, not trusted: high_k_hat)"


def test_it_is_frozen_all_the_way():
    source = {"k_hat": 0.3}
    evidence = trusted(diagnostics=source)
    source["k_hat"] = 9.0
    assert evidence.diagnostics["k_hat"] == 0.3
    with pytest.raises(AttributeError):
        evidence.log_ml = 0.0
    with pytest.raises(TypeError):
        evidence.diagnostics["k_hat"] = 0.0
    assert hash(evidence) == hash(trusted(diagnostics={}))


def same(left, right):
    return left.to_dataset().identical(right.to_dataset())


@pytest.mark.parametrize("evidence", [trusted(), refused(), refused(allow_untrusted=True)])
def test_round_trips(evidence, tmp_path):
    assert same(pickle.loads(pickle.dumps(evidence)), evidence)
    assert same(Evidence.from_dataset(evidence.to_dataset()), evidence)
    with warnings.catch_warnings():
        # Zarr announces that consolidated metadata is not yet in its version 3 format.
        warnings.simplefilter("ignore")
        evidence.to_dataset().to_zarr(tmp_path / "evidence.zarr")
    with xr.open_zarr(tmp_path / "evidence.zarr", consolidated=False) as stored:
        back = Evidence.from_dataset(stored)
    assert same(back, evidence)
    assert back.reasons == evidence.reasons


def test_dataset_has_units_and_names():
    dataset = refused().to_dataset()
    assert dataset.attrs["units"] == "nats"
    assert dataset["log_marginal_likelihood"].attrs["units"] == "nats"
    assert np.isnan(dataset["log_marginal_likelihood"])
    assert dataset["n_evaluations"].dtype == np.int64
    assert dataset["k_hat"] == 0.3
    assert dataset.attrs["trusted"] == 0


def test_a_foreign_dataset_is_refused():
    with pytest.raises(ParameterError, match="n_evaluations, method, trusted, reasons missing"):
        Evidence.from_dataset(trusted().to_dataset().drop_vars("n_evaluations").drop_attrs())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reasons": (REASON,)}, "trusted=True with reasons"),
        ({"trusted": False}, "trusted=False without a reason"),
        ({"trusted": False, "reasons": ("bad",)}, "must read 'code: sentence', got 'bad'"),
        ({"log_ml": np.nan}, "trusted=True with log_ml=nan"),
        ({"mcse": -1.0}, "mcse must be 0 or more, got -1.0"),
        ({"n_evaluations": -1}, "n_evaluations must be 0 or more, got -1"),
        ({"diagnostics": {"n_evaluations": 1}}, "reserved name n_evaluations"),
    ],
)
def test_contradictions(changes, message):
    with pytest.raises(ParameterError, match=message):
        trusted(**changes)
