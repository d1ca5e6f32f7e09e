"""The files of a comparison, whichever command made it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_leaks.cli.console import json_text
from bayes_leaks.cli.documents import comparison_document, file_facts

if TYPE_CHECKING:
    from bayes_leaks.comparison import Comparison

STORE = "comparison.zarr"


def write_comparison(
    result: "Comparison", folder: Path, failed: dict[str, Exception], **more: Any
) -> dict[str, Any]:
    """Write table.csv, comparison.txt, comparison.zarr and comparison.json.

    Parameters
    ----------
    result : Comparison
    folder : Path
        Holds the pictures already.
    failed : dict of str to Exception
        Why pictures failed, by file name.
    **more
        Passed to `comparison_document`.

    Returns
    -------
    dict
        What comparison.json says.
    """
    result.table.to_csv(folder / "table.csv")
    (folder / "comparison.txt").write_text(result.text, encoding="utf-8")
    result.save(folder / STORE)
    described = folder / "comparison.json"
    names = sorted({described, *folder.iterdir()})
    document = comparison_document(result, **more, **file_facts(names, failed))
    described.write_text(json_text(document) + "\n", encoding="utf-8")
    return document


def pictures_ever_drawn() -> list[str]:
    """Name every picture that a comparison may ever have left.

    Returns
    -------
    list of str
        File names.
    """
    from bayes_leaks.comparing import DEFAULT_HYPOTHESES

    names = (*DEFAULT_HYPOTHESES, "competing")
    return ["timeline.png", "bayes-factors.png", *(f"prior-posterior-{name}.png" for name in names)]
