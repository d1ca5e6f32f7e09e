"""``bayes-leaks compare``: the main job."""

from pathlib import Path

import typer

import bayes_leaks as bl
from bayes_leaks.cli import options
from bayes_leaks.cli.comparison_files import STORE, pictures_ever_drawn, write_comparison
from bayes_leaks.cli.console import Console
from bayes_leaks.cli.inputs import check_channels, read_history, read_hypotheses
from bayes_leaks.cli.output import OutputFolder
from bayes_leaks.cli.pictures import draw, pictures_of_comparison
from bayes_leaks.cli.progress import Progress
from bayes_leaks.cli.report import exit_code, report_files


def compare(
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
    draws: options.Draws = 1000,
    tune: options.Tune = 1000,
    chains: options.Chains = 4,
    seed: options.Seed = None,
    jobs: options.Jobs = None,
    output: options.Output = Path("bayes-leaks-out"),
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Compare hypotheses on a record.

    Gives Bayes factors and probabilities with their errors. Writes table.csv, comparison.txt,
    comparison.json, comparison.zarr and pictures: timeline.png, bayes-factors.png and
    prior-posterior-NAME.png for each hypothesis. They replace those of an earlier run together, at
    the end.

    \b
    Examples:
      bayes-leaks compare
      bayes-leaks compare --batches family --seed 1 --output by-family
      bayes-leaks compare --assets fleet.csv --events leaks.csv --end 2024-06-01
    """  # noqa: D301
    console = Console(quiet=quiet, as_json=json)
    check_channels(channels)
    with Progress(quiet=quiet, plain=json) as progress:
        history = read_history(assets, events, start, end, until, batches, nauka)
        chosen = read_hypotheses(hypotheses, models)
        folder = OutputFolder(output, stores=[STORE])
        with folder.staging() as staging:
            progress.expect([hypothesis.name for hypothesis in chosen], pictures=2 + len(chosen))
            result = bl.compare(
                chosen,
                history,
                draws=draws,
                tune=tune,
                chains=chains,
                random_seed=seed,
                n_jobs=jobs,
                on_stage=progress,
            )
            failed = draw(pictures_of_comparison(result), staging, progress)
            document = write_comparison(result, staging, failed)
            files = folder.publish(staging, outdated=pictures_ever_drawn())
    console.say(result.text)
    report_files(console, output, files, failed)
    console.say(
        f"More: open {output / 'timeline.png'}, or in Python\n"
        f"  import bayes_leaks as bl; result = bl.Comparison.load({str(output / STORE)!r})"
    )
    console.document(document)
    raise typer.Exit(exit_code(trusted=result.trusted, failed=failed))
