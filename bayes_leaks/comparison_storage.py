"""A comparison as one tree, in memory and in a folder, and back."""

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from xarray import DataTree

from bayes_leaks.errors import StoredResultError
from bayes_leaks.evidence import Evidence
from bayes_leaks.hypotheses.model_file import model_file_text, parse_model_file
from bayes_leaks.record import LeakHistory

if TYPE_CHECKING:
    from bayes_leaks.comparison import Comparison

SCHEMA_VERSION = "1"
# Groups of the tree that are not models.
RESERVED_NAMES = ("comparison", "record")


def to_datatree(comparison: "Comparison") -> DataTree:
    """Put everything into one tree; see `Comparison.to_datatree`."""
    names = list(comparison.names)
    pairs = [[comparison.log_bayes_factor(a, b) for b in names] for a in names]
    nats = {"units": "nats"}
    table = comparison.table
    variables = {
        "log_marginal_likelihood": ("model", table["log_evidence"], nats),
        "log_marginal_likelihood_mcse": ("model", table["log_evidence_mcse"], nats),
        "log_bayes_factor": (
            ("model_a", "model_b"),
            [[pair.value for pair in row] for row in pairs],
            nats | {"long_name": "log Bayes factor of model_a over model_b"},
        ),
        "log_bayes_factor_mcse": (
            ("model_a", "model_b"),
            [[pair.mcse for pair in row] for row in pairs],
            nats,
        ),
        "prior_probability": ("model", table["prior"]),
        "posterior_probability": ("model", table["posterior"]),
        "posterior_probability_mcse": ("model", table["posterior_mcse"]),
        "trusted": ("model", table["trusted"].astype(bool)),
        "family": ("model", _strings(table["family"])),
        "title": ("model", _strings(map(comparison.title, names))),
    }
    summary = xr.Dataset(
        {
            name: (dims, np.asarray(values), *attrs)
            for name, (dims, values, *attrs) in variables.items()
        },
        coords={dim: _strings(names) for dim in ("model", "model_a", "model_b")},
    )
    groups: dict[str, xr.Dataset] = {"comparison": summary}
    if comparison.history is not None:
        groups["record"] = comparison.history.to_dataset()
    for name in names:
        for group, node in comparison.fits[name].children.items():
            groups[f"{name}/{group}"] = node.to_dataset()
        attrs = dict(comparison.fits[name].attrs)
        if name in comparison.models:
            attrs["model_file"] = model_file_text(comparison.models[name])
            attrs["model_needs"] = json.dumps(dict(comparison.models[name].required))
        groups[name] = xr.Dataset(attrs=attrs)
    tree = DataTree.from_dict(groups)
    tree.attrs |= {"schema_version": SCHEMA_VERSION, **comparison.provenance}
    return tree


def save(comparison: "Comparison", path: Path) -> None:
    """Write everything to a folder; see `Comparison.save`."""
    if path.exists() and not (path / "zarr.json").exists():
        raise StoredResultError(
            f"{path} exists and is not a stored comparison; it was left alone. Choose another path."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        new, old = Path(folder) / "new", Path(folder) / "old"
        to_datatree(comparison).to_zarr(new, consolidated=False)
        if path.exists():
            path.replace(old)
        new.replace(path)
        shutil.rmtree(old, ignore_errors=True)


def load(path: Path) -> dict[str, Any]:
    """Read the fields of a comparison from a folder; see `Comparison.load`."""
    try:
        tree = xr.open_datatree(path, engine="zarr", consolidated=False).load()
    except (OSError, ValueError, KeyError) as error:
        raise StoredResultError(
            f"{path} is not a stored comparison ({error}). Give the path of a folder written "
            "by Comparison.save or bayes-leaks compare."
        ) from error
    found = tree.attrs.get("schema_version")
    if found != SCHEMA_VERSION:
        raise StoredResultError(
            f"{path} has schema_version {found!r}; this version reads {SCHEMA_VERSION!r}."
        )
    summary = tree["comparison"].dataset
    names = [str(name) for name in summary["model"].to_numpy()]
    prior = summary["prior_probability"].to_numpy()
    fits = {}
    for name in names:
        fits[name] = DataTree.from_dict(
            {group: node.to_dataset() for group, node in tree[name].children.items()},
            name=name,
        )
        fits[name].attrs |= {
            key: value
            for key, value in tree[name].attrs.items()
            if key not in ("model_file", "model_needs")
        }
    return {
        "history": LeakHistory.from_dataset(tree["record"].to_dataset())
        if "record" in tree.children
        else None,
        "models": {
            n: parse_model_file(
                tree[n].attrs["model_file"], required=json.loads(tree[n].attrs["model_needs"])
            )
            for n in names
            if "model_file" in tree[n].attrs
        },
        "evidence": {n: Evidence.from_dataset(tree[n]["evidence"].to_dataset()) for n in names},
        "prior_probability": dict(zip(names, prior.tolist(), strict=True)),
        "fits": fits,
        "provenance": {str(k): v for k, v in tree.attrs.items() if k != "schema_version"},
        "family_of": dict(zip(names, map(str, summary["family"].to_numpy()), strict=True)),
    }


def _strings(values: Iterable[object]) -> np.ndarray:
    return np.array([str(value) for value in values], dtype=object)
