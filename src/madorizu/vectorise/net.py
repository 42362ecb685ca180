"""The net that reads drawings, run by OpenCV: no torch."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources

import cv2
import numpy as np
import numpy.typing as npt

from madorizu.errors import PlanError
from madorizu.vectorise.answer import Answer, answer_of

FOLDER = "tracer"  # in assets
NET_FILE, CARD_FILE = "tracer.onnx", "tracer.json"


def ask(pixels: npt.NDArray[np.uint8]) -> Answer:
    """Read a window of the lattice.

    Args:
        pixels: uint8, (side, side, 3), RGB; a half module is 16 px, sides are multiples of 64.

    Raises:
        PlanError: if the net that ships with the package is damaged.
    """
    blob = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    net = _load()
    net.setInput(blob)
    return answer_of(net.forward()[0])


@cache
def _load() -> cv2.dnn.Net:
    folder = resources.files("madorizu") / "assets" / FOLDER
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        data = (folder / NET_FILE).read_bytes()
    except (OSError, ValueError) as error:
        raise PlanError(f"the net that reads drawings must be in the package, got {error}", _HINT) from error
    if hashlib.sha256(data).hexdigest() != card.get("sha256"):
        raise PlanError(f"{NET_FILE} must have the hash of its card, got another one", _HINT)
    return cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))


_HINT = "it is damaged; reinstall madorizu"
