"""The text side of TOML that the standard library leaves out: line numbers, and writing values."""

from __future__ import annotations

import json
import re
import textwrap

_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_PATH = rf"({_PART}(?:\s*\.\s*{_PART})*)"
_HEADER = re.compile(rf"\s*\[+\s*{_PATH}\s*\]+\s*$")
_KEY = re.compile(rf"\s*{_PATH}\s*=")
_STRING_OR_COMMENT = re.compile(
    r'''
    """(?:\\.|[^\\])*?"{3,5} | \'{3}.*?\'{3,5}  # over several lines, perhaps
    | "(?:\\.|[^"\\\n])*" | \'[^\'\n]*\'
    | \#[^\n]*
    ''',
    re.DOTALL | re.VERBOSE,
)
_WIDTH = 96


class TomlLines:
    """Line numbers of the tables and keys of a TOML text, for messages.

    Follows table headers, keys and multi-line strings. What it does not find (a key of an inline
    table, say) is reported at the line of the nearest table or key around it.

    Parameters
    ----------
    text : str
        The whole text, already known to be valid TOML.

    Examples
    --------
    >>> lines = TomlLines(chr(10).join(['title = "A"', "[parameters.latency]", 'unit = "year"']))
    >>> lines.find("parameters", "latency", "unit"), lines.find("parameters", "latency", "reason")
    (3, 2)
    """

    def __init__(self, text: str) -> None:
        self._line_of: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        bare = _STRING_OR_COMMENT.sub(_without_long_strings_and_comments, text)
        for number, line in enumerate(bare.split("\n"), start=1):
            if header := _HEADER.match(line):
                table = _parts(header[1])
                self._line_of.setdefault(table, number)
            elif key := _KEY.match(line):
                self._line_of.setdefault((*table, *_parts(key[1])), number)

    def find(self, *path: str) -> int | None:
        """Return the line (from 1) of the longest known beginning of `path`, None if none is."""
        while path and path not in self._line_of:
            path = path[:-1]
        return self._line_of.get(path)


def toml_value(value: str | float | tuple[float, ...]) -> str:
    """Return a value as TOML source that reads back as an equal value.

    Texts are one paragraph. A long one is wrapped over several lines in triple quotation marks;
    its reader joins the lines again.

    Parameters
    ----------
    value : str, float or tuple of float

    Examples
    --------
    >>> toml_value("per asset-year"), toml_value(0.02), toml_value((1.0, 2.0))
    ('"per asset-year"', '0.02', '[1.0, 2.0]')
    """
    if isinstance(value, tuple):
        return f"[{', '.join(map(repr, value))}]"
    if not isinstance(value, str):
        return repr(value)
    lines = textwrap.wrap(value, _WIDTH, break_long_words=False, break_on_hyphens=False)
    escaped = [_escape(line) for line in lines]
    if len(escaped) == 1:
        return f'"{escaped[0]}"'
    return "\n".join(['"""', *escaped, '"""'])


def _without_long_strings_and_comments(match: re.Match[str]) -> str:
    found = match[0]
    if found.startswith(('"""', "'''")):
        return "\n" * found.count("\n")
    return "" if found.startswith("#") else found


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))


def _escape(line: str) -> str:
    return json.dumps(line, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007F")
