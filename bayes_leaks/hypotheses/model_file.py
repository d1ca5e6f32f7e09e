"""Model files: a hypothesis as data, one TOML file each, read, checked and written back.

A model file holds what a person may want to argue about: the claim in words, and for every free
parameter its prior, unit, source and reason. It is never executed. The mathematics is in the
hypothesis class, which says which parameters there must be and what values each may take.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bayes_leaks.errors import ModelFileError, ParameterError
from bayes_leaks.hypotheses.distributions import Value, coerce, find_problems, misfit, suggest
from bayes_leaks.hypotheses.model_checks import (
    HEAD,
    NOTES,
    SCHEMA_VERSION,
    Problem,
    content_problems,
    head_problems,
    name_problems,
    note_problems,
    prior_arguments,
    report,
)
from bayes_leaks.hypotheses.toml_text import TomlLines, toml_value


@dataclass(frozen=True)
class Prior:
    """The prior of one free parameter, with the reason it was chosen.

    Parameters
    ----------
    name : str
        Parameter name, e.g. ``"leak_rate"``.
    distribution : str
        A name of :data:`~bayes_leaks.hypotheses.distributions.DISTRIBUTIONS`.
    arguments : mapping of str to float or tuple of float
        Arguments of the distribution, e.g. ``{"median": 0.02, "sigma": 1.4}``.
    unit : str
        ``"per asset-year"``, ``"year"``, ``"mm"`` or ``"dimensionless"``.
    source : str
        Where the prior comes from; ``"judgement"`` when that is what it is.
    reason : str
        Why it was chosen.

    Raises
    ------
    ParameterError
        If the distribution, an argument, the unit or a text is not allowed.

    Examples
    --------
    >>> prior = Prior("latency", "LogNormal", {"median": 0.15, "sigma": 0.8}, "year", "judgement",
    ...               "weeks to months")
    >>> prior.text
    'LogNormal(median 0.15, sigma 0.8)'
    """

    name: str
    distribution: str
    arguments: Mapping[str, Value]
    unit: str
    source: str
    reason: str

    def __post_init__(self) -> None:
        wrong = find_problems(self.distribution, self.arguments)
        problems: list[Problem] = [((key,), text) for key, text in wrong]
        problems += note_problems({key: getattr(self, key) for key in NOTES})
        if problems:
            raise ParameterError(report(f"the prior of {self.name!r}", problems))
        object.__setattr__(self, "arguments", MappingProxyType(coerce(self.arguments)))
        for key in NOTES:
            object.__setattr__(self, key, _one_paragraph(getattr(self, key)))

    def __reduce__(self) -> tuple[Any, ...]:
        notes = (self.unit, self.source, self.reason)
        return Prior, (self.name, self.distribution, dict(self.arguments), *notes)

    @property
    def text(self) -> str:
        """The prior as it is written in tables, e.g. ``Beta(alpha 4, beta 1)``."""
        words = (
            f"{key} {', '.join(f'{number:g}' for number in np.atleast_1d(value))}"
            for key, value in self.arguments.items()
        )
        return f"{self.distribution}({', '.join(words)})"


@dataclass(frozen=True)
class ModelFile:
    """A hypothesis as data. Always valid: a wrong one cannot be made, by file or by code.

    Parameters
    ----------
    name : str
        Short name used in tables and results, e.g. ``"common-shock"``.
    title : str
        Name for people.
    family : {"random", "defect", "common", "competing"}
        The kind of cause. Hypotheses of one family share the prior weight of the family.
    claim : str
        In words: what it says happened, what it predicts, what it assumes.
    parameters : mapping of str to Prior
        The priors of the free parameters.
    required : mapping of str to str
        What each parameter must be: ``"positive"``, ``"unit interval"``, ``"simplex"`` or
        ``"real"``. Declared by the hypothesis class.
    path : pathlib.Path, optional
        The file it was read from. Not part of equality.

    Raises
    ------
    ParameterError
        If a text, the family or a prior is not allowed, or a parameter is missing or unknown.
    """

    name: str
    title: str
    family: str
    claim: str
    parameters: Mapping[str, Prior]
    required: Mapping[str, str]
    path: Path | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        problems = head_problems({key: getattr(self, key) for key in HEAD})
        problems += name_problems(self.parameters, self.required)
        for name, prior in self.parameters.items():
            if prior.name != name:
                problems.append(((name,), f"is given the prior of {prior.name!r}; rename it"))
            elif name in self.required and (
                text := misfit(prior.distribution, prior.arguments, self.required[name])
            ):
                problems.append(((name,), text))
        if problems:
            raise ParameterError(report(f"the model {self.name!r}", problems))
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        object.__setattr__(self, "required", MappingProxyType(dict(self.required)))
        for key in HEAD:
            object.__setattr__(self, key, _one_paragraph(getattr(self, key)))

    def __reduce__(self) -> tuple[Any, ...]:
        head = (self.name, self.title, self.family, self.claim)
        return ModelFile, (*head, dict(self.parameters), dict(self.required), self.path)

    def replace(self, **priors: Prior) -> ModelFile:
        """Return a copy with some priors replaced.

        Parameters
        ----------
        **priors : Prior
            New priors by parameter name.

        Raises
        ------
        ParameterError
            If a name is not a parameter of this model, or a prior does not suit it.
        """
        return replace(self, parameters={**self.parameters, **priors})

    def with_prior(self, name: str, distribution: str | None = None, **arguments: Any) -> ModelFile:
        """Return a copy with one prior changed; its source and reason then say so.

        Parameters
        ----------
        name : str
            Parameter to change.
        distribution : str, optional
            New distribution. By default the present one, whose other arguments are kept.
        **arguments : float or sequence of float
            Arguments of the distribution.

        Raises
        ------
        ParameterError
            If the name, the distribution or an argument is not allowed.

        Examples
        --------
        >>> path = find_model_file("random")
        >>> model = read_model_file(path, required={"leak_rate": "positive"})
        >>> model.with_prior("leak_rate", median=0.05).parameters["leak_rate"].text
        'LogNormal(median 0.05, sigma 1.4)'
        """
        if name not in self.parameters:
            raise ParameterError(
                f"{name!r} is not a parameter of {self.name!r}{suggest(name, self.parameters)}; "
                f"it has {', '.join(self.parameters)}"
            )
        old = self.parameters[name]
        if distribution in (None, old.distribution):
            distribution, arguments = old.distribution, {**old.arguments, **arguments}
        reason = f"replaces {old.text}"
        new = Prior(name, distribution, arguments, old.unit, "set in code", reason)
        return self.replace(**{name: new})


def read_model_file(path: str | os.PathLike[str], *, required: Mapping[str, str]) -> ModelFile:
    """Read and check a model file.

    Parameters
    ----------
    path : path-like
        The TOML file.
    required : mapping of str to str
        The parameters the hypothesis needs, each with what it must be: ``"positive"``,
        ``"unit interval"``, ``"simplex"`` (shares of the three causes) or ``"real"``.

    Returns
    -------
    ModelFile

    Raises
    ------
    ModelFileError
        If the file cannot be read or holds anything that is not allowed. All problems are
        reported together, each with its line, what was found, what is allowed and how to mend it.

    Examples
    --------
    >>> model = read_model_file(find_model_file("random"), required={"leak_rate": "positive"})
    >>> model.parameters["leak_rate"].text
    'LogNormal(median 0.02, sigma 1.4)'
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{path}: is not UTF-8 text; save it as UTF-8") from error
    return parse_model_file(text, required=required, path=path)


