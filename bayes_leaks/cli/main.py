"""The program ``bayes-leaks``.

Modules of the command line import nothing heavy at their top: `bayes_leaks` itself is lazy, and
the rest is imported by the command that needs it, so that ``--help`` answers at once.
"""

from typing import Annotated

import typer

import bayes_leaks as bl
from bayes_leaks.cli.check import check
from bayes_leaks.cli.compare import compare
from bayes_leaks.cli.doctor import doctor
from bayes_leaks.cli.evidence import evidence
from bayes_leaks.cli.exits import Commands
from bayes_leaks.cli.fit import fit
from bayes_leaks.cli.simulate import simulate

app = typer.Typer(
    name="bayes-leaks",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for command in (compare, evidence, fit, check, simulate, doctor):
    app.command()(command)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"bayes-leaks {bl.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Was that cluster of failures a coincidence? Competing explanations, compared.

    \b
    Exit codes:
      0    done
      1    unexpected error, with its traceback; or a picture could not be drawn
      2    wrong use: an option or a value is not allowed
      3    the record or a model file is invalid
      4    finished, but an estimate is not trusted, or a self-check failed
      130  interrupted; files of an earlier run are as they were

    \b
    Examples:
      bayes-leaks compare
      bayes-leaks evidence my_models.py:models
    """  # noqa: D301


def run() -> None:
    """Run the program; the entry point of the installed command."""
    app()
