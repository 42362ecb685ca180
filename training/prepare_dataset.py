"""Make the data to train on: dataset/ -> training/prepared_data/. `--help` says more."""

# Any Python must be able to read this file, to be told by enter() that it is too old.
import argparse
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import environment

environment.enter()

from pathlib import Path

from madorizu import dataset
from madorizu.errors import MadorizuError


def options(arguments):
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Check, caption, scale and split floor plan images for training.",
        epilog="Exit status: 0 done, 1 nothing was written and the message says why.",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(ROOT, "dataset"),
        help="PNG or JPEG files, each with a JSON (or a caption in a .txt); default: the repository's dataset/",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(ROOT, "training", "prepared_data"),
        help="the prepared folder; default: training/prepared_data",
    )
    parser.add_argument("--seed", type=int, default=0, help="which houses are for validation; default 0")
    parser.add_argument(
        "--validation", type=float, default=0.1, help="share of images for validation, 0 to 0.5; default 0.1"
    )
    parser.add_argument("--size", type=int, default=512, help="side in px: 512, or 768 for sd21; default 512")
    parser.add_argument("--strict", action="store_true", help="write nothing if any file is refused")
    return parser.parse_args(arguments)


def main(arguments=None):
    """Prepare a folder, print the report, return the exit status."""
    given = options(arguments)
    for stream in (sys.stdout, sys.stderr):  # a name that a terminal cannot show must not end the run
        stream.reconfigure(errors="backslashreplace")
    try:
        report = dataset.prepare(
            given.folder,
            given.out,
            seed=given.seed,
            validation=given.validation,
            size_px=given.size,
            strict=given.strict,
        )
    except MadorizuError as error:
        sys.stderr.write("prepare_dataset: " + str(error) + "\n")
        return 1
    sys.stdout.write(report.to_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
