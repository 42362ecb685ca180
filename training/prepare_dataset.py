"""Make the data to train on: dataset/ -> training/prepared_data/. `--help` says more."""

# Any Python must be able to read this file, to be told by enter() that it is too old.
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import environment

environment.enter()

from madorizu.app import cli

if __name__ == "__main__":
    cli.main(["prepare"] + sys.argv[1:])
