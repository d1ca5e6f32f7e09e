"""The page for users of PyMC says what is true: its code runs, and it names every reason."""

import ast
import contextlib
import io
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "own-model.md"
# Exact answers of the conjugate models on the page, in nats.
LOG_EVIDENCE, LOG_FACTOR = -19.134571, 3.328092


def code_blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def reason_codes(source: str) -> set[str]:
    """Codes of reasons: texts of the form ``code: sentence`` outside of exceptions."""
    codes, waiting = set(), [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Raise):
            continue
        waiting += ast.iter_child_nodes(node)
        text = ""
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
            text = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        if found := re.match(r"([a-z]+(?:_[a-z]+)*): \w", text):
            codes.add(found[1])
    return codes


def test_reason_codes_are_found() -> None:
    source = 'x = f"high_k_hat: {k}"\ny = "no_overlap: none."\nraise ValueError("method: wrong")'
    assert reason_codes(source) == {"high_k_hat", "no_overlap"}


def test_the_page_names_every_reason_and_no_other() -> None:
    package = ROOT / "bayes_leaks"
    files = [*(package / "evidence").rglob("*.py"), *(package / "user_model").rglob("*.py")]
    files.append(package / "model_estimator.py")
    given = set().union(*(reason_codes(file.read_text(encoding="utf-8")) for file in files))
    rows = [line.split("|")[1] for line in PAGE.read_text(encoding="utf-8").splitlines()
            if line.startswith("| `") and "transform" not in line]  # fmt: skip
    named = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}
    assert given - named == set(), "not in docs/own-model.md"
    assert named - given == set(), "in docs/own-model.md, but never given"


def test_the_code_of_the_page_runs_and_is_right() -> None:
    scope: dict[str, object] = {}
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        for block in code_blocks(PAGE.read_text(encoding="utf-8")):
            exec(compile(block, str(PAGE), "exec"), scope)
    found, factor = scope["found"], scope["factor"]
    assert found.trusted
    assert abs(found.log_ml - LOG_EVIDENCE) < 4.0 * found.mcse
    assert abs(factor.value - LOG_FACTOR) < 4.0 * factor.mcse
    assert "effect predicted the data" in said.getvalue()