def parse_model_file(
    text: str, *, required: Mapping[str, str], path: Path | None = None
) -> ModelFile:
    """Check the text of a model file, as `read_model_file` does.

    Parameters
    ----------
    text : str
        TOML.
    required : mapping of str to str
        The parameters the hypothesis needs, each with what it must be.
    path : pathlib.Path, optional
        Where the text came from, for the messages.

    Returns
    -------
    ModelFile

    Raises
    ------
    ModelFileError
        If the text holds anything that is not allowed.
    """
    where = "model file" if path is None else str(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelFileError(
            f"{where}: is not valid TOML: {error}; a text needs quotation marks, "
            'a number none, and each line reads "key = value"'
        ) from error
    if problems := content_problems(content, required):
        raise ModelFileError(report(where, problems, TomlLines(text)))
    priors = {
        name: Prior(
            name,
            table["distribution"],
            prior_arguments(table),
            **{key: table[key] for key in NOTES},
        )
        for name, table in content["parameters"].items()
    }
    head = {key: content[key] for key in HEAD}
    return ModelFile(**head, parameters=priors, required=required, path=path)


def write_model_file(model: ModelFile, path: str | os.PathLike[str]) -> Path:
    """Write a model file that reads back as an equal model.

    The file is written under a temporary name in the same folder and then renamed, so that an
    interrupted write never leaves half a file.

    Parameters
    ----------
    model : ModelFile
        What to write.
    path : path-like
        Where; an existing file is replaced.

    Returns
    -------
    pathlib.Path
        The path written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(model_file_text(model), encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def shipped_models_dir() -> Path:
    """Return the folder of the model files that come with the package.

    In an installed package they lie inside it, in a checkout beside it.

    Raises
    ------
    ModelFileError
        If neither place has them.
    """
    package = Path(__file__).parents[1]
    places = (package / "models", package.parent / "models")
    for place in places:
        if (place / "random.toml").is_file():
            return place
    raise ModelFileError(
        f"the shipped model files are in neither {places[0]} nor {places[1]}; "
        "install the package again"
    )


def find_model_file(name: str, models_dir: str | os.PathLike[str] | None = None) -> Path:
    """Return the path of the model file of a hypothesis.

    Parameters
    ----------
    name : str
        Name of the file without ``.toml``, e.g. ``"common-shock"``.
    models_dir : path-like, optional
        A folder with the user's own model files. By default the shipped ones.

    Raises
    ------
    ModelFileError
        If there is no such file; the message lists those there are.

    Examples
    --------
    >>> find_model_file("common-shock").name
    'common-shock.toml'
    """
    folder = shipped_models_dir() if models_dir is None else Path(models_dir)
    path = folder / f"{name}.toml"
    if path.is_file():
        return path
    if not folder.is_dir():
        raise ModelFileError(f"{folder}: there is no such folder of model files")
    names = sorted(file.stem for file in folder.glob("*.toml"))
    listed = f"has {', '.join(f'{stem}.toml' for stem in names)}" if names else "has no .toml files"
    raise ModelFileError(
        f"{folder}: there is no {name}.toml{suggest(name, names)}; the folder {listed}"
    )


def model_file_text(model: ModelFile) -> str:
    """Return the TOML text of a model file, which `parse_model_file` reads back as equal."""
    lines = [f"schema_version = {SCHEMA_VERSION}"]
    lines += [f"{key} = {toml_value(getattr(model, key))}" for key in HEAD]
    for name, prior in model.parameters.items():
        entries = {"distribution": prior.distribution, **prior.arguments}
        entries |= {key: getattr(prior, key) for key in NOTES}
        lines += ["", f"[parameters.{name}]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in entries.items()]
    return "\n".join([*lines, ""])


def _one_paragraph(text: str) -> str:
    return " ".join(text.split())
