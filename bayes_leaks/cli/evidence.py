"""``bayes-leaks evidence``: PyMC models of the user's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from textwrap import fill
from typing import TYPE_CHECKING, Any

import typer

import bayes_leaks as bl
from bayes_leaks.cli import options
from bayes_leaks.cli.comparison_files import STORE, pictures_ever_drawn, write_comparison
from bayes_leaks.cli.console import Console, json_text
from bayes_leaks.cli.documents import document, evidence_facts, file_facts
from bayes_leaks.cli.inputs import fresh_seed, split
from bayes_leaks.cli.output import OutputFolder
from bayes_leaks.cli.pictures import draw, pictures_of_comparison
from bayes_leaks.cli.progress import Progress
from bayes_leaks.cli.report import exit_code, report_files
from bayes_leaks.cli.user_models import check_models, read_models, read_odds
from bayes_leaks.errors import EvidenceError, ParameterError

if TYPE_CHECKING:
    import pymc as pm

    from bayes_leaks.cli.user_models import Models
    from bayes_leaks.evidence import Evidence

_WIDTH = 88


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was found, and what is left to tell of it."""

    text: str
    trusted: bool
    document: dict[str, Any]
    files: list[Path]
    failed: dict[str, Exception]
    more: str = ""


def evidence(
    function: options.UserModels,
    method: options.Method = "auto",
    mcse: options.Mcse = 0.01,
    prior: options.Prior = None,
    potentials: options.Potentials = None,
    improper: options.Improper = None,
    exchangeable: options.Exchangeable = None,
    allow_untrusted: options.AllowUntrusted = False,
    draws: options.Draws = 1000,
    tune: options.Tune = 1000,
    chains: options.Chains = 4,
    seed: options.Seed = None,
    output: options.Output = Path("bayes-leaks-out"),
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Estimate the evidence of your own PyMC models.

    Of one model, gives its log marginal likelihood with an error, and writes evidence.txt and
    evidence.json. Of several, gives Bayes factors and probabilities with their errors, and writes
    table.csv, comparison.txt, comparison.json, comparison.zarr and bayes-factors.png.

    The function is code: it is imported and run.

    \b
    Examples:
      bayes-leaks evidence coin.py:bent
      bayes-leaks evidence coin.py:models --seed 1 --prior fair=10,bent=1
      bayes-leaks evidence my_package.mixtures:two_groups --exchangeable means,weights
    """  # noqa: D301
    from bayes_leaks.settings import check_method, check_settings

    console = Console(quiet=quiet, as_json=json)
    check_settings(draws=draws, tune=tune, chains=chains)
    check_method(method, mcse)
    odds = None if prior is None else read_odds(prior)
    about: dict[str, Any] = {
        "potentials": potentials,
        "shared_improper": [] if improper is None else split(improper, "--improper"),
        "exchangeable": None if exchangeable is None else split(exchangeable, "--exchangeable"),
    }
    settings: dict[str, Any] = about | {
        "mcse": mcse,
        "draws": draws,
        "tune": tune,
        "chains": chains,
        "random_seed": fresh_seed() if seed is None else seed,
    }
    with Progress(quiet=quiet, plain=json) as progress:
        given = read_models(function)
        if isinstance(given, Mapping):
            for option, asked in {
                "--method": method != "auto",
                "--allow-untrusted": allow_untrusted,
            }.items():
                if asked:
                    raise ParameterError(
                        f"{option}: is for one model; {function} gave {len(given)}. Name a "
                        "function that returns one of them."
                    )
            check_models(given, **about)
            outcome = _compare(given, function, odds, settings, output, progress)
        else:
            if odds is not None:
                raise ParameterError(
                    f"--prior: is for several models; {function} gave one. Return them by name, "
                    "such as {'one': model, 'two': other}."
                )
            check_models({function: given}, **about)
            settings |= {"method": method, "allow_untrusted": allow_untrusted}
            outcome = _estimate(given, function, settings, output, progress)
    console.say(outcome.text)
    report_files(console, output, outcome.files, outcome.failed)
    if outcome.more:
        console.say(outcome.more)
    console.document(outcome.document)
    raise typer.Exit(exit_code(trusted=outcome.trusted, failed=outcome.failed))


def _estimate(
    model: "pm.Model", function: str, settings: dict[str, Any], output: Path, progress: Progress
) -> _Outcome:
    """Estimate the evidence of one model."""
    from bayes_leaks.provenance import provenance

    folder = OutputFolder(output)
    with folder.staging() as staging:
        progress.expect([function], pictures=0)
        progress(function, "evidence")
        try:
            found = bl.log_evidence(model, **settings)
        except EvidenceError as error:
            raise ParameterError(
                f"{function}: nothing could be computed by --method {settings['method']}: {error}."
            ) from error
        progress(function, "done")
        text = _text(function, found, allowed=settings["allow_untrusted"])
        described = staging / "evidence.json"
        words = staging / "evidence.txt"
        content = document(
            "evidence",
            function=function,
            trusted=found.trusted,
            evidence=evidence_facts(found),
            provenance=provenance(model=function, record_digest=found.data_digest, **settings),
            **file_facts([described, words], {}),
        )
        words.write_text(text, encoding="utf-8")
        described.write_text(json_text(content) + "\n", encoding="utf-8")
        files = folder.publish(staging)
    return _Outcome(text, found.trusted, content, files, {})


def _compare(
    models: "Models",
    function: str,
    odds: dict[str, float] | None,
    settings: dict[str, Any],
    output: Path,
    progress: Progress,
) -> _Outcome:
    """Compare several models."""
    folder = OutputFolder(output, stores=[STORE])
    with folder.staging() as staging:
        unknown = [name for name, model in models.items() if not isinstance(model, bl.Evidence)]
        progress.expect(unknown, pictures=1)
        result = bl.compare(models, prior_probability=odds, on_stage=progress, **settings)
        failed = draw(pictures_of_comparison(result), staging, progress)
        content = write_comparison(result, staging, failed, command="evidence", function=function)
        files = folder.publish(staging, outdated=pictures_ever_drawn())
    odds_text = ",".join(f"{name}={10 if at == 0 else 1}" for at, name in enumerate(result.names))
    more = (
        f"Other prior odds: --prior {quote(odds_text)}, or in Python\n"
        "  import bayes_leaks as bl\n"
        f"  bl.Comparison.load({str(output / STORE)!r}).with_prior({{...}}).probabilities"
    )
    return _Outcome(result.text, result.trusted, content, files, failed, more)


def _text(function: str, found: "Evidence", *, allowed: bool) -> str:
    """Write the evidence of one model for people."""
    paragraphs = []
    if found.method == "exact":
        paragraphs.append("Nothing is unknown in this model, so the number is its likelihood.")
    elif found.trusted:
        paragraphs.append(
            "The number passed its checks. ± is one Monte Carlo standard error of the "
            "computation; it says nothing about the assumptions."
        )
    elif allowed:
        paragraphs.append("A check failed. The number is shown because you asked for it.")
    else:
        paragraphs.append(
            "A check failed, so the number is withheld; --allow-untrusted shows it nevertheless."
        )
    if found.improper:
        paragraphs.append(
            f"The prior of {', '.join(found.improper)} is improper: the number has an arbitrary "
            "constant, and only its ratio to that of a model with the same prior means something."
        )
    paragraphs.append(
        "By itself it says little. To compare models of the same data, return them by name: "
        "{'one': model, 'two': other}."
    )
    lines = [
        f"Model     {function}",
        f"Data      digest {found.data_digest or 'not known'}",
        "",
        f"Log evidence: {found!r}",
        *(
            fill(f"not trusted: {reason}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
            for reason in found.reasons
        ),
        *("\n" + fill(paragraph, _WIDTH) for paragraph in paragraphs),
    ]
    return "\n".join(lines) + "\n"
