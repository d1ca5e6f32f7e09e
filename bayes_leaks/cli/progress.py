"""Progress of a command: one bar in a terminal, otherwise short lines."""

import sys
from collections.abc import Collection
from types import TracebackType
from typing import Self

import typer

_STAGES = ("compiling", "sampling", "evidence", "done")
_WORDS = {
    "compiling": "compiling (kept for the next run)",
    "sampling": "sampling",
    "evidence": "evidence",
}


class Progress:
    """What a command is doing, on stderr.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    plain : bool
        Short lines even in a terminal.
    """

    def __init__(self, *, quiet: bool = False, plain: bool = False) -> None:
        self._quiet = quiet
        self._stages: dict[str, str] = {}
        self._drawn = 0
        self._bar = None
        if not quiet and not plain and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = BarColumn(20), TimeElapsedColumn(), TextColumn("{task.description}")
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("loading", total=None)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def expect(self, names: Collection[str], pictures: int) -> None:
        """Say what is to come.

        Parameters
        ----------
        names : collection of str
            Hypotheses to be fitted.
        pictures : int
            Number of pictures to be drawn.
        """
        if self._bar is not None:
            steps = len(names) * _STAGES.index("done") + pictures
            self._bar.update(self._task, total=steps)

    def __call__(self, name: str, stage: str) -> None:
        """Note that a stage of a fit begins.

        Parameters
        ----------
        name : str
            Hypothesis.
        stage : {"compiling", "sampling", "evidence", "done"}
        """
        self._stages[name] = stage
        running = [
            f"{words}: {', '.join(names)}"
            for at, words in _WORDS.items()
            if (names := [name for name, stage in self._stages.items() if stage == at])
        ]
        self._show(f"{name}: {_WORDS.get(stage, stage)}", "; ".join(running) or "collecting")

    def drawing(self, name: str) -> None:
        """Note that a picture is being drawn.

        Parameters
        ----------
        name : str
            Its file.
        """
        self._show(f"drawing {name}", f"drawing {name}")
        self._drawn += 1

    def _show(self, line: str, description: str) -> None:
        if self._bar is not None:
            fitted = sum(_STAGES.index(stage) for stage in self._stages.values())
            completed = fitted + self._drawn
            self._bar.update(self._task, completed=completed, description=description)
        elif not self._quiet:
            typer.echo(line, err=True)
