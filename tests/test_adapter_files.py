"""Adapters as files: written and read back in every format, merged, and refused when they are bad."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import tiny
from madorizu.app import cli
from madorizu.diffusion import adapter, bases, device, geometry, lora_file, merge, portable, tensor_file
from madorizu.diffusion.lora_file import Module
from madorizu.errors import AdapterError, ModelError, SettingsError

Q = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
TEXT = "text_encoder.encoder.layers.1.self_attn.q_proj"
RECORD = {"size_px": 64, "style": "atelier", "step": 7, "settings": {"rank": 2}}


def unet_of(base: bases.Base, **more: Any) -> Any:
    """Load a base's UNet with a LoRA that changes something: rank 2, alpha 8, the default targets."""
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig

    targets = ["to_q", "to_k", "to_v", "to_out.0"]
    with device.hushed(), torch.random.fork_rng():
        torch.manual_seed(3)
        unet = UNet2DConditionModel.from_pretrained(base.folder, subfolder="unet", **base.loading)
        unet.add_adapter(LoraConfig(**{"r": 2, "lora_alpha": 8.0, "target_modules": targets, **more}))
        for name, parameter in unet.named_parameters():
            if ".lora_B." in name:
                torch.nn.init.normal_(parameter, std=0.3)
    return unet


def saved(folder: Path, base: bases.Base, unet: Any, **more: Any) -> Path:
    """Write a UNet's LoRA as training does."""
    folder.mkdir(parents=True)
    adapter.save(folder, unet, base, RECORD, **more)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> bases.Base:
    """A tiny base."""
    return bases.resolve(str(tiny.tiny_base(tmp_path_factory.mktemp("base") / "model")))


@pytest.fixture(scope="module")
def unet(base: bases.Base) -> Any:
    """Its UNet with a LoRA."""
    return unet_of(base)


