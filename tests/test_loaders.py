"""What five programs make of a LoRA file: names, scales, shapes, and what they leave out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
import torch

from madorizu.diffusion import geometry, loaders, lora_file, lora_header, tensor_file
from madorizu.diffusion.geometry import Layer
from madorizu.diffusion.lora_file import Module
from madorizu.errors import AdapterError, BaseModelError

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
Q = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
OUT = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0"
TEXT = "text_encoder.encoder.layers.3.self_attn"


@pytest.fixture(scope="module")
def sd21() -> Mapping[str, Layer]:
    """The layers of Stable Diffusion 2.1."""
    return geometry.layers()


def lora(
    sd21: Mapping[str, Layer], *paths: str, rank: int = 4, scale: float = 2.0, dora: bool = False
) -> lora_file.Lora:
    """Make a LoRA of ones."""
    made = {}
    for path in paths:
        shape = sd21[path].shape
        up = torch.ones(shape[0], rank, *[1] * (len(shape) - 2))
        made[path] = Module(torch.ones(rank, *shape[1:]), up, scale, torch.ones(shape[0]) if dora else None)
    return made


def seen(file: Path, sd21: Mapping[str, Layer]) -> dict[str, tuple[int, int]]:
    """Return matched modules and modules by loader."""
    found = lora_header.read(file)
    made = {name: loaders.match(name, found, sd21) for name in loaders.LOADERS}
    return {name: (len(one.scales), one.modules) for name, one in made.items()}


def test_sd21_has_128_attention_layers(sd21: Mapping[str, Layer]) -> None:
    """The guide's number, from configs alone, and two shapes by hand."""
    assert sum(path.startswith("unet.") and path.endswith(ATTENTION) for path in sd21) == 128
    assert sum(path.startswith("text_encoder.") for path in sd21) == 23 * 6
    assert (sd21[Q].shape, sd21[OUT].shape) == ((320, 320), (1280, 1280))


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("conv_in", "input_blocks.0.0"),
        ("down_blocks.0.attentions.0.proj_in", "input_blocks.1.1.proj_in"),
        ("down_blocks.0.downsamplers.0.conv", "input_blocks.3.0.op"),
        ("down_blocks.2.resnets.1.conv2", "input_blocks.8.0.out_layers.3"),
        ("mid_block.attentions.0.transformer_blocks.0.ff.net.2", "middle_block.1.transformer_blocks.0.ff.net.2"),
        ("mid_block.resnets.1.time_emb_proj", "middle_block.2.emb_layers.1"),
        ("up_blocks.0.upsamplers.0.conv", "output_blocks.2.1.conv"),
        ("up_blocks.1.upsamplers.0.conv", "output_blocks.5.2.conv"),
        ("up_blocks.3.attentions.2.proj_out", "output_blocks.11.1.proj_out"),
        ("time_embedding.linear_2", "time_embed.2"),
        ("somewhere.else", ""),
    ],
)
def test_old_names_by_hand(new: str, old: str) -> None:
    """The layout of the first release, as its checkpoints name it."""
    assert geometry.old_name(new, 2) == old


def test_a_base_without_its_configs_is_refused(tmp_path: Path) -> None:
    """The layers come from two configs, which must be there and of the family."""
    with pytest.raises(BaseModelError, match=r"got no unet/config\.json"):
        geometry.layers(tmp_path)
    for part in ("unet", "text_encoder"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "config.json").write_text('{"block_out_channels": [1], "down_block_types": ["Nothing"]}')
    with pytest.raises(BaseModelError, match="configs must be those of a Stable Diffusion"):
        geometry.layers(tmp_path)


