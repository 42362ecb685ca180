"""Enter the Python that the set-up made, or say what is missing.

A script that people start with a bare `python3`, from any folder, begins with

    import os, sys
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts"))
    import environment
    environment.enter()

and only then imports madorizu. As a command, `python3 scripts/environment.py` exits
with 0 if that Python has all it takes, else with 1 and the reason.

Standard library only, and no syntax newer than Python 2.7: an old interpreter must be
able to read this file in order to say that it is too old. So must the lines of a script
before `enter()`, and a script whose later lines are newer keeps them in a module that
it imports after `enter()`. Knows nothing of madorizu but its folder and its pyproject.toml.
"""

from __future__ import print_function

import os
import re
import sys

MINIMUM = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
VENV = os.path.join(ROOT, ".venv")


def numbers(version):
    """Turn "2.13.0+cpu" into (2, 13, 0): what an order of versions needs here."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0]))


def lacking():
    """List what this interpreter lacks, as in pyproject.toml ("torch>=2.10"); empty if nothing."""
    import tomllib  # not before 3.11
    from importlib import metadata

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    lacks = []
    for requirement in wanted:
        name, floor = requirement.split(">=")
        try:
            if numbers(metadata.version(name)) >= numbers(floor):
                continue
        except metadata.PackageNotFoundError:
            pass
        lacks.append(requirement)
    return lacks


def fault():
    """Say in one sentence why this interpreter cannot run madorizu; "" if it can."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < MINIMUM:
        return "madorizu needs Python 3.11 or newer, this is %s (%s)" % (version, sys.executable)
    lacks = lacking()
    if lacks:
        return "madorizu is not set up: %s lacks %s" % (sys.executable, ", ".join(lacks))
    return ""


def enter():
    """Go on in this interpreter if it has all it takes, else in the repository's .venv.

    Puts the repository's `src` first on the path. Replaces the process (same arguments,
    same folder) where it has to change the interpreter.

    Raises:
        SystemExit: with a message and status 1 if neither interpreter will do.
    """
    reason = fault()
    if not reason:
        sys.path.insert(0, os.path.join(ROOT, "src"))
        return
    python = os.path.join(VENV, "bin", "python")
    if os.path.exists(python) and os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        sys.stdout.flush()
        sys.stderr.flush()
        # orig_argv (3.10) keeps the interpreter's own options, such as -u.
        os.execv(python, [python] + getattr(sys, "orig_argv", [""] + sys.argv)[1:])
    sys.exit("%s.\nRun this once, it makes %s:\n    %s" % (reason, VENV, os.path.join(ROOT, "scripts", "install")))


if __name__ == "__main__":
    sys.exit(fault() or 0)
