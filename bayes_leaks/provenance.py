"""Where a result came from: versions, seed, data, command."""

import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version

_PACKAGES = ("bayes-leaks", "pymc", "pytensor", "nutpie", "numba", "arviz", "numpy", "xarray")


def provenance(**facts: object) -> dict[str, str]:
    """Collect what is needed to make a result again, as attributes that can be stored.

    Parameters
    ----------
    **facts : object
        What the caller knows: seed, digest of the data, settings.

    Returns
    -------
    dict of str to str
    """
    versions = {f"version_{package.replace('-', '_')}": version(package) for package in _PACKAGES}
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "command": " ".join(sys.argv),
        **versions,
        **{name: str(value) for name, value in facts.items()},
    }