def test_a_kohya_file_is_matched_by_four(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """All 128 by ComfyUI, A1111, sd-scripts and diffusers, with the scale of alpha over rank."""
    paths = [path for path in sd21 if path.startswith("unet.") and path.endswith(ATTENTION)]
    made = lora(sd21, *paths)
    words = lora_file.kohya_words(made, v_prediction=False, size_px=512)
    (file,) = lora_file.write(made, tmp_path / "plan.safetensors", "kohya", words)
    assert seen(file, sd21) == dict.fromkeys(("comfyui", "a1111", "kohya", "diffusers"), (128, 128)) | {
        "peft": (0, 128)
    }
    for name in ("comfyui", "a1111", "kohya", "diffusers"):
        one = loaders.match(name, lora_header.read(file), sd21)
        assert one.whole and set(one.scales.values()) == {2.0}
    assert "it loads folders" in loaders.match("peft", lora_header.read(file), sd21).notes[0]


def test_a_diffusers_file_is_for_diffusers(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """Its metadata tells the scale; without it the scale is 1 and a note says so."""
    made = lora(sd21, Q, OUT, scale=1.5)
    (file,) = lora_file.write(made, tmp_path / "plan.safetensors", "diffusers")
    assert seen(file, sd21) == {
        "comfyui": (0, 2),
        "a1111": (0, 2),
        "kohya": (0, 2),
        "diffusers": (2, 2),
        "peft": (0, 2),
    }
    assert set(loaders.match("diffusers", lora_header.read(file), sd21).scales.values()) == {1.5}
    plain, _ = lora_file.to_diffusers(made)
    file.write_bytes(tensor_file.to_bytes(plain, {"format": "pt"}))
    bare = loaders.match("diffusers", lora_header.read(file), sd21)
    assert set(bare.scales.values()) == {1.0} and "no alpha" in bare.notes[0]


def test_a_peft_folder_is_for_peft(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """Beside its config; ranks and alphas of single modules are found by pattern."""
    made = {**lora(sd21, Q), **lora(sd21, OUT, rank=8, scale=0.5)}
    files = lora_file.write(made, tmp_path / "plan", "peft")
    one = loaders.match("peft", lora_header.read(files[0]), sd21)
    assert one.whole and one.scales == {Q: 2.0, OUT: 0.5}
    assert seen(files[0], sd21)["diffusers"] == (0, 2)


def test_rslora_divides_by_the_root(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """PEFT's own config of an rsLoRA: alpha 8 at rank 4 is a scale of 4, and "all-linear" is every layer."""
    files = lora_file.write(lora(sd21, Q), tmp_path / "plan", "peft")
    config = json.loads(files[1].read_text())
    files[1].write_text(json.dumps(config | {"use_rslora": True, "target_modules": "all-linear"}))
    assert loaders.match("peft", lora_header.read(files[0]), sd21).scales == {Q: 4.0}


def test_old_attention_names_load_in_comfyui(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """What diffusers wrote in 2023 goes through `processor`; to_out has no number there."""
    name = OUT.replace(".to_out.0", ".processor.to_out")
    tensors = {f"{name}_lora.down.weight": torch.ones(4, 1280), f"{name}_lora.up.weight": torch.ones(1280, 4)}
    (tmp_path / "old.safetensors").write_bytes(tensor_file.to_bytes(tensors, {}))
    found = seen(tmp_path / "old.safetensors", sd21)
    assert (found["comfyui"], found["diffusers"], found["kohya"], found["a1111"]) == ((1, 1), (1, 1), (0, 1), (0, 1))


def test_a1111_hides_files_that_say_the_wrong_thing(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """No words at all are shown; any words without ss_v2 make it a file of SD 1."""
    tensors = lora_file.to_kohya(lora(sd21, Q))
    for words, shown in (({}, True), ({"ss_v2": "True"}, True), ({"format": "pt"}, False), ({"ss_v2": "true"}, False)):
        (tmp_path / "a.safetensors").write_bytes(tensor_file.to_bytes(tensors, words))
        one = loaders.match("a1111", lora_header.read(tmp_path / "a.safetensors"), sd21)
        assert (len(one.scales), one.whole) == (1, shown)
    sdxl = {"ss_base_model_version": "sdxl_base"}
    (tmp_path / "a.safetensors").write_bytes(tensor_file.to_bytes(tensors, sdxl))
    assert "makes it SDXL" in loaders.match("a1111", lora_header.read(tmp_path / "a.safetensors"), sd21).notes[0]


def test_a1111_changes_an_attention_of_the_text_encoder_whole_or_not(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """Its one module holds q, k, v and out; three of them are left aside."""
    four = [f"{TEXT}.{name}_proj" for name in ("q", "k", "v", "out")]
    for paths, matched in ((four, 4), (four[:3], 0)):
        (file,) = lora_file.write(lora(sd21, *paths), tmp_path / "t.safetensors", "kohya", {"ss_v2": "True"})
        found = seen(file, sd21)
        assert (found["a1111"][0], found["comfyui"][0], found["kohya"][0]) == (matched, len(paths), len(paths))


def test_kohya_knows_only_transformers_and_resnets(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """conv_in lies outside of both."""
    (file,) = lora_file.write(lora(sd21, "unet.conv_in", Q), tmp_path / "c.safetensors", "kohya", {"ss_v2": "True"})
    found = seen(file, sd21)
    assert (found["kohya"], found["comfyui"], found["a1111"]) == ((1, 2), (2, 2), (2, 2))


def test_an_alpha_of_nothing(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """Without an alpha every loader takes the rank; sd-scripts takes an alpha of 0 for none."""
    tensors = lora_file.to_kohya(lora(sd21, Q))
    name = f"{loaders.kohya_name(Q)}.alpha"
    for alpha, wanted in ((None, {"kohya": 1.0, "comfyui": 1.0}), (0.0, {"kohya": 1.0, "comfyui": 0.0})):
        kept = {key: t for key, t in tensors.items() if key != name}
        kept |= {} if alpha is None else {name: torch.tensor(alpha)}
        (tmp_path / "a.safetensors").write_bytes(tensor_file.to_bytes(kept, {}))
        file = lora_header.read(tmp_path / "a.safetensors")
        assert {one: loaders.match(one, file, sd21).scales[Q] for one in wanted} == wanted


def test_dora_is_whole_only_in_diffusers_and_peft(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """The others leave its lengths out, so they do not match it in full."""
    made = lora(sd21, Q, dora=True)
    with pytest.raises(AdapterError, match="without DoRA for kohya's format.*diffusers or peft"):
        lora_file.write(made, tmp_path / "k.safetensors", "kohya")
    (file,) = lora_file.write(made, tmp_path / "d.safetensors", "diffusers")
    assert loaders.match("diffusers", lora_header.read(file), sd21).whole
    files = lora_file.write(made, tmp_path / "p", "peft")
    assert loaders.match("peft", lora_header.read(files[0]), sd21).whole
    plain = lora_file.to_kohya(lora(sd21, Q)) | {f"{loaders.kohya_name(Q)}.dora_scale": torch.ones(320, 1)}
    (tmp_path / "k.safetensors").write_bytes(tensor_file.to_bytes(plain, {"ss_v2": "True"}))
    for name in ("comfyui", "a1111", "kohya", "diffusers"):
        one = loaders.match(name, lora_header.read(tmp_path / "k.safetensors"), sd21)
        assert one.scales and not one.whole and "DoRA" in one.notes[0]


@pytest.mark.parametrize(
    ("down", "up", "words"),
    [
        ((4, 640), (320, 4), "must fit a layer of 320 x 320, got 320 x 4 times 4 x 640"),
        ((4, 320), (320, 8), "must fit a layer of 320 x 320, got 320 x 8 times 4 x 320"),
        ((400, 320), (320, 400), "rank must be 1 to 320, the layer's own, got 400"),
        ((0, 320), (320, 0), "rank must be 1 to 320"),
        ((320,), (320, 1), "must have matrices, got shapes"),
    ],
)
def test_matrices_that_do_not_fit_are_not_matched(
    sd21: Mapping[str, Layer], tmp_path: Path, down: tuple[int, ...], up: tuple[int, ...], words: str
) -> None:
    """Wrong shapes and ranks larger than the layer are named."""
    name = loaders.kohya_name(Q)
    tensors = {f"{name}.lora_down.weight": torch.zeros(down), f"{name}.lora_up.weight": torch.zeros(up)}
    (tmp_path / "w.safetensors").write_bytes(tensor_file.to_bytes(tensors, {}))
    one = loaders.match("comfyui", lora_header.read(tmp_path / "w.safetensors"), sd21)
    assert len(one.scales) == 0 and words in one.notes[0]


def test_half_a_module_and_strangers_are_named(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """One matrix without the other, a name of another model, and a tensor that is no LoRA."""
    tensors = lora_file.to_kohya(lora(sd21, Q))
    tensors |= {f"{loaders.kohya_name(OUT)}.lora_down.weight": torch.zeros(4, 1280), "bundle": torch.zeros(1)}
    tensors |= {
        "lora_unet_nowhere.lora_down.weight": torch.zeros(4, 4),
        "lora_unet_nowhere.lora_up.weight": torch.zeros(4, 4),
    }
    (tmp_path / "h.safetensors").write_bytes(tensor_file.to_bytes(tensors, {}))
    file = lora_header.read(tmp_path / "h.safetensors")
    notes = " ".join(loaders.match("comfyui", file, sd21).notes)
    assert "must have two matrices" in notes and "first lora_unet_nowhere" in notes and "first bundle" in notes
    assert "refused" in loaders.match("diffusers", file, sd21).notes[0]
    with pytest.raises(AdapterError, match="loader must be one of comfyui.*got 'invoke'"):
        loaders.match("invoke", file, sd21)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"rank_pattern": {"(a+)+b": 4}}, "must have plain patterns"),
        ({"rank_pattern": {"a" * 500: 4}}, "must have plain patterns"),
        ({"target_modules": "(to_q"}, "must have patterns that are whole"),
        ({"lora_alpha": "much"}, "must give rank and alpha as numbers"),
        ({"lora_alpha": float("nan")}, "must give rank and alpha as numbers"),
    ],
)
def test_a_config_that_means_harm_is_refused(
    sd21: Mapping[str, Layer], tmp_path: Path, config: dict[str, object], words: str
) -> None:
    """Patterns that could run for hours, and words where numbers must be."""
    files = lora_file.write(lora(sd21, Q), tmp_path / "plan", "peft")
    files[1].write_text(json.dumps(json.loads(files[1].read_text()) | config))
    with pytest.raises(AdapterError, match=words):
        loaders.match("peft", lora_header.read(files[0]), sd21)


def test_a_peft_folder_of_another_kind_is_not_matched(sd21: Mapping[str, Layer], tmp_path: Path) -> None:
    """IA3 is no LoRA; other targets and another rank are not what the file holds."""
    files = lora_file.write(lora(sd21, Q), tmp_path / "plan", "peft")
    config = json.loads(files[1].read_text())
    for change in ({"peft_type": "IA3"}, {"target_modules": ["to_k"]}, {"r": 8}):
        files[1].write_text(json.dumps(config | change))
        assert len(loaders.match("peft", lora_header.read(files[0]), sd21).scales) == 0


def test_the_table_of_loaders_cannot_be_changed() -> None:
    """It is data."""
    assert isinstance(loaders.LOADERS, MappingProxyType)