@pytest.fixture(scope="module")
def final(base: bases.Base, unet: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The adapter's folder, with the run's settings above it."""
    out = tmp_path_factory.mktemp("lora_model")
    (out / adapter.RUN_SETTINGS).write_text(json.dumps({"base": str(base.folder)}))
    return saved(out / "final", base, unet)


def deltas(unet: Any) -> dict[str, torch.Tensor]:
    """Return what PEFT itself would add to each weight."""
    named = unet.named_modules()
    return {f"unet.{name}": m.get_delta_weight("default") for name, m in named if hasattr(m, "get_delta_weight")}


def run(*arguments: str) -> int:
    """Run the command and return its exit status."""
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    return int(caught.value.code or 0)


# --- formats ---------------------------------------------------------------------------


def test_kohya_tensors_by_hand() -> None:
    """Dots become underscores, and alpha is the scale times the rank."""
    found = lora_file.to_kohya({"unet.mid_block.attentions.0.proj_in": Module(torch.ones(2, 3), torch.ones(5, 2), 4.0)})
    key = "lora_unet_mid_block_attentions_0_proj_in"
    assert {name: tuple(t.shape) for name, t in found.items()} == {
        f"{key}.lora_down.weight": (2, 3),
        f"{key}.alpha": (),
        f"{key}.lora_up.weight": (5, 2),
    }
    assert found[f"{key}.alpha"].item() == 8.0


def test_a_change_by_hand() -> None:
    """Half of up times down; and DoRA keeps the direction of each row and takes the length it was given."""
    module = Module(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]), 0.5)
    assert module.delta().tolist() == [[1.5, 3.0], [2.0, 4.0]]
    weight = torch.tensor([[1.5, 1.0], [-2.0, -1.0]])
    assert module.changed(weight).tolist() == [[3.0, 4.0], [0.0, 3.0]]
    assert module.changed(weight, 0.0).tolist() == weight.tolist()
    dora = Module(module.down, module.up, 0.5, torch.tensor([10.0, 1.0]))
    assert dora.changed(weight).tolist() == [[6.0, 8.0], [0.0, 1.0]]


@pytest.mark.parametrize("form", lora_file.FORMATS)
def test_every_format_gives_the_same_change(
    form: str, final: Path, base: bases.Base, unet: Any, tmp_path: Path
) -> None:
    """Exported and read back, each weight's change is PEFT's own, alpha four times the rank."""
    out = tmp_path / ("plan" if form == "peft" else "plan.safetensors")
    files = portable.export(final, form, out)
    found, _ = lora_file.load(files[0], geometry.layers(base.folder))
    wanted = deltas(unet)
    assert set(found) == set(wanted) and len(found) == tiny.MODULES
    for path, module in found.items():
        assert module.scale == 4.0
        torch.testing.assert_close(module.delta(), wanted[path])


def test_real_loaders_take_the_exports(final: Path, base: bases.Base, unet: Any, tmp_path: Path) -> None:
    """diffusers from the diffusers file and PEFT from the PEFT folder: the weight's change is the trained one."""
    from diffusers import StableDiffusionPipeline, UNet2DConditionModel
    from peft import PeftModel

    (file,) = portable.export(final, "diffusers", tmp_path / "plan.safetensors")
    portable.export(final, "peft", tmp_path / "plan")
    wanted = deltas(unet)
    with device.hushed():
        pipe = StableDiffusionPipeline.from_pretrained(base.folder, **base.loading)
        pipe.load_lora_weights(file)
        plain = UNet2DConditionModel.from_pretrained(base.folder, subfolder="unet", **base.loading)
    name = next(iter(pipe.unet.peft_config))
    for path, module in pipe.unet.named_modules():
        if hasattr(module, "get_delta_weight"):
            torch.testing.assert_close(module.get_delta_weight(name), wanted.pop(f"unet.{path}"))
    assert not wanted
    from_folder = PeftModel.from_pretrained(plain, tmp_path / "plan")
    for path, module in from_folder.base_model.model.named_modules():
        if hasattr(module, "get_delta_weight"):
            torch.testing.assert_close(module.get_delta_weight("default"), deltas(unet)[f"unet.{path}"])


def test_equal_trainings_give_equal_files(final: Path, base: bases.Base, unet: Any, tmp_path: Path) -> None:
    """No date and no order that changes: every file has the same bytes."""
    again = saved(tmp_path / "final", base, unet)
    for path in sorted(final.iterdir()):
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_ranks_and_scales_of_single_modules_are_kept(base: bases.Base, tmp_path: Path) -> None:
    """Patterns of rank and alpha, and rsLoRA: alpha 8 at rank 4 is a scale of 4."""
    options = {"rank_pattern": {"to_q": 4}, "alpha_pattern": {"to_v": 3.0}, "use_rslora": True}
    unet = unet_of(base, **options)
    folder = saved(tmp_path / "final", base, unet)
    found, _ = lora_file.load(folder / adapter.KOHYA_WEIGHTS, geometry.layers(base.folder))
    assert found[Q].rank == 4 and found[Q].scale == 4.0
    for path, delta in deltas(unet).items():
        torch.testing.assert_close(found[path].delta(), delta)
    (file,) = portable.export(folder, "diffusers", tmp_path / "d.safetensors", base=str(base.folder))
    for path, module in lora_file.load(file, geometry.layers(base.folder))[0].items():
        torch.testing.assert_close(module.delta(), deltas(unet)[path])


def test_a_dora_s_one_file_is_in_diffusers_names(base: bases.Base, tmp_path: Path) -> None:
    """So that its lengths are not lost, and the picture is the trained one."""
    unet = unet_of(base, use_dora=True)
    folder = saved(tmp_path / "final", base, unet)
    found, _ = lora_file.load(folder / adapter.KOHYA_WEIGHTS, geometry.layers(base.folder))
    assert all(module.magnitude is not None for module in found.values())
    matches = portable.verify(folder, ("diffusers", "peft"), str(base.folder))
    assert [one.whole for one in matches] == [True, True]
    layer = unet.get_submodule(Q.removeprefix("unet."))
    plain = layer.base_layer.weight.detach().clone()
    layer.merge()
    torch.testing.assert_close(found[Q].changed(plain), layer.base_layer.weight.detach())


def test_a_text_encoder_is_kept_beside(base: bases.Base, unet: Any, tmp_path: Path) -> None:
    """Its modules are in the one file, and PEFT's two files in a folder of their own."""
    from peft import LoraConfig
    from transformers import CLIPTextModel

    with device.hushed():
        encoder = CLIPTextModel.from_pretrained(base.folder, subfolder="text_encoder", **base.loading)
    encoder.add_adapter(LoraConfig(r=2, lora_alpha=4.0, target_modules=["q_proj", "out_proj"]))
    folder = saved(tmp_path / "final", base, unet, text_encoder=encoder)
    found, _ = lora_file.load(folder / adapter.KOHYA_WEIGHTS, geometry.layers(base.folder))
    assert len(found) == tiny.MODULES + 4 and found[TEXT].scale == 2.0
    assert "lora_te_text_model_encoder_layers_1_self_attn_q_proj.alpha" in load_file(folder / adapter.KOHYA_WEIGHTS)
    assert set(adapter.read(folder).record["files"]) >= {"text_encoder/adapter_model.safetensors"}
    assert set(portable.load(folder, geometry.layers(base.folder))) == set(found)
    peft = tmp_path / "peft"
    portable.export(folder, "peft", peft, base=str(base.folder))
    assert set(portable.load(peft, geometry.layers(base.folder))) == set(found)
    (folder / "text_encoder" / "adapter_model.safetensors").unlink()
    with pytest.raises(AdapterError, match="must be complete, got no text_encoder/adapter_model"):
        adapter.read(folder)


def test_words_tell_no_captions_and_no_paths(final: Path, base: bases.Base, tmp_path: Path) -> None:
    """Unless they are asked for; then as sd-scripts writes them."""
    data = tiny.prepared(tmp_path / "secret_data")
    (plain,) = portable.export(final, "kohya", tmp_path / "a.safetensors", half=True)
    (told,) = portable.export(final, "kohya", tmp_path / "b.safetensors", captions=data)
    with safe_open(plain, "pt") as file:
        words = file.metadata()
        assert file.get_tensor(next(k for k in file.keys() if "lora_down" in k)).dtype == torch.float16  # noqa: SIM118
    assert words["madorizu.base_fingerprint"] == bases.fingerprint(base.folder) and words["ss_steps"] == "7"
    assert "floor plan," not in str(words) and "secret" not in str(words) and str(base.folder) not in str(words)
    with safe_open(told, "pt") as file:
        more = file.metadata()
    assert json.loads(more["ss_tag_frequency"])["secret_data"]["floor plan"] == 5
    assert json.loads(more["ss_dataset_dirs"]) == {"secret_data": {"n_repeats": 1, "img_count": 5}}
    assert more["sshs_model_hash"] != words["sshs_model_hash"] and len(more["sshs_legacy_hash"]) == 8
    with pytest.raises(AdapterError, match="captions must go into a kohya file"):
        portable.export(final, "diffusers", tmp_path / "c.safetensors", captions=data)
    with pytest.raises(AdapterError, match="format must be one of kohya, diffusers, peft"):
        portable.export(final, "onnx", tmp_path / "c.safetensors")
    with pytest.raises(SettingsError, match="out must be a new folder"):
        portable.export(final, "peft", tmp_path)


def test_an_export_of_an_export_keeps_its_base(final: Path, base: bases.Base, tmp_path: Path) -> None:
    """A lone kohya file still says on what it was trained."""
    (one,) = portable.export(final, "kohya", tmp_path / "a.safetensors")
    (two,) = portable.export(one, "kohya", tmp_path / "b.safetensors", base=str(base.folder))
    assert portable.fingerprint_of(two) == bases.fingerprint(base.folder)


def test_the_hash_is_of_the_bytes_behind_the_training_s_words() -> None:
    """By hand: A1111 finds the file by it."""
    tensors = {"a.alpha": torch.tensor(1.0)}
    data = lora_file.with_hashes(tensors, {"ss_v2": "True", "modelspec.title": "x"})
    length = struct.unpack("<Q", data[:8])[0]
    words = json.loads(data[8 : 8 + length])["__metadata__"]
    assert words["sshs_model_hash"] == hashlib.sha256(data[8 + length :]).hexdigest()


# --- merging ---------------------------------------------------------------------------


def test_a_merged_pipeline_draws_what_base_and_adapter_draw(final: Path, base: bases.Base, tmp_path: Path) -> None:
    """Plain diffusers loads the folder, without a LoRA, and gives the same picture."""
    from diffusers import StableDiffusionPipeline

    assert portable.merge_into(final, base, tmp_path / "whole") == tiny.MODULES
    images = []
    with device.hushed():
        for folder, lora in ((base.folder, final), (tmp_path / "whole", None)):
            pipe = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True)
            if lora is not None:
                pipe.load_lora_weights(lora, weight_name=adapter.KOHYA_WEIGHTS)
            pipe.set_progress_bar_config(disable=True)
            generator = torch.Generator().manual_seed(1)
            images.append(pipe("plan", num_inference_steps=2, output_type="np", generator=generator).images)
    assert abs(images[0] - images[1]).max() < 1e-4
    told = json.loads((tmp_path / "whole" / merge.RECORD).read_text())
    assert told["base"]["fingerprint"] == bases.fingerprint(base.folder) and told["modules"] == tiny.MODULES
    made = bases.resolve(str(tmp_path / "whole"))
    assert bases.fingerprint(made.folder) != bases.fingerprint(base.folder)


