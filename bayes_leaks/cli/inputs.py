"""From the options of a command to a record and hypotheses."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import bayes_leaks as bl
from bayes_leaks.errors import ParameterError

if TYPE_CHECKING:
    from bayes_leaks.hypotheses import Hypothesis
    from bayes_leaks.record import LeakHistory

CHANNELS = ("timing",)


def check_channels(channels: str) -> None:
    """Refuse channels of evidence that do not exist.

    Parameters
    ----------
    channels : str
        Names, separated by commas.

    Raises
    ------
    ParameterError
    """
    unknown = [name for name in split(channels, "--channels") if name not in CHANNELS]
    if unknown:
        raise ParameterError(
            f"--channels: {', '.join(map(repr, unknown))} is not available. Only 'timing' is: when "
            "and which asset leaked, not what the damage looked like."
        )


def read_history(
    assets: Path | None,
    events: Path | None,
    start: str | None,
    end: str | None,
    until: str | None,
    batches: str | None,
    nauka: bool,
) -> "LeakHistory":
    """Read the record that the options ask for: the user's own, or the shipped one.

    Parameters
    ----------
    assets, events : Path or None
    start, end, until, batches : str or None
    nauka : bool

    Returns
    -------
    LeakHistory

    Raises
    ------
    ParameterError
        If options contradict each other, or a date or rule is not allowed.
    RecordError
        If the files are invalid.
    """
    own = {"--events": events, "--start": start, "--end": end}
    shipped = {"--batches": batches, "--nauka": nauka or None}
    if assets is None:
        _refuse(own, "for your own record: give --assets too. The shipped one takes --until")
        asked = {"until": until, "batches": batches}
        given = {name: value for name, value in asked.items() if value is not None}
        return bl.load_iss(nauka=nauka, **given)
    _refuse(shipped, "for the shipped record only. Put batches into the column 'batch' of --assets")
    if events is None:
        raise ParameterError(
            "--events: is missing. Give the leaks; a file with only the header asset_id,time says "
            "that nothing leaked."
        )
    history = bl.LeakHistory.from_csv(assets, events, start, end)
    return history if until is None else history.until(until)


def _refuse(options: Mapping[str, object], reason: str) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        verb = "is" if len(given) == 1 else "are"
        raise ParameterError(f"{', '.join(given)} {verb} {reason}.")


def split(text: str, option: str) -> list[str]:
    """Split a list of names.

    Parameters
    ----------
    text : str
        Names, separated by commas.
    option : str
        For the message.

    Returns
    -------
    list of str

    Raises
    ------
    ParameterError
        If a name is empty.
    """
    names = [name.strip() for name in text.split(",")]
    if "" in names:
        raise ParameterError(f"{option}: {text!r} has an empty name. Write NAME,NAME,...")
    return names


def read_hypotheses(names: str | None, models: Path | None) -> list["Hypothesis"]:
    """Make the hypotheses that the options ask for.

    Parameters
    ----------
    names : str or None
        Separated by commas; the default hypotheses if None.
    models : Path or None
        Folder of edited model files.

    Returns
    -------
    list of Hypothesis
    """
    if names is None:
        return bl.make_hypotheses(models_dir=models)
    return bl.make_hypotheses(split(names, "--hypotheses"), models_dir=models)


def fresh_seed() -> int:
    """Draw a seed.

    Returns
    -------
    int
        Small enough for every reader of JSON.
    """
    import numpy as np

    return int(np.random.SeedSequence().generate_state(1)[0])
