"""``bayes-leaks simulate``: a record that a hypothesis could have made."""

from pathlib import Path
from typing import Annotated

import typer

import bayes_leaks as bl
from bayes_leaks.cli import options
from bayes_leaks.cli.console import Console
from bayes_leaks.cli.documents import document, record_facts
from bayes_leaks.cli.inputs import fresh_seed, read_history
from bayes_leaks.cli.output import OutputFolder
from bayes_leaks.errors import ParameterError

FILES = ("assets.csv", "events.csv")

Values = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Fix a parameter; the others are drawn from their priors. Shares of random, defect "
        "and common causes are written shares=0.3,0.3,0.4. Repeatable.",
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace assets.csv and events.csv if they exist.")
]


def simulate(
    hypothesis: options.HypothesisName,
    values: Values = None,
    assets: options.Assets = None,
    events: options.Events = None,
    start: options.Start = None,
    end: options.End = None,
    until: options.Until = None,
    batches: options.Batches = None,
    nauka: options.Nauka = False,
    models: options.Models = None,
    seed: options.Seed = None,
    output: options.Output = Path("bayes-leaks-out/simulated"),
    overwrite: Overwrite = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Simulate a record under one hypothesis.

    The fleet is that of the record; its leaks are not used. Writes assets.csv and events.csv,
    which the other commands read. Existing ones are not replaced unless asked for, since they
    could be real.

    \b
    Examples:
      bayes-leaks simulate random --set leak_rate=0.1 --seed 1
      bayes-leaks simulate competing --set shares=0.3,0.3,0.4 --output trial
    """  # noqa: D301
    console = Console(quiet=quiet, as_json=json)
    fixed = read_values(values or [])
    existing = [name for name in FILES if (output / name).exists()]
    if existing and not overwrite:
        raise ParameterError(
            f"--output: {' and '.join(existing)} in {str(output)!r} would be replaced. Give "
            "another folder, or --overwrite."
        )
    history = read_history(assets, events, start, end, until, batches, nauka)
    (chosen,) = bl.make_hypotheses([hypothesis], models_dir=models)
    seed = fresh_seed() if seed is None else seed
    simulated = chosen.simulate(history, seed, **fixed)
    folder = OutputFolder(output)
    with folder.staging() as staging:
        simulated.to_csv(*(staging / name for name in FILES))
        files = folder.publish(staging)
    window_end = simulated.to_time(simulated.window[1])
    console.say(
        f"{chosen.name} made {simulated.n_events} leaks of {simulated.n_assets} assets "
        f"(seed {seed}).\nUse them:\n  bayes-leaks compare --assets {output / FILES[0]} "
        f"--events {output / FILES[1]} --end {window_end}"
    )
    console.document(
        document(
            "simulate",
            record=record_facts(simulated),
            hypothesis=chosen.name,
            values=fixed,
            random_seed=seed,
            files=[file.name for file in files],
        )
    )


def read_values(pairs: list[str]) -> dict[str, float | tuple[float, ...]]:
    """Read parameter values written NAME=VALUE.

    Parameters
    ----------
    pairs : list of str

    Returns
    -------
    dict of str to float or tuple of float

    Raises
    ------
    ParameterError
        With every pair that cannot be read or comes twice.
    """
    values: dict[str, float | tuple[float, ...]] = {}
    problems = []
    for pair in pairs:
        name, _, text = (part.strip() for part in pair.partition("="))
        try:
            numbers = tuple(float(number) for number in text.split(","))
        except ValueError:
            problems.append(f"{pair!r} is not a name with a number. Write --set leak_rate=0.02")
            continue
        if name in values:
            problems.append(f"{name!r} is given twice")
        values[name] = numbers[0] if len(numbers) == 1 else numbers
    if problems:
        raise ParameterError(f"--set: {'; '.join(problems)}.")
    return values