def test_a_half_precision_base_stays_one_and_is_rounded_once(final: Path, base: bases.Base, tmp_path: Path) -> None:
    """Computed in float32; strength 0 gives the base's own weights back."""
    half = bases.resolve(str(tiny.tiny_base(tmp_path / "half", dtype=torch.float16)))
    portable.merge_into(final, half, tmp_path / "whole")
    portable.merge_into(final, half, tmp_path / "same", strength=0.0)
    name = "unet/diffusion_pytorch_model.safetensors"
    old, new, same = (load_file(folder / name) for folder in (half.folder, tmp_path / "whole", tmp_path / "same"))
    lora, _ = lora_file.load(final / adapter.KOHYA_WEIGHTS, geometry.layers(base.folder))
    key = f"{Q.removeprefix('unet.')}.weight"
    assert torch.equal(new[key], (old[key].float() + lora[Q].delta()).half())
    assert all(torch.equal(old[key], same[key]) for key in old)


def test_merging_into_another_base_is_refused(final: Path, base: bases.Base, tmp_path: Path) -> None:
    """By its fingerprint; a file that does not say needs a word from the user."""
    other = bases.resolve(str(tiny.tiny_base(tmp_path / "other", seed=9)))
    with pytest.raises(AdapterError, match="must be merged into the base it was trained on"):
        portable.merge_into(final, other, tmp_path / "x")
    lora, _ = lora_file.load(final / adapter.KOHYA_WEIGHTS, geometry.layers(base.folder))
    (silent,) = lora_file.write(lora, tmp_path / "silent.safetensors", "kohya", {})
    with pytest.raises(AdapterError, match="must say what it was trained on.*--unchecked"):
        portable.merge_into(silent, base, tmp_path / "x")
    assert not (tmp_path / "x").exists()
    assert portable.merge_into(silent, base, tmp_path / "x", unchecked=True) == tiny.MODULES
    with pytest.raises(SettingsError, match="out must be a new folder, got .*x, which is in use"):
        portable.merge_into(silent, base, tmp_path / "x", unchecked=True)


