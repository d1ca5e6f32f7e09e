"""``bayes-leaks fit``: one hypothesis by itself."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

import bayes_leaks as bl
from bayes_leaks.cli import options
from bayes_leaks.cli.console import Console
from bayes_leaks.cli.documents import document, evidence_facts, file_facts, record_facts
from bayes_leaks.cli.inputs import check_channels, read_history
from bayes_leaks.cli.output import OutputFolder
from bayes_leaks.cli.pictures import draw, picture_of_fit
from bayes_leaks.cli.progress import Progress
from bayes_leaks.cli.report import exit_code, report_files

if TYPE_CHECKING:
    import pandas as pd
    from xarray import DataTree

    from bayes_leaks.evidence import Evidence
    from bayes_leaks.hypotheses import Hypothesis


def fit(
    hypothesis: options.HypothesisName,
    assets: options.Assets = None,
    events: options.Events = None,
    start: options.Start = None,
    end: options.End = None,
    until: options.Until = None,
    batches: options.Batches = None,
    nauka: options.Nauka = False,
    channels: options.Channels = "timing",
    models: options.Models = None,
    draws: options.Draws = 1000,
    tune: options.Tune = 1000,
    chains: options.Chains = 4,
    seed: options.Seed = None,
    output: options.Output = Path("bayes-leaks-out"),
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Fit one hypothesis to a record.

    Gives its parameters and its evidence. Writes fit-NAME.zarr (readable with
    xarray.open_datatree) and fit-NAME.png, prior against posterior.

    \b
    Example:
      bayes-leaks fit common-shock --seed 1
    """  # noqa: D301
    console = Console(quiet=quiet, as_json=json)
    check_channels(channels)
    with Progress(quiet=quiet, plain=json) as progress:
        history = read_history(assets, events, start, end, until, batches, nauka)
        (chosen,) = bl.make_hypotheses([hypothesis], models_dir=models)
        store, picture = f"fit-{chosen.name}.zarr", f"fit-{chosen.name}.png"
        folder = OutputFolder(output, stores=[store])
        with folder.staging() as staging:
            progress.expect([chosen.name], pictures=1)
            tree = bl.fit(
                chosen,
                history,
                draws=draws,
                tune=tune,
                chains=chains,
                random_seed=seed,
                on_stage=progress,
            )
            progress(chosen.name, "done")
            failed = draw({picture: lambda: picture_of_fit(tree)}, staging, progress)
            tree.to_zarr(staging / store, consolidated=False)
            files = folder.publish(staging, outdated=[picture])
    evidence = bl.Evidence.from_dataset(tree["evidence"].dataset)
    console.say(_text(chosen, tree, evidence))
    report_files(console, output, files, failed)
    console.document(
        document(
            "fit",
            trusted=evidence.trusted,
            record=record_facts(history),
            hypothesis=chosen.name,
            evidence=evidence_facts(evidence),
            parameters=[
                {"parameter": parameter, **row}
                for parameter, row in _summary(chosen, tree, "none").to_dict("index").items()
            ],
            provenance=dict(tree.attrs),
            **file_facts(files, failed),
        )
    )
    raise typer.Exit(exit_code(trusted=evidence.trusted, failed=failed))


def _summary(hypothesis: "Hypothesis", tree: "DataTree", round_to: str) -> "pd.DataFrame":
    import arviz_stats

    table: pd.DataFrame = arviz_stats.summary(  # type: ignore[attr-defined, no-untyped-call]
        tree, var_names=list(hypothesis.free), round_to=round_to
    )
    return table


def _text(hypothesis: "Hypothesis", tree: "DataTree", evidence: "Evidence") -> str:
    units = {name: prior.unit for name, prior in hypothesis.model.parameters.items()}
    lines = [
        hypothesis.model.title,
        "",
        _summary(hypothesis, tree, "auto").to_string(),
        "",
        "Units: " + ", ".join(f"{name} {unit}" for name, unit in units.items()),
        f"Log evidence: {evidence!r}",
        *(f"  not trusted: {reason}" for reason in evidence.reasons),
    ]
    return "\n".join(lines) + "\n"
