"""Captions that people wrote, in a text file beside an image."""

from __future__ import annotations

import math
import re
from pathlib import Path

from madorizu.errors import DatasetError

MAX_TOKENS = 77  # of SD 2's text encoder, with the two marks around a caption
MAX_BYTES = 64 * 1024
_PIECE = re.compile(r"[A-Za-z]+|\d|[^\sA-Za-z\d]")
_LETTERS_PER_TOKEN = 6  # common words are one token, long ones are cut


def read_caption(path: Path) -> str:
    """Read a caption as it is; line breaks and runs of blanks become one blank.

    Raises:
        DatasetError: if it cannot be read, is no UTF-8 text, too long or empty.
    """
    try:
        data = path.read_bytes()
        text = " ".join(data.decode("utf-8-sig").split())
    except OSError as error:
        raise DatasetError(f"{path.name} must be readable, got {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path.name} must be UTF-8 text, got {error.reason}", "save it as UTF-8") from error
    if len(data) > MAX_BYTES or "\0" in text:
        raise DatasetError(f"{path.name} must be a short caption, got {len(data)} bytes", "write one or two sentences")
    if not text:
        raise DatasetError(f"{path.name} must hold a caption, got an empty file", "write what the image shows")
    return text


def token_count(text: str) -> int:
    """Estimate how many tokens a caption takes, with the two marks around it.

    A rough count that needs no tokenizer; letters outside ASCII count by their bytes.
    """
    count = 2
    for piece in _PIECE.findall(text):
        count += math.ceil(len(piece) / _LETTERS_PER_TOKEN) if piece.isascii() else len(piece.encode())
    return count
