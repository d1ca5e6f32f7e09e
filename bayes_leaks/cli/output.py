"""The output folder: files are gathered in a hidden folder inside it and moved together."""

import os
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bayes_leaks.errors import ParameterError


class OutputFolder:
    """A folder whose files appear whole and together, or stay as they were.

    Parameters
    ----------
    path : Path
        Made where it is missing. Files in it that are not this command's are left alone.
    stores : collection of str
        Names of the zarr stores that will be written.

    Raises
    ------
    ParameterError
        If files cannot be written there, or a store would replace something else.
    """

    def __init__(self, path: Path, stores: Collection[str] = ()) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ParameterError(
                f"--output: {str(path)!r} cannot be made ({error.strerror}). Give another folder."
            ) from None
        if not os.access(path, os.W_OK | os.X_OK):
            raise ParameterError(
                f"--output: {str(path)!r} cannot be written to. Give another folder."
            )
        for name in stores:
            store = path / name
            if store.exists() and not (store / "zarr.json").is_file():
                raise ParameterError(
                    f"--output: {str(store)!r} exists and is not a stored result. Move it away, or "
                    "give another folder."
                )

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give a folder to write to; it is gone afterwards, whatever happened."""
        with TemporaryDirectory(dir=self.path, prefix=".bayes-leaks-") as folder:
            new = Path(folder) / "new"
            new.mkdir()
            yield new

    def publish(self, staging: Path, outdated: Collection[str] = ()) -> list[Path]:
        """Move everything from the staging folder into place.

        Parameters
        ----------
        staging : Path
        outdated : collection of str
            Files an earlier run may have left; those that are not new are removed, so that no
            picture stands beside the numbers of another run.

        Returns
        -------
        list of Path
            The files, in place.
        """
        replaced = staging.with_name("replaced")
        replaced.mkdir()
        names = sorted(item.name for item in staging.iterdir())
        with _interrupts_ignored():
            for name in names:
                target = self.path / name
                # A folder that is not empty cannot be replaced in one step.
                if target.is_dir():
                    target.rename(replaced / name)
                (staging / name).replace(target)
            for name in set(outdated) - set(names):
                (self.path / name).unlink(missing_ok=True)
        return [self.path / name for name in names]


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let Ctrl-C not part the files of two runs; moving them takes milliseconds."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