def test_a_sum_that_its_format_cannot_hold_is_refused(base: bases.Base, tmp_path: Path) -> None:
    """An infinity in fp16 is found before the folder appears."""
    half = bases.resolve(str(tiny.tiny_base(tmp_path / "half", dtype=torch.float16)))
    shape = geometry.layers(base.folder)[Q].shape
    module = Module(torch.full((1, shape[1]), 300.0), torch.full((shape[0], 1), 300.0), 1.0)
    with pytest.raises(AdapterError, match=r"must be finite, got values that torch\.float16 cannot hold"):
        merge.merge({Q: module}, half, tmp_path / "x")
    with pytest.raises(AdapterError, match="must fit a weight of"):
        merge.merge({Q: Module(torch.ones(1, 3), torch.ones(3, 1), 1.0)}, half, tmp_path / "x")
    with pytest.raises(AdapterError, match=r"in all of its 1 modules, got 0.*no weight unet\.nowhere"):
        merge.merge({"unet.nowhere": module}, half, tmp_path / "x")
    assert not (tmp_path / "x").exists()


# --- bad files -------------------------------------------------------------------------


def header(words: Mapping[str, Any]) -> bytes:
    """Return a file that is only a header."""
    text = json.dumps(words).encode()
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "must be a whole safetensors file, got 0 bytes"),
        (b"hello", "must be a whole safetensors file, got 5 bytes"),
        (struct.pack("<Q", 2**40) + b"{}", "must be a whole safetensors file"),
        (b"PK\x03\x04" + bytes(200), "got a pickle.*take a .safetensors copy"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j" + bytes(200), "got a pickle"),
        (header({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}), "must be whole, got .* of .* bytes"),
        (header({"a": {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 4]}}), "header must be whole"),
        (header({"a": {"dtype": "X9", "shape": [], "data_offsets": [0, 4]}}), "header must be whole"),
        (header({"a": {"dtype": "U8", "shape": [], "data_offsets": [4, 5]}}), "header must be whole.*gap"),
        (header({"a": 3}), "header must be whole"),
        (header({"__metadata__": {"a": 3}}), "header must be whole.*not text"),
        (struct.pack("<Q", 100_000) + b"[" * 100_000, "header must be whole"),
        (header({}), "must hold a LoRA, got none among 0 tensors"),
    ],
)
def test_a_file_that_is_none_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    """Cut off, a pickle, a lie about lengths, nested without end: each by its reason, and nothing is loaded."""
    (tmp_path / "a.safetensors").write_bytes(data)
    with pytest.raises(AdapterError, match=words):
        portable.verify(tmp_path / "a.safetensors", ("kohya",))


