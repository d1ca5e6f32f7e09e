"""Exit codes, and the one place where errors become exit codes."""

from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from bayes_leaks.errors import (
    ModelFileError,
    ParameterError,
    RecordError,
    StoredResultError,
    UnsupportedRecordError,
)


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    """An unexpected error, shown with its traceback, or a picture that could not be drawn."""
    USAGE = 2
    INVALID = 3
    """The record, a model file or a stored result is invalid."""
    NOT_TRUSTED = 4
    """Finished, but an estimate or a self-check did not pass."""
    INTERRUPTED = 130


class Commands(TyperGroup):
    """The commands, ending with the exit code that says how they ended.

    Errors that are not ours pass through: Python shows their traceback and exits with 1.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            message, code = "interrupted; files of an earlier run are as they were.", "INTERRUPTED"
        except ParameterError as error:
            usage = f"{ctx.command_path} {ctx.invoked_subcommand} --help"
            message, code = f"{error}\nSee {usage}.", "USAGE"
        except (
            RecordError,
            ModelFileError,
            UnsupportedRecordError,
            StoredResultError,
        ) as error:
            message, code = str(error), "INVALID"
        typer.echo(f"bayes-leaks: {message}", err=True)
        raise typer.Exit(ExitCode[code])
