"""Write the trained net into the package: the ONNX file and its card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from madorizu import files
from madorizu.diffusion.pretrain import snapshots
from madorizu.errors import TrainingError
from madorizu.learn.export import to_onnx
from madorizu.learn.model import Tracer
from madorizu.learn.train import Settings
from madorizu.vectorise.answer import CELL_PX
from madorizu.vectorise.net import CARD_FILE, NET_FILE


def ship(work: Path, out: Path, settings: Settings, notes: dict[str, Any] | None = None) -> Path:
    """Write the moving average of a trained net as `tracer.onnx`, and what it is as `tracer.json`.

    Args:
        work: folder of the training's snapshot.
        out: folder that gets both files; `src/madorizu/assets/tracer` is where the package looks.
        settings: those of the training.
        notes: what else the card tells.

    Raises:
        TrainingError: if there is no snapshot, or it is of another net.
    """
    model = Tracer(settings.widths)
    try:
        model.load_state_dict(snapshots.weights_of(work))
    except RuntimeError as error:
        raise TrainingError(f"snapshot must be of the widths {settings.widths}, got another one") from error
    data = to_onnx(model, settings.window * CELL_PX)
    state = json.loads((work / "state.json").read_text(encoding="utf-8"))
    card = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "steps": state["step"],
        "batch": settings.batch,
        "learning_rate": settings.learning_rate,
        "seed": settings.seed,
        "data": "drawings of this project's own houses, in its corpus's styles and in random ones",
        "licence": "Apache-2.0",
        **(notes or {}),
    }
    files.atomic_bytes(out / NET_FILE, data)
    files.atomic_text(out / CARD_FILE, json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    return out