def test_a_header_s_size_is_limited(tmp_path: Path) -> None:
    """A bomb of words is refused by its length, before it is read."""
    text = json.dumps({"__metadata__": {"a": "x" * (17 * 2**20)}}).encode()
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(AdapterError, match="header must be at most 16777216 bytes"):
        portable.verify(tmp_path / "a.safetensors", ("kohya",))


def test_a_header_that_begins_like_a_pickle_is_read(tmp_path: Path) -> None:
    """640 bytes are 80 02 00 …, as an old pickle begins."""
    for size in (640, 896):
        text = json.dumps({"__metadata__": {"a": ""}}).encode().ljust(size)
        (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", size) + text)
        assert tensor_file.header(tmp_path / "a.safetensors", "adapter").entries == {}


def test_a_cut_off_adapter_is_refused(final: Path, tmp_path: Path) -> None:
    """However much of it is missing."""
    data = (final / adapter.KOHYA_WEIGHTS).read_bytes()
    for length in (7, 100, len(data) // 2, len(data) - 1):
        (tmp_path / "a.safetensors").write_bytes(data[:length])
        with pytest.raises(AdapterError, match=r"must be (a )?whole"):
            portable.verify(tmp_path / "a.safetensors", ("kohya",))
    with pytest.raises(AdapterError, match="must be there, got no"):
        portable.verify(tmp_path / "b.safetensors", ("kohya",), "sd21-base")
    with pytest.raises(AdapterError, match="must be a file, or a folder with"):
        portable.verify(tmp_path / "..", ("kohya",), "sd21-base")


def test_values_that_are_not_finite_are_refused(final: Path, base: bases.Base, unet: Any, tmp_path: Path) -> None:
    """On the way out of training, and on the way into anything else."""
    tensors = load_file(final / adapter.KOHYA_WEIGHTS)
    first = next(name for name in sorted(tensors) if name.endswith("up.weight"))
    tensors[first][0, 0] = float("nan")
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(AdapterError, match=f"weights must be finite, got NaN or infinity in 1 of .*first is {first}"):
        portable.verify(tmp_path / "a.safetensors", ("kohya",), str(base.folder))
    with pytest.raises(AdapterError, match="weights must be finite"):
        portable.export(tmp_path / "a.safetensors", "peft", tmp_path / "b", base=str(base.folder))
    tensors[first][0, 0] = 0.0
    save_file(tensors | {first.replace("lora_up.weight", "alpha"): torch.ones(2)}, tmp_path / "a.safetensors")
    with pytest.raises(AdapterError, match="alpha must be one finite number"):
        portable.verify(tmp_path / "a.safetensors", ("kohya",), str(base.folder))
    weight = unet.get_submodule(Q.removeprefix("unet.")).lora_B["default"].weight
    kept = weight.detach().clone()
    weight.data[0, 0] = float("inf")
    try:
        with pytest.raises(AdapterError, match="weights must be finite"):
            saved(tmp_path / "final", base, unet)
    finally:
        weight.data.copy_(kept)


def test_an_adapter_of_another_model_is_not_exported(final: Path, tmp_path: Path) -> None:
    """Its modules have the names of SD 2.1 in part, and other shapes."""
    with pytest.raises(AdapterError, match="must fit the model in all of its 32 modules, got 0.*must fit a layer"):
        portable.export(final, "kohya", tmp_path / "a.safetensors", base="sd21-base")


def test_records_and_configs_that_are_bombs_are_refused(final: Path, tmp_path: Path) -> None:
    """By size and by depth; and a record names no file outside of its folder."""
    copy = Path(shutil.copytree(final, tmp_path / "final"))
    record = json.loads((copy / adapter.RECORD).read_text())
    (copy / adapter.RECORD).write_text("[" * 100_000)
    with pytest.raises(AdapterError, match="must be whole"):
        adapter.read(copy)
    (copy / adapter.RECORD).write_text(" " * (2**20 + 1))
    with pytest.raises(AdapterError, match="must be at most 1048576 bytes"):
        adapter.read(copy)
    (copy / adapter.RECORD).write_text(json.dumps(record | {"files": {"../../x": "0"}}))
    with pytest.raises(AdapterError, match=r"must be complete, got no \.\./\.\./x"):
        adapter.read(copy)
    (copy / adapter.RECORD).unlink()
    for text, words in (("[" * 100_000, "must be JSON"), (" " * (2**20 + 1), "at most 1 MiB")):
        (copy / adapter.PEFT_CONFIG).write_text(text)
        with pytest.raises(AdapterError, match=words):
            portable.verify(copy / adapter.PEFT_WEIGHTS, ("peft",))


def test_a_tensor_of_another_shape_than_announced_is_a_fault(tmp_path: Path) -> None:
    """The writer lays the file out before it has the tensors; a dtype that the format has not is refused."""
    with (tmp_path / "a").open("wb") as out, pytest.raises(ModelError, match="must be .*got F32"):
        tensor_file.write(out, {"a": ("F32", (2,))}, {}, lambda name: torch.zeros(3))
    with pytest.raises(ModelError, match="must be of a dtype that safetensors knows"):
        tensor_file.to_bytes({"a": torch.zeros(1, dtype=torch.complex64)}, {})


def test_written_files_are_read_by_safetensors(tmp_path: Path) -> None:
    """Every dtype, an empty tensor, a scalar; the widest lie first."""
    kinds = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool)
    tensors = {str(kind): torch.ones(3, dtype=kind) for kind in kinds} | {
        "0": torch.zeros(0, 4),
        "1": torch.tensor(2.0),
    }
    (tmp_path / "a").write_bytes(tensor_file.to_bytes(tensors, {"b": "2", "a": "間"}))
    found = load_file(tmp_path / "a")
    assert set(found) == set(tensors) and all(torch.equal(found[name], tensors[name]) for name in tensors)
    with safe_open(tmp_path / "a", "pt") as file:
        assert file.metadata() == {"a": "間", "b": "2"}


# --- the commands ----------------------------------------------------------------------


def test_verify_counts_and_its_status_tells(final: Path, base: bases.Base, capsys: pytest.CaptureFixture[str]) -> None:
    """Each loader gets the folder's file that is for it; one that does not match all makes the status 1."""
    asked = ["--as", "comfyui", "--as", "diffusers", "--as", "peft", "--as", "kohya"]
    assert run("adapter", "verify", str(final), *asked) == 0
    assert capsys.readouterr().out.count("32 of 32 modules, scale 4") == 4
    assert run("adapter", "verify", str(final / adapter.PEFT_WEIGHTS), "--as", "kohya", "--json") == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["loader"], row["matched"], row["modules"], row["whole"]) == ("kohya", 0, 32, False)


def test_export_and_merge_print_what_they_wrote(
    final: Path, base: bases.Base, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The paths on stdout, for the next program; a bad file is two lines on stderr."""
    assert run("adapter", "export", str(final), "--to", "kohya", "--out", str(tmp_path / "a.safetensors")) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'a.safetensors'}\n"
    merged = ["adapter", "merge", str(tmp_path / "a.safetensors"), "--base", str(base.folder)]
    assert run(*merged, "--out", str(tmp_path / "whole")) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'whole'}: 32 weights changed\n"
    assert run("adapter", "verify", str(tmp_path / "none.safetensors")) == 1
    assert capsys.readouterr().err.startswith("error: adapter must be there, got no")
