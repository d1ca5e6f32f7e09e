"""Exceptions by cause.

Every class also subclasses the built-in it specialises, so a caller can catch either.
"""

from collections.abc import Sequence


class BayesLeaksError(Exception):
    """Base of every error this package raises on purpose."""


class RecordError(BayesLeaksError, ValueError):
    """The leak record is invalid.

    Parameters
    ----------
    problems : sequence of str
        Every problem found, each a complete sentence that names the table, row and column.

    Attributes
    ----------
    problems : tuple of str
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"the record has {count} problem{'s' if count != 1 else ''}:"
        super().__init__("\n".join([head, *(f"  - {problem}" for problem in self.problems)]))


class ModelFileError(BayesLeaksError, ValueError):
    """A model file is missing, cannot be parsed, or holds something that is not allowed."""


class ParameterError(BayesLeaksError, ValueError):
    """A value given for a model parameter or a function argument is not allowed."""


class UnsupportedRecordError(BayesLeaksError, ValueError):
    """The record is valid, but this hypothesis cannot be computed exactly on it."""


class EvidenceError(BayesLeaksError, ArithmeticError):
    """A marginal likelihood could not be computed."""


class StoredResultError(BayesLeaksError, OSError):
    """A stored result cannot be read or written."""
