import io
from contextlib import redirect_stderr

import pytest

from bayes_leaks.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return Terminal()


def work(progress: Progress) -> None:
    progress.expect(["random", "defect"], pictures=1)
    for stage in ("compiling", "sampling", "evidence", "done"):
        for name in ("random", "defect"):
            progress(name, stage)
    progress.drawing("timeline.png")


def test_one_bar_in_a_terminal(terminal: Terminal) -> None:
    with redirect_stderr(terminal), Progress() as progress:
        progress.expect(["random", "defect"], pictures=1)
        progress("random", "compiling")
        progress("defect", "compiling")
        assert progress._bar is not None
        (task,) = progress._bar.tasks
        assert task.description == "compiling (kept for the next run): random, defect"
        assert (task.completed, task.total) == (0, 7)
        progress("random", "sampling")
        assert task.description == "compiling (kept for the next run): defect; sampling: random"
        assert task.completed == 1
        work(progress)
        assert task.completed == 6
        assert task.description == "drawing timeline.png"
    assert terminal.getvalue()


def test_plain_lines_where_asked_for(terminal: Terminal) -> None:
    with redirect_stderr(terminal), Progress(plain=True) as progress:
        work(progress)
    lines = terminal.getvalue().splitlines()
    assert lines[:3] == [
        "random: compiling (kept for the next run)",
        "defect: compiling (kept for the next run)",
        "random: sampling",
    ]
    assert lines[-1] == "drawing timeline.png"
    assert "\x1b" not in terminal.getvalue()


def test_quiet(terminal: Terminal) -> None:
    with redirect_stderr(terminal), Progress(quiet=True) as progress:
        work(progress)
    assert terminal.getvalue() == ""
