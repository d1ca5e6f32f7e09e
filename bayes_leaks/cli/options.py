"""Options that several commands share, each declared once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Assets = Annotated[
    Path | None,
    typer.Option(
        metavar="CSV",
        help="Your own fleet: columns asset_id, start, end (empty: still exposed), and optionally "
        "kind, batch, weight. Without it the shipped record is used.",
    ),
]
Events = Annotated[
    Path | None,
    typer.Option(
        metavar="CSV",
        help="Its leaks: columns asset_id, time. A header alone says that nothing leaked.",
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        metavar="DATE", help="With --assets: leave out assets whose exposure begins earlier."
    ),
]
End = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="With --assets: end of the observation. Needed where an asset is still exposed.",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="Use the record as it stood then. The shipped one stands at 2023-02-22 by default "
        "and reaches to 2025-12-31.",
    ),
]
Batches = Annotated[
    str | None,
    typer.Option(
        metavar="half-year|family",
        help="Which ships of the shipped record share parts: an assumption, half-year by default.",
    ),
]
Nauka = Annotated[
    bool,
    typer.Option("--nauka", help="Add the Nauka module's radiator to the shipped record."),
]
Channels = Annotated[
    str,
    typer.Option(metavar="timing", help="What is used of each leak; only its timing so far."),
]
Models = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Your edited copy of the model files, with your own priors."),
]
Hypotheses = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME,...",
        help="Any of random, defect, common-shock, common-period, competing. The first four by "
        "default; Bayes factors are given over the first.",
    ),
]
HypothesisName = Annotated[
    str,
    typer.Argument(
        metavar="HYPOTHESIS",
        help="One of random, defect, common-shock, common-period, competing.",
        show_default=False,
    ),
]
Draws = Annotated[int, typer.Option(metavar="N", help="Draws kept in each chain.")]
Tune = Annotated[int, typer.Option(metavar="N", help="Draws each chain spends on adaptation.")]
Chains = Annotated[int, typer.Option(metavar="N", help="Number of chains.")]
Seed = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Makes a run repeatable; a fresh one is drawn and stored otherwise.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Processes; by default one for each hypothesis, up to the cores.",
    ),
]
UserModels = Annotated[
    str,
    typer.Argument(
        metavar="MODULE:FUNCTION",
        help="MODULE is a Python file or the dotted name of a module. FUNCTION takes no arguments "
        "and returns a pymc.Model, or a dict of models by name.",
        show_default=False,
    ),
]
Method = Annotated[
    Literal["auto", "bridge", "importance", "smc", "quadrature", "nested"],
    typer.Option(
        metavar="NAME",
        help="One of auto, bridge, importance, smc, quadrature, nested. auto believes two "
        "independent estimates that agree; only this for several models.",
    ),
]
Mcse = Annotated[
    float,
    typer.Option(
        metavar="NATS",
        help="Standard error of the log evidence to reach; more draws are made until it is.",
    ),
]
Prior = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=ODDS,...",
        help="Prior odds of the models, such as fair=10,bent=1; equal by default.",
    ),
]
Potentials = Annotated[
    Literal["likelihood", "prior"] | None,
    typer.Option(
        metavar="likelihood|prior",
        help="What a model's Potentials are; needed if it has any.",
    ),
]
Improper = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME,...",
        help="Variables with a Flat or HalfFlat prior that every compared model has too "
        "(shared_improper in Python); only Bayes factors mean something then.",
    ),
]
Exchangeable = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME,...",
        help="Variables whose labels can change places, such as the means and weights of a "
        "mixture; found by itself by default.",
    ),
]
AllowUntrusted = Annotated[
    bool,
    typer.Option(
        "--allow-untrusted",
        help="Show the number even if a check failed; the exit code is 4 all the same.",
    ),
]
Output = Annotated[
    Path,
    typer.Option(metavar="DIR", help="Folder for the files; others in it are left alone."),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="One JSON document on stdout; all other text goes to stderr."),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress and no text.")]
