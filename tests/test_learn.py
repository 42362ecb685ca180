"""Teaching the net that reads drawings, with a net of a few hundred weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from madorizu.diffusion.pretrain import snapshots
from madorizu.errors import DatasetError, TrainingError
from madorizu.learn import examples, export, ship, train
from madorizu.learn.model import Tracer
from madorizu.plan import bounds
from madorizu.vectorise.answer import CHANNELS
from madorizu.vectorise.field import ROOM_CLASSES

TINY = train.Settings(steps=4, batch=2, warmup=1, window=24, widths=(2, 4, 4, 8, 8, 8))


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the drawings of two houses."""
    folder = tmp_path_factory.mktemp("examples")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "PER_FILE", 2)
        assert examples.make(folder, count=2, seed=1) == 1
    return folder


def test_examples_are_two_drawings_of_every_storey(drawings: Path) -> None:
    """Two houses of one or two storeys give four to eight pictures, of 512 px."""
    found = examples.load(drawings)
    assert len(found) % 2 == 0 and 4 <= len(found) <= 8
    picture = cv2.imdecode(found[0].png, cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (512, 512, 3)


def test_examples_made_before_are_kept(drawings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for again, a file that is there is not drawn anew."""
    monkeypatch.setattr(examples, "PER_FILE", 2)
    (path,) = drawings.glob("*.npz")
    before = path.stat().st_mtime_ns
    assert examples.make(drawings, count=2, seed=1) == 1
    assert path.stat().st_mtime_ns == before


def test_no_examples_is_an_error(tmp_path: Path) -> None:
    """An empty folder, or a damaged file in it, says what to do."""
    with pytest.raises(DatasetError, match="examples must lie in"):
        examples.load(tmp_path)
    (tmp_path / "examples-000000.npz").write_bytes(b"half a file")
    with pytest.raises(DatasetError, match="must be a file of examples"):
        examples.load(tmp_path)


def test_a_drawing_lies_right_in_its_window(drawings: Path) -> None:
    """Unworn, the drawn rooms begin where the field says: outside is paper, the outline is not."""
    for example in examples.load(drawings):
        picture, field = examples.shown(example, np.random.default_rng(3), worn=0.0, window=40)
        assert picture.shape == (640, 640, 3)
        rows, columns = np.nonzero(field.rooms)
        top, left = rows.min() * 16, columns.min() * 16
        paper = picture[2, 2].astype(int)
        far = np.abs(picture[: max(top - 24, 1)].astype(int) - paper).max()
        at = np.abs(picture[top - 6 : top + 7, left:].astype(int) - paper).max()
        assert far <= 2 < 30 < at
        assert set(np.unique(field.rooms)) == {0} | {ROOM_CLASSES.index(r.kind) for r in example.plan.rooms}
        width = bounds(c for r in example.plan.rooms for c in r.cells)[2]
        assert columns.max() - columns.min() + 1 == width


def test_batches_follow_from_seed_and_step(drawings: Path) -> None:
    """The same step shows the same, another step something else."""
    found = examples.load(drawings)
    first, again, other = (train.batch_of(found, TINY, step)[0] for step in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_training_lowers_the_loss(drawings: Path, tmp_path: Path) -> None:
    """Twenty steps on few drawings lower the loss of a fixed batch by a third."""
    found = examples.load(drawings)
    settings = replace(TINY, steps=20, learning_rate=1e-2, worn=0.0)
    pictures, targets = train.batch_of(found, settings, 999)
    torch.manual_seed(settings.seed)
    before = train.loss_of(Tracer(settings.widths)(pictures), targets)[0].item()
    assert train.train(found, tmp_path / "work", settings) == 20
    model = Tracer(settings.widths)
    model.load_state_dict(snapshots.weights_of(tmp_path / "work"))
    after = train.loss_of(model(pictures), targets)[0].item()
    assert after < 0.67 * before


def test_resumed_training_equals_one_without_a_break(drawings: Path, tmp_path: Path) -> None:
    """Stopped after two of four steps and gone on with, every weight is the same bit for bit."""
    found = examples.load(drawings)
    train.train(found, tmp_path / "whole", TINY)
    told: list[str] = []
    calls = iter([0.0, 0.0, 0.0, 1e12])  # begun, two steps, then the clock says stop
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("madorizu.learn.train.time", SimpleNamespace(monotonic=lambda: next(calls, 1e12)))
        assert train.train(found, tmp_path / "part", TINY, until=1.0, report=told.append) == 2
    assert train.train(found, tmp_path / "part", TINY) == 4
    for name in ("model", "average", "optimizer"):
        whole, part = ((tmp_path / folder / f"{name}.safetensors").read_bytes() for folder in ("whole", "part"))
        assert whole == part, name


def test_the_onnx_file_answers_as_torch_does() -> None:
    """OpenCV's answer differs from torch's by the rounding of weights, with statistics that are not the first ones."""
    torch.manual_seed(0)
    model = Tracer(TINY.widths)
    for part in model.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            assert part.running_mean is not None and part.running_var is not None
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2.0)
    model.eval()
    pixels = np.random.default_rng(0).random((1, 3, 128, 128), np.float32)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(export.to_onnx(model, 128), np.uint8))
    net.setInput(pixels)
    with torch.no_grad():
        wanted = model(torch.from_numpy(pixels)).numpy()
    assert wanted.shape == (1, CHANNELS, 8, 8)
    assert np.abs(net.forward() - wanted).max() < 2e-3 * np.abs(wanted).max()


def test_shipping_writes_the_net_with_its_hash(drawings: Path, tmp_path: Path) -> None:
    """The card tells the hash of the file beside it, the steps, and what else it is given."""
    import hashlib

    train.train(examples.load(drawings), tmp_path / "work", TINY)
    ship.ship(tmp_path / "work", tmp_path / "out", TINY, {"examples": 8})
    card = json.loads((tmp_path / "out" / "tracer.json").read_text(encoding="utf-8"))
    assert card["steps"] == 4 and card["examples"] == 8
    assert card["sha256"] == hashlib.sha256((tmp_path / "out" / "tracer.onnx").read_bytes()).hexdigest()
    with pytest.raises(TrainingError, match="snapshot must be of the widths"):
        ship.ship(tmp_path / "work", tmp_path / "out", replace(TINY, widths=(4, 4, 4, 8, 8, 8)))
