"""What holds the parts together: pins, versions, the layout in the READMEs, the order of imports, sizes."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import madorizu

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "madorizu"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TORCH = ("torch", "diffusers", "peft", "transformers", "accelerate")
MADE_BY_COMMANDS = {"build", "dist", "generated", "htmlcov", "prepared_data", "lora_model", "comparison.png"}


def pyproject() -> dict[str, Any]:
    """The parsed pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(name: str) -> dict[str, str]:
    """The exact versions of a requirements file, with those of the files that it includes."""
    found: dict[str, str] = {}
    path = ROOT / name
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            found |= pins(os.path.normpath(path.parent.relative_to(ROOT) / line[3:]))
        elif line and not line.startswith("#"):
            package, version = line.split("==")
            found[package] = version
    return found


def floors(requirements: list[str]) -> dict[str, str]:
    """{"torch": "2.10"} from ["torch>=2.10"]."""
    return {name: floor for name, floor in (requirement.split(">=") for requirement in requirements)}


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, in its order."""
    return tuple(int(n) for n in re.findall(r"\d+", version))


def third_party(path: Path) -> set[str]:
    """The top-level names that a file imports, without the standard library's and ours."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"madorizu"}


# --- pins ---------------------------------------------------------------------------


@pytest.mark.parametrize(("extra", "file"), [("", "requirements.txt"), ("dev", "requirements-dev.txt")])
def test_every_dependency_is_pinned_at_or_above_its_floor(extra: str, file: str) -> None:
    """The pins cover pyproject.toml, so that one can be read for the other."""
    project = pyproject()["project"]
    wanted = floors(project["optional-dependencies"][extra] if extra else project["dependencies"])
    exact = pins(file)
    assert wanted.keys() <= exact.keys()
    assert [name for name, floor in wanted.items() if numbers(exact[name]) < numbers(floor)] == []


def test_training_takes_the_same_pins() -> None:
    """`cd training && pip3 install -r requirements.txt` installs what the root's file names."""
    assert pins("training/requirements.txt") == pins("requirements.txt")
    assert pins("requirements.txt")["torch"] == "2.13.0"


def test_torchvision_is_no_dependency() -> None:
    """A torchvision that does not match torch breaks the import of transformers, peft and diffusers."""
    everything = pins("requirements-dev.txt")
    assert "torchvision" not in everything
    installed = {d.name for d in metadata.distributions()}
    required = {n for name in everything if name in installed for n in metadata.requires(name) or [] if ";" not in n}
    assert not any(n.startswith("torchvision") for n in required)


def test_what_the_package_imports_is_what_it_depends_on() -> None:
    """No import without its dependency or the extras "learn" and "ifc", no dependency without its import."""
    providers = metadata.packages_distributions()
    names = {name for path in SOURCES for name in third_party(path)}
    imported = {re.sub(r"[-_.]+", "-", providers[name][0]).lower() for name in names}
    project = pyproject()["project"]
    extras = project["optional-dependencies"]
    declared = floors([*project["dependencies"], *extras["learn"], *extras["ifc"]]).keys()
    assert imported == set(declared)


# --- versions and words -------------------------------------------------------------


def test_the_changelog_begins_with_this_version() -> None:
    """The newest section is of the version that the package says it is."""
    sections = re.findall(r"^## \[(.+?)\] - \d{4}-\d{2}-\d{2}$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert sections[0] == madorizu.__version__
    assert sections == sorted(sections, key=numbers, reverse=True)


def tree(readme: str) -> dict[str, set[str]]:
    """Read the layout of a README: folder -> names in it, "" for the root.

    A line is an indent of two blanks per level and a name, then its description; a name
    such as `src/madorizu/` stands for the folder at its end.
    """
    block = re.search(r"```text\n(README\.md.*?)```", (ROOT / readme).read_text(), re.S)
    assert block is not None
    found: dict[str, set[str]] = {}
    path: list[str] = []
    for line in block[1].splitlines():
        name = line.split()[0].rstrip("/")
        level = (len(line) - len(line.lstrip())) // 2
        path = [*path[:level], name]
        found.setdefault("/".join(path[:-1]), set()).add(name)
    return found


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_layout_in_the_readmes_is_the_folder(readme: str) -> None:
    """Each folder whose contents are listed has exactly those; nothing that commands make counts."""
    for folder, names in tree(readme).items():
        entries = [entry for entry in (ROOT / folder).iterdir() if not entry.name.startswith((".", "__"))]
        # git knows no empty folders.
        there = {e.name for e in entries if e.is_file() or any(f.suffix != ".pyc" for f in e.rglob("*.*"))}
        listed = {name.split("/")[0] for name in names}
        assert listed == there - MADE_BY_COMMANDS - {"py.typed"}, folder or "root"


def test_links_in_the_guides_lead_somewhere() -> None:
    """Every relative link of every Markdown file names a file that is there."""
    broken = []
    for page in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_script_can_be_run() -> None:
    """Shell scripts have a run bit and parse."""
    scripts = [ROOT / "run_tests.sh", ROOT / ".ci" / "run", ROOT / "training" / "start_training.sh"]
    scripts += [p for p in (ROOT / "scripts").iterdir() if p.is_file() and p.read_bytes()[:15] == b"#!/usr/bin/env "]
    for script in scripts:
        assert os.access(script, os.X_OK), script
        if "bash" in script.read_text().splitlines()[0]:
            subprocess.run(["bash", "-n", script], check=True)


# --- the order of imports -----------------------------------------------------------


def test_the_contract_about_torch_names_every_room() -> None:
    """A new room beside diffusion and learn is under the contract as soon as it exists."""
    contracts = pyproject()["tool"]["importlinter"]["contracts"]
    (contract,) = (c for c in contracts if "torch" in c.get("forbidden_modules", ()))
    rooms = {p.stem for p in PACKAGE.glob("[a-z]*.py")} | {p.parent.name for p in PACKAGE.glob("[a-z]*/__init__.py")}
    assert set(contract["source_modules"]) == {f"madorizu.{room}" for room in rooms - {"diffusion", "learn"}}
    assert set(contract["forbidden_modules"]) == set(TORCH)


def test_all_rooms_but_diffusion_and_learn_work_without_torch() -> None:
    """Every other module can be imported where torch and its kin are not installed."""
    names = [".".join(p.relative_to(ROOT / "src").with_suffix("").parts) for p in SOURCES]
    heavy = (".diffusion", ".learn", "__main__")
    rest = [n.removesuffix(".__init__") for n in names if not any(part in n for part in heavy)]
    code = (
        "import importlib, sys\n"
        f"for name in {TORCH!r}: sys.modules[name] = None\n"
        f"for name in {rest!r}: importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_importing_the_package_does_nothing() -> None:
    """`import madorizu` brings no third-party module, so the command line starts quickly."""
    code = "import sys, madorizu; print(sorted(n for n in sys.modules if n in ('numpy', 'torch', 'cv2', 'typer')))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


# --- sizes --------------------------------------------------------------------------


def test_modules_and_functions_stay_readable() -> None:
    """A module has at most 600 lines, a function at most 60 without its docstring."""
    too_long = []
    for path in SOURCES:
        text = path.read_text()
        if text.count("\n") > 600:
            too_long.append(f"{path.name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                lines = (node.end_lineno or 0) - first.lineno + 1
                if lines > 60:
                    too_long.append(f"{path.name}: {node.name} has {lines} lines")
    assert too_long == []
