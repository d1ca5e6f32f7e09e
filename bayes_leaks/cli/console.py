"""What goes to stdout and what to stderr."""

import json
from dataclasses import dataclass
from typing import Any

import typer


@dataclass(frozen=True, slots=True)
class Console:
    """The two streams of a command.

    Parameters
    ----------
    quiet : bool
        No text for people, except of failures.
    as_json : bool
        Stdout is for one JSON document alone.
    """

    quiet: bool = False
    as_json: bool = False

    def say(self, text: str) -> None:
        """Write text for people."""
        if not self.quiet:
            typer.echo(text, err=self.as_json)

    def warn(self, text: str) -> None:
        """Write of a failure, whatever was asked for."""
        typer.echo(f"bayes-leaks: {text}", err=True)

    def document(self, document: dict[str, Any]) -> None:
        """Write the JSON document, where it was asked for."""
        if self.as_json:
            typer.echo(json_text(document))


def json_text(document: dict[str, Any]) -> str:
    """Write a document as strict JSON, without NaN."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
