"""A Bayes factor with its error, its verdict and a word for its strength."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Kass and Raftery (1995): upper ends of 2 ln BF, and the words for the evidence in favour.
_GRADES = (
    (2.0, "not worth more than a bare mention"),
    (6.0, "positive"),
    (10.0, "strong"),
    (math.inf, "very strong"),
)


def grade(log_bayes_factor: float) -> str:
    """Name the strength of evidence after Kass and Raftery (1995).

    Parameters
    ----------
    log_bayes_factor : float
        Natural logarithm; its sign only says which hypothesis is favoured.

    Returns
    -------
    str

    References
    ----------
    Kass and Raftery (1995), Bayes factors, J. Am. Stat. Assoc. 90,
    https://doi.org/10.1080/01621459.1995.10476572

    Examples
    --------
    >>> grade(2.5)
    'positive'
    """
    if math.isnan(log_bayes_factor):
        return "not known"
    return next(words for end, words in _GRADES if 2 * abs(log_bayes_factor) <= end)


@dataclass(frozen=True, slots=True)
class LogBayesFactor:
    """Evidence for one hypothesis over another, in nats.

    Parameters
    ----------
    favoured, against : str
        The value is positive where `favoured` predicted the record better.
    value, mcse : float
        Natural log of the Bayes factor and its Monte Carlo standard error; NaN where an evidence
        is not trusted.
    reasons : sequence of str, optional
        Why there is no number, each ``"code: a sentence for people"``.
    """

    favoured: str
    against: str
    value: float
    mcse: float
    reasons: Sequence[str] = ()

    @property
    def trusted(self) -> bool:
        """Whether every check passed."""
        return not self.reasons and not math.isnan(self.value)

    @property
    def factor(self) -> float:
        """The Bayes factor itself; infinite above e^709."""
        return math.exp(self.value) if self.value < 709.0 else math.inf

    @property
    def log10(self) -> float:
        """The common logarithm of the Bayes factor."""
        return self.value / math.log(10.0)

    @property
    def words(self) -> str:
        """The grade of Kass and Raftery (1995), https://doi.org/10.1080/01621459.1995.10476572."""
        return grade(self.value)

    def __repr__(self) -> str:
        return (
            f"<log Bayes factor of {self.favoured} over {self.against}: {self.value:.3f} "
            f"± {self.mcse:.3f} nats>"
        )
