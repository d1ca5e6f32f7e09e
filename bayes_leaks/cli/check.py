"""``bayes-leaks check``: whether record and model files are in order."""

from typing import TYPE_CHECKING, Any

import typer

import bayes_leaks as bl
from bayes_leaks.cli import options
from bayes_leaks.cli.console import Console
from bayes_leaks.cli.documents import document, record_facts
from bayes_leaks.cli.exits import ExitCode
from bayes_leaks.cli.inputs import check_channels, read_history, split
from bayes_leaks.errors import ModelFileError, RecordError, UnsupportedRecordError

if TYPE_CHECKING:
    import pandas as pd

    from bayes_leaks.hypotheses import Hypothesis
    from bayes_leaks.record import LeakHistory

_COLUMNS = ["parameter", "prior", "unit", "5 %", "50 %", "95 %"]


def check(
    assets: options.Assets = None,
    events: options.Events = None,
    start: options.Start = None,
    end: options.End = None,
    until: options.Until = None,
    batches: options.Batches = None,
    nauka: options.Nauka = False,
    channels: options.Channels = "timing",
    models: options.Models = None,
    hypotheses: options.Hypotheses = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Check a record and model files.

    Nothing is computed, and all problems are shown at once.

    \b
    Examples:
      bayes-leaks check --assets fleet.csv --events leaks.csv --end 2024-06-01
      bayes-leaks check --models my-models --hypotheses random,common-shock
    """  # noqa: D301
    console = Console(quiet=quiet, as_json=json)
    check_channels(channels)
    problems: list[str] = []
    history: LeakHistory | None = None
    try:
        history = read_history(assets, events, start, end, until, batches, nauka)
    except RecordError as error:
        problems += error.problems
    chosen = []
    for name in _names(hypotheses):
        try:
            (hypothesis,) = bl.make_hypotheses([name], models_dir=models)
            chosen.append(hypothesis)
            if history is not None:
                hypothesis.layout(history)
        except (ModelFileError, UnsupportedRecordError) as error:
            problems.append(str(error))

    if history is not None:
        console.say(f"{history.summary()}\n")
    for hypothesis in chosen:
        console.say(_prior_text(hypothesis))
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        console.warn("\n".join([f"{count} found:", *(f"  - {problem}" for problem in problems)]))
    else:
        console.say("No problems found: every hypothesis can be computed on this record.")
    console.document(
        document(
            "check",
            valid=not problems,
            record=None if history is None else record_facts(history),
            hypotheses=[_hypothesis_facts(hypothesis) for hypothesis in chosen],
            problems=problems,
        )
    )
    raise typer.Exit(ExitCode.INVALID if problems else ExitCode.DONE)


def _names(hypotheses: str | None) -> list[str]:
    from bayes_leaks.comparing import DEFAULT_HYPOTHESES

    return list(DEFAULT_HYPOTHESES) if hypotheses is None else split(hypotheses, "--hypotheses")


def _priors(hypothesis: "Hypothesis") -> "pd.DataFrame":
    from bayes_leaks.hypotheses.priors import describe

    return describe(hypothesis.model)


def _prior_text(hypothesis: "Hypothesis") -> str:
    table = _priors(hypothesis)[_COLUMNS].to_string(index=False, float_format="{:.3g}".format)
    head = f"{hypothesis.name}: {hypothesis.model.title}"
    return f"{head}\n{table}\nReasons and sources: {hypothesis.model.path}\n"


def _hypothesis_facts(hypothesis: "Hypothesis") -> dict[str, Any]:
    return {
        "name": hypothesis.name,
        "title": hypothesis.model.title,
        "family": hypothesis.family,
        "priors": _priors(hypothesis).to_dict("records"),
    }
