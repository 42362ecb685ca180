"""The set-up: the environment is made once, found from anywhere, and what is missing is said."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = "import sys; sys.path.insert(0, {scripts!r})\nimport environment\nenvironment.enter()\nprint('went on')\n"


@pytest.fixture
def environment() -> ModuleType:
    """scripts/environment.py, which is no package's module."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "scripts" / "environment.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose dependencies are nowhere, with the scripts of ours."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["surely-not-there>=1.0"]\n')
    (tmp_path / "run.py").write_text(SCRIPT.format(scripts=str(tmp_path / "scripts")))
    return tmp_path


def executable(path: Path, text: str) -> Path:
    """Write a shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, without the virtual environment of these tests."""
    clean = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "MADORIZU_PYTHON", "PYTHONPATH")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean | dict(env or {}),
        capture_output=True,
        text=True,
        check=False,
    )


# --- environment.py -----------------------------------------------------------------


def test_old_pythons_can_read_the_file() -> None:
    """No f-string, annotation, assignment expression or keyword-only argument, and ASCII only."""
    text = (ROOT / "scripts" / "environment.py").read_bytes().decode("ascii")
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr | ast.Match)
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None and not node.args.kwonlyargs
            assert all(arg.annotation is None for arg in node.args.args)


def test_an_old_python_is_told_so(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the version that is needed, the one that runs, and where it lies."""
    old = SimpleNamespace(version_info=(3, 8, 18, "final", 0), executable="/usr/bin/python3")
    monkeypatch.setattr(environment, "sys", old)
    assert environment.fault() == "madorizu needs Python 3.11 or newer, this is 3.8.18 (/usr/bin/python3)"


def test_versions_compare_by_number(environment: ModuleType) -> None:
    """2.13 is newer than 2.9, and a build's name after "+" does not count."""
    assert environment.numbers("2.13.0+cpu") == (2, 13, 0)
    assert environment.numbers("2.13") > environment.numbers("2.9.1")


def test_absent_and_too_old_packages_are_named(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that is missing or under its floor is named as in pyproject.toml, and no other."""

    def version(name: str) -> str:
        if name == "typer":
            raise metadata.PackageNotFoundError(name)
        return "2.9.1" if name == "torch" else "999.0"

    monkeypatch.setattr(metadata, "version", version)
    assert environment.lacking() == ["torch>=2.10", "typer>=0.29"]


def test_this_interpreter_has_all_it_takes(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is missing, enter() goes on in the same process and finds src first."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    environment.enter()
    assert sys.path[0] == str(ROOT / "src")


def test_a_bare_python_changes_into_the_venv(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The .venv's Python gets the same options, script and arguments, in the same folder."""
    executable(repository / ".venv" / "bin" / "python", 'pwd; for a in "$@"; do echo "<$a>"; done')
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    script = repository / "run.py"
    done = run(sys.executable, "-u", script, "--width", "8", "a b", cwd=elsewhere)
    assert done.stdout.split("\n") == [str(elsewhere), "<-u>", f"<{script}>", "<--width>", "<8>", "<a b>", ""]
    assert done.returncode == 0


def test_without_a_venv_the_next_step_is_said(repository: Path) -> None:
    """Exit status 1, what is lacking, and the command that mends it."""
    done = run(sys.executable, "run.py", cwd=repository)
    assert done.returncode == 1
    assert "lacks surely-not-there>=1.0" in done.stderr
    assert str(repository / "scripts" / "install") in done.stderr
    assert "went on" not in done.stdout


def test_a_venv_that_lacks_something_is_not_entered_twice(repository: Path) -> None:
    """A half-made .venv ends in the message, not in a loop."""
    python = repository / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    home = Path(sys._base_executable).parent  # type: ignore[attr-defined]
    (repository / ".venv" / "pyvenv.cfg").write_text(f"home = {home}\n")
    done = run(sys.executable, "run.py", cwd=repository)
    assert done.returncode == 1
    assert f"{python} lacks surely-not-there>=1.0" in done.stderr


def test_as_a_command_it_answers_by_its_status(repository: Path) -> None:
    """Status 0 for this interpreter and this repository, 1 with the reason where something lacks."""
    assert run(sys.executable, ROOT / "scripts" / "environment.py", cwd=repository).returncode == 0
    done = run(sys.executable, "scripts/environment.py", cwd=repository)
    assert (done.returncode, "surely-not-there" in done.stderr) == (1, True)


# --- scripts/python -----------------------------------------------------------------


def test_scripts_python_prefers_the_active_environment(repository: Path, tmp_path: Path) -> None:
    """The active one, then .venv; without either the message names scripts/install."""
    none = executable(tmp_path / "none" / "python3", "exit 1")
    path = {"PATH": f"{none.parent}:/usr/bin:/bin"}
    done = run("scripts/python", cwd=repository, env=path)
    assert (done.returncode, "Run" in done.stderr and "scripts/install once" in done.stderr) == (1, True)
    executable(repository / ".venv" / "bin" / "python", "echo own $PYTHONPATH")
    assert run("scripts/python", cwd=repository, env=path).stdout == f"own {repository / 'src'}\n"
    active = executable(tmp_path / "active" / "bin" / "python", "echo active").parents[1]
    assert run("scripts/python", cwd=repository, env=path | {"VIRTUAL_ENV": str(active)}).stdout == "active\n"


# --- scripts/install ----------------------------------------------------------------

# Stands for the Python of a virtual environment: notes what pip is asked for, and fails
# where the words match $REFUSE. It never has torch.
FAKE = """
case "$*" in *"version('torch')"*) exit 1 ;; esac
case "$1" in -c) exec "$REAL" "$@" ;; esac
echo "$*" | sed 's/--disable-pip-version-check --quiet //' >> "$LOG"
case "$*" in $REFUSE) echo "refused: $*" >&2; exit 1 ;; esac
"""


def install(
    repository: Path, *arguments: str, system: str = "Linux", gpu: bool = False, refuse: str = "-"
) -> list[str]:
    """Run scripts/install in an active environment of the fake Python; return status, words and pip calls."""
    active = repository / "active"
    executable(active / "bin" / "python", FAKE)
    tools = repository / "tools"
    executable(tools / "uname", f"echo {system}")
    executable(tools / "nvidia-smi", "echo 'GPU 0: a card'" if gpu else "exit 9")
    log = repository / "log"
    log.write_text("")
    env = {
        "VIRTUAL_ENV": str(active),
        "PATH": f"{tools}:{os.environ['PATH']}",
        "REAL": sys.executable,
        "LOG": str(log),
        "REFUSE": refuse,
    }
    done = run("scripts/install", *arguments, cwd=repository, env=env)
    calls = [line for line in log.read_text().splitlines() if line != "-m pip --version"]
    return [str(done.returncode), done.stdout + done.stderr, *(call.removeprefix("-m pip install ") for call in calls)]


REST = ["-r requirements.txt", "--no-deps --editable ."]


def test_torch_comes_first_and_as_a_cpu_build(repository: Path) -> None:
    """On Linux without a GPU: a CPU wheel that pip knows, then the requirements, then the package."""
    status, words, *calls = install(repository)
    assert (status, calls) == ("0", ["-c requirements.txt torch==2.13.0+cpu", *REST])
    assert "CPU build of torch==2.13.0" in words and "ready" in words


@pytest.mark.parametrize(("system", "gpu"), [("Linux", True), ("Darwin", False)])
def test_torch_is_the_usual_build_elsewhere(repository: Path, system: str, gpu: bool) -> None:
    """On macOS and beside an NVIDIA GPU."""
    status, _, *calls = install(repository, system=system, gpu=gpu)
    assert (status, calls) == ("0", ["-c requirements.txt torch==2.13.0", *REST])


def test_the_cpu_index_is_asked_next(repository: Path) -> None:
    """Where pip knows no CPU wheel, PyTorch's own index is named."""
    status, _, *calls = install(repository, refuse="*requirements.txt?torch*+cpu")
    assert (status, calls[2:]) == ("0", REST)
    assert calls[1] == "-c requirements.txt --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0+cpu"


def test_plain_pip_is_the_last_resort_and_says_so(repository: Path) -> None:
    """Where there is no CPU build at all, the pin is taken and the size is announced."""
    status, words, *calls = install(repository, refuse="*+cpu")
    assert (status, calls[2:]) == ("0", ["-c requirements.txt torch==2.13.0", *REST])
    assert "gigabytes of CUDA" in words


def test_a_second_run_installs_nothing(repository: Path) -> None:
    """It says so; a changed requirement, or the wish for the tests' tools, installs again."""
    install(repository)
    status, words, *calls = install(repository)
    assert (status, calls) == ("0", [])
    assert "nothing to do" in words
    assert "-r requirements-dev.txt" in install(repository, "--dev")
    assert install(repository)[2:] == []  # the tools of the tests bring all the rest
    with (repository / "requirements.txt").open("a") as file:
        file.write("# changed\n")
    assert "-r requirements.txt" in install(repository)


def test_a_failed_pip_is_explained_and_not_taken_for_done(repository: Path) -> None:
    """The words of pip, what to look at, status 1; the next run tries again."""
    status, words, *_ = install(repository, refuse="*-r?requirements.txt")
    assert status == "1"
    assert "refused:" in words and "pip could not install requirements.txt" in words and "network" in words
    assert install(repository)[2:] != []


def test_an_unknown_option_is_refused(repository: Path) -> None:
    """The message says what there is; --help prints the head of the script."""
    status, words = install(repository, "--prod")
    assert (status, "the only option is --dev, got --prod" in words) == ("1", True)
    status, words = install(repository, "--help")
    assert status == "0" and "NVIDIA" in words and "set -euo" not in words


def test_no_new_enough_python_is_said(repository: Path, tmp_path: Path) -> None:
    """The message names what was found, what is needed, and how to name another."""
    for name in ("python3", "python3.13", "python3.12", "python3.11", "python"):
        executable(tmp_path / "old" / name, '[ "$1" = --version ] && echo "Python 3.8.18" || exit 1')
    done = run("scripts/install", cwd=repository, env={"PATH": f"{tmp_path / 'old'}:/usr/bin:/bin"})
    assert done.returncode == 1
    assert "needs Python 3.11 or newer, found Python 3.8.18" in done.stderr
    assert "MADORIZU_PYTHON=" in done.stderr
    assert not (repository / ".venv").exists()


def test_a_python_without_ensurepip_is_explained(repository: Path, tmp_path: Path) -> None:
    """As Debian ships it: the package to install is named, and no half environment is left."""
    refusal = 'case "$*" in *venv*) mkdir -p .venv; echo ensurepip is not available; exit 1 ;; esac'
    python = executable(tmp_path / "half" / "python3", f'{refusal}\nexec {sys.executable} "$@"')
    done = run("scripts/install", cwd=repository, env={"MADORIZU_PYTHON": str(python)})
    assert done.returncode == 1
    assert "ensurepip is not available" in done.stderr and "apt-get install python3-venv" in done.stderr
    assert not (repository / ".venv").exists()
