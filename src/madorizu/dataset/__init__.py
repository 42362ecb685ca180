"""Pairs of images and descriptions → checked, captioned, split examples for training.

`prepare` turns a folder of PNG or JPEG images with sidecars into a folder that training
and `datasets.load_dataset("imagefolder", ...)` read; `read_prepared` reads it back. Every
image is taken, mended or refused, and the report says why.
"""

from madorizu.dataset.pairs import Pair, find_pairs
from madorizu.dataset.prepare import prepare
from madorizu.dataset.prepared import Example, Prepared, read_prepared
from madorizu.dataset.report import Entry, Report

__all__ = ["Entry", "Example", "Pair", "Prepared", "Report", "find_pairs", "prepare", "read_prepared"]
