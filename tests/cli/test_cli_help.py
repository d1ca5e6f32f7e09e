import re
import subprocess
import sys
from importlib.metadata import version

import pytest

COMMANDS = ("compare", "evidence", "fit", "check", "simulate", "doctor")
HEAVY = ("numpy", "pandas", "scipy", "pymc", "pytensor", "nutpie", "arviz_base", "matplotlib")


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_every_help_has_an_example(invoke, command: tuple[str, ...]) -> None:
    result = invoke(*command, "--help")
    assert result.exit_code == 0
    _, _, examples = re.split(r"(Examples?:\n)", result.stdout, maxsplit=1)
    assert re.match(r" +bayes-leaks \w", examples)


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_name_options_that_exist(invoke, command: str) -> None:
    text = invoke(command, "--help").stdout
    examples, declared = text.split("Options:")
    used = set(re.findall(r"--[a-z]+", examples))
    assert used <= set(re.findall(r"^ +(--[a-z]+)", declared, flags=re.MULTILINE))


def test_help_lists_the_commands_whole(invoke) -> None:
    listed = invoke("--help").stdout.split("Commands:")[1]
    assert [line.split()[0] for line in listed.strip().splitlines()] == list(COMMANDS)
    assert "..." not in listed


def test_version(invoke) -> None:
    assert invoke("--version").stdout == f"bayes-leaks {version('bayes-leaks')}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["compare", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom bayes_leaks.cli.main import run\n"
        f"sys.argv = ['bayes-leaks', *{arguments!r}]\n"
        "try:\n    run()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("heavy: []\n")


def test_no_arguments_show_the_help(invoke) -> None:
    result = invoke()
    assert result.exit_code == 2
    assert "Commands:" in result.output
