"""How a run ended: its files, the pictures that failed, and its exit code."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from traceback import format_exception

from bayes_leaks.cli.console import Console
from bayes_leaks.cli.exits import ExitCode


def report_files(
    console: Console, folder: Path, files: Sequence[Path], failed: Mapping[str, Exception]
) -> None:
    """Say where the files are, and which pictures failed and why.

    Parameters
    ----------
    console : Console
    folder : Path
    files : sequence of Path
    failed : mapping of str to Exception
    """
    console.say(f"Files in {folder}: {', '.join(file.name for file in files)}")
    for name, error in failed.items():
        console.warn(f"{name} could not be drawn; all other files are complete.")
        console.warn("".join(format_exception(error)).rstrip())


def exit_code(*, trusted: bool, failed: Mapping[str, Exception]) -> ExitCode:
    """Choose the exit code of a run that came to its end.

    A picture that failed outweighs an estimate that is not trusted: the document and the text
    still tell of both.

    Parameters
    ----------
    trusted : bool
    failed : mapping of str to Exception

    Returns
    -------
    ExitCode
    """
    if failed:
        return ExitCode.FAILED
    return ExitCode.DONE if trusted else ExitCode.NOT_TRUSTED
