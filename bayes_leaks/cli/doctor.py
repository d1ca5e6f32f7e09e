"""``bayes-leaks doctor``: whether this installation is in order."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import typer

import bayes_leaks as bl
from bayes_leaks.cli import options
from bayes_leaks.cli.console import Console
from bayes_leaks.cli.documents import document
from bayes_leaks.cli.exits import ExitCode

_PACKAGES = ("pymc", "pytensor", "nutpie", "numba", "arviz", "numpy", "xarray", "zarr")


def doctor(json: options.Json = False, quiet: options.Quiet = False) -> None:
    """Show versions and run a short self-check.

    Also shows where compiled models are kept and where model files are. The self-check compares
    some numbers with exact ones.

    \b
    Example:
      bayes-leaks doctor
    """  # noqa: D301
    console = Console(quiet=quiet, as_json=json)
    facts = _facts()
    width = max(map(len, facts))
    console.say("\n".join(f"{name:<{width}}  {value}" for name, value in facts.items()))
    console.say("\nSelf-check (about ten seconds)")
    from bayes_leaks.cli.self_check import self_check

    checks = []
    for result in self_check():
        checks.append(result)
        verdict = "ok" if result.passed else "FAILED"
        console.say(
            f"  {verdict:<7}{result.check}: {result.found:.9f}, exactly {result.expected:.9f}"
        )
    healthy = all(result.passed for result in checks)
    if not healthy:
        console.warn(
            "the self-check failed: do not trust results of this installation. Compare the "
            "versions above with those in pyproject.toml."
        )
    console.document(
        document(
            "doctor",
            healthy=healthy,
            facts=facts,
            checks=[
                {
                    "check": result.check,
                    "found": result.found,
                    "expected": result.expected,
                    "tolerance": result.tolerance,
                    "passed": result.passed,
                }
                for result in checks
            ],
        )
    )
    raise typer.Exit(ExitCode.DONE if healthy else ExitCode.NOT_TRUSTED)


def _facts() -> dict[str, Any]:
    import joblib
    from pytensor.configdefaults import config

    from bayes_leaks.hypotheses.model_file import shipped_models_dir

    history = bl.load_iss()
    return {
        "bayes-leaks": bl.__version__,
        "python": platform.python_version(),
        **{package: _version(package) for package in _PACKAGES},
        "cores": joblib.cpu_count(),
        "compile cache": str(config.base_compiledir),
        "model files": str(shipped_models_dir()),
        "shipped record": f"{history.n_assets} assets, {history.n_events} leaks",
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
