"""What is wrong with the content of a model file, said for the person who wrote it.

Every check returns ``(where, problem)`` pairs: the path of the key in the file and a sentence that
shows the value found, what is allowed and how to mend it. Nothing is raised here, so that one
reading of a file reports everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bayes_leaks.hypotheses.distributions import coerce, find_problems, misfit, show, suggest
from bayes_leaks.hypotheses.toml_text import TomlLines

SCHEMA_VERSION: Final = 1
FAMILIES: Final = ("random", "defect", "common", "competing")
UNITS: Final = ("per asset-year", "year", "mm", "dimensionless")
"""The units the likelihoods compute in; another one would be silently ignored, so it is refused."""

HEAD: Final = ("name", "title", "family", "claim")
NOTES: Final = ("unit", "source", "reason")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

type Problem = tuple[tuple[str, ...], str]


def content_problems(content: Mapping[str, Any], required: Mapping[str, str]) -> list[Problem]:
    """Return everything wrong with a parsed model file.

    Parameters
    ----------
    content : mapping
        The whole file as `tomllib` returns it.
    required : mapping of str to str
        The parameters there must be, each with its required support.
    """
    version = content.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:
        found = "is missing" if version is None else f"is {show(version)}"
        fix = f"write schema_version = {SCHEMA_VERSION}, the version this release reads"
        return [(("schema_version",), f"{found}; {fix}")]
    keys = ("schema_version", *HEAD, "parameters")
    problems: list[Problem] = [
        ((key,), f"is not a key of a model file{suggest(key, keys)}; allowed are {', '.join(keys)}")
        for key in content
        if key not in keys
    ]
    problems += head_problems(content)
    tables = content.get("parameters", {})
    if not isinstance(tables, dict):
        fix = "write one table per parameter, such as [parameters.leak_rate]"
        return [*problems, (("parameters",), f"is {show(tables)}; {fix}")]
    problems += name_problems(tables, required)
    for name, table in tables.items():
        if name in required:
            problems += _table_problems(name, table, required[name])
    return problems


def head_problems(head: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the name, title, family and claim."""
    problems = _text_problems(head, HEAD)
    name, family = head.get("name"), head.get("family")
    if isinstance(name, str) and name.strip() and not _NAME.fullmatch(name):
        problems.append((("name",), f"is {name!r}; use letters, digits, '-' and '_' only"))
    if isinstance(family, str) and family.strip() and family not in FAMILIES:
        near = suggest(family, FAMILIES)
        problems.append((("family",), f"is {family!r}{near}; use one of {', '.join(FAMILIES)}"))
    return problems


def name_problems(names: Iterable[str], required: Iterable[str]) -> list[Problem]:
    """Return which parameters are unknown and which are missing."""
    names, required = list(names), list(required)
    missing = [name for name in required if name not in names]
    problems: list[Problem] = [
        (
            ("parameters", name),
            f"is not a parameter of this hypothesis{suggest(name, missing or required)}; "
            f"it has {', '.join(required)}",
        )
        for name in names
        if name not in required
    ]
    problems += [
        (
            (),
            f"parameter {name!r} is missing; add a table [parameters.{name}] with distribution, "
            f"its arguments, {', '.join(NOTES)}",
        )
        for name in missing
    ]
    return problems


def note_problems(notes: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the unit, source and reason of a prior."""
    problems = _text_problems(notes, NOTES)
    unit = notes.get("unit")
    if isinstance(unit, str) and unit.strip() and unit not in UNITS:
        near = suggest(unit, UNITS)
        fix = f"convert the prior to one of the units computed in: {', '.join(UNITS)}"
        problems.append((("unit",), f"is {unit!r}{near}; {fix}"))
    return problems


def prior_arguments(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of a parameter table that are arguments of its distribution."""
    return {key: value for key, value in table.items() if key not in ("distribution", *NOTES)}


def report(subject: str, problems: Iterable[Problem], lines: TomlLines | None = None) -> str:
    """Return one message for all problems, in the order of the lines they stand on.

    Parameters
    ----------
    subject : str
        What has the problems: a file, or a model made in code.
    problems : iterable of Problem
        What the checks of this module returned.
    lines : TomlLines, optional
        Where the keys stand, when the subject is a file.
    """
    located = [(lines.find(*where) if lines else None, where, text) for where, text in problems]
    located.sort(key=lambda entry: (entry[0] is None, entry[0]))
    entries = [
        (f"line {line}, " if line else "") + " ".join(filter(None, (_label(where), text)))
        for line, where, text in located
    ]
    head = f"{subject} has {len(entries)} problem{'s' if len(entries) != 1 else ''}:"
    return "\n".join([head, *(f"  - {entry}" for entry in entries)])


def _table_problems(name: str, table: object, required: str) -> list[Problem]:
    where = ("parameters", name)
    if not isinstance(table, dict):
        return [(where, f"is {show(table)}; write a table [parameters.{name}]")]
    problems = note_problems(table)
    arguments = prior_arguments(table)
    if "distribution" not in table:
        problems.append((("distribution",), 'is missing; add, for example, distribution = "Beta"'))
    elif wrong := find_problems(table["distribution"], arguments, other_keys=NOTES):
        problems += [((key,), text) for key, text in wrong]
    elif text := misfit(table["distribution"], coerce(arguments), required):
        problems.append((("distribution",), f"does not fit: {name} {text}"))
    return [((*where, *key), text) for key, text in problems]


def _text_problems(table: Mapping[str, Any], keys: Iterable[str]) -> list[Problem]:
    problems: list[Problem] = []
    for key in keys:
        value = table.get(key)
        if value is None:
            problems.append(((key,), f'is missing; add {key} = "..."'))
        elif not isinstance(value, str) or not value.strip():
            problems.append(((key,), f"must be a text in quotation marks, found {show(value)}"))
    return problems


def _label(where: tuple[str, ...]) -> str:
    """Return how a key is named in a message, e.g. ``[parameters.latency] sigma``."""
    table, key = where[:2], where[2:]
    return " ".join((f"[{'.'.join(table)}]", *key)) if len(where) > 1 else "".join(where)
