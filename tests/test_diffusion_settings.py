"""Settings of a run: presets, the TOML file, what may change on resume; devices and advice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from madorizu.diffusion import advice, command, device, progress, settings
from madorizu.diffusion.settings import TrainSettings
from madorizu.errors import SettingsError


def test_the_guide_defaults_hold_for_sd21_base() -> None:
    """Rank 4, alpha 4, batch 1, 5 epochs, 5e-5, four targets, 512 px, a checkpoint every 100 steps."""
    full = TrainSettings(base="sd21-base").with_preset("sd21-base", 512)
    assert (full.rank, full.alpha, full.batch_size, full.epochs, full.lr) == (4, 4.0, 1, 5, 5e-5)
    assert full.targets == ("to_q", "to_k", "to_v", "to_out.0")
    assert (full.size, full.checkpoint_every) == (512, 100)


def test_the_embedded_base_takes_the_guides_counts() -> None:
    """5 epochs of batch 1: 72 of 80 images make 360 steps, with checkpoints 100, 200 and 300."""
    full = TrainSettings().with_preset("embedded", 256)
    assert (full.rank, full.alpha, full.batch_size, full.epochs, full.size) == (4, 4.0, 1, 5, 256)
    assert (full.min_snr, full.caption_dropout, full.checkpoint_every) == (5.0, 0.1, 100)


def test_a_given_value_wins_over_the_preset() -> None:
    """A preset fills only what is None; a rank without alpha keeps the scale 1."""
    full = TrainSettings(rank=8, lr=1e-3).with_preset("sd21-base", 512)
    assert (full.rank, full.alpha, full.lr, full.epochs) == (8, 8.0, 1e-3, 5)


@pytest.mark.parametrize("name", list(settings.PRESETS))
def test_every_preset_is_complete(name: str) -> None:
    """No setting of a step is open once a preset is in."""
    full = TrainSettings().with_preset(name, 512)
    open_still = {k for k, v in full.as_dict().items() if v is None}
    derived = {"channels_last", "zero_terminal_snr", "preview_every"}  # from device and model
    assert open_still == {"cache", "steps", "ranks", "alphas", "text_encoder_lr", "masks", "preview_captions"} | derived


def test_all_faults_are_named_at_once() -> None:
    """Every field that breaks its rule is in one message."""
    with pytest.raises(SettingsError, match=r"rank must be at least 1.*lr must be above 0.*caption_dropout.*schedule"):
        TrainSettings(rank=0, lr=-1.0, caption_dropout=2.0, schedule="stairs")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="targets must name at least one"):
        TrainSettings(targets=())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lr": 0.0}, "lr must be above 0, got 0.0"),
        ({"lr": 1e9}, r"lr must be at most 10, got 1e\+09"),
        ({"rank": 0}, "rank must be at least 1, got 0"),
        ({"dropout": 1.0}, "dropout must be 0 or more and under 1, got 1.0"),
        ({"ema": 1.0}, "ema must be 0 or more and under 1, got 1.0"),
        ({"mirror": 1.5}, "mirror must be 0 to 1, got 1.5"),
        ({"ranks": {"mid_block": 0}}, "ranks must be at least 1 by a part of a name, got 'mid_block': 0"),
        ({"alphas": {"mid_block": -1.0}}, "alphas must be above 0 by a part of a name"),
        ({"dora": True, "init": "pissa"}, "init must be gaussian with dora, got 'pissa'"),
        ({"caption_words": True}, "caption_shuffle must be at least 1 with caption_words, got 0"),
        ({"optimizer": "sgd"}, "optimizer must be adamw, adamw8bit, prodigy or schedulefree, got 'sgd'"),
        ({"optimizer": "schedulefree", "schedule": "cosine"}, "schedule must be constant with schedulefree"),
    ],
)
def test_what_no_run_can_use_is_refused(values: dict[str, Any], words: str) -> None:
    """Each with its name, its rule and what was given."""
    with pytest.raises(SettingsError, match=words):
        TrainSettings(**values)


def test_prodigy_begins_at_one() -> None:
    """Its learning rate is a factor on what it finds."""
    assert TrainSettings(optimizer="prodigy").with_preset("sd21-base", 512).lr == 1.0
    assert TrainSettings(optimizer="prodigy", lr=0.5).with_preset("sd21-base", 512).lr == 0.5


def test_dict_and_settings_are_inverse() -> None:
    """What is written as JSON reads back equal, by hand for the kinds that JSON lacks."""
    before = TrainSettings(out=Path("a/b"), targets=("to_q",), steps=3)
    plain = before.as_dict()
    assert (plain["out"], plain["targets"], plain["steps"]) == ("a/b", ["to_q"], 3)
    assert settings.from_dict(plain) == before


def test_toml_is_read_by_tables(tmp_path: Path) -> None:
    """Each table's keys become fields, over the values below."""
    file = tmp_path / "run.toml"
    file.write_text('[run]\nbase = "sd21"\n[lora]\nrank = 8\ntargets = ["to_q"]\n[train]\nlr = 1e-4\n')
    found = settings.from_toml(file, under={"rank": 2, "seed": 5})
    assert (found.base, found.rank, found.targets, found.lr, found.seed) == ("sd21", 8, ("to_q",), 1e-4, 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[trian]\nlr = 1\n", "tables must be run, train, lora, data, output, got 'trian'"),
        ("rank = 4\n", "tables must be .*, got 'rank'"),
        ("[lora]\nrnak = 8\n", r"keys must be known, got lora\.rnak"),
        ("[train]\nrank = 8\n", r"keys must be known, got train\.rank"),
        ("[lora]\nrank = { deep = 8 }\n", r"lora\.rank must be of its kind"),
        ("[lora]\nrank = 4.5\n", r"lora\.rank must be of its kind, got 4\.5"),
        ('[train]\nlr = "fast"\n', r"train\.lr must be of its kind, got 'fast'"),
        ("[run\n", "must be TOML"),
    ],
)
def test_toml_with_a_mistake_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """A key that nobody knows, on any level, is an error and not silence."""
    file = tmp_path / "run.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=words):
        settings.from_toml(file)


def test_a_missing_toml_is_refused(tmp_path: Path) -> None:
    """The file that was named must be there."""
    with pytest.raises(SettingsError, match="settings file must be readable, got No such file"):
        settings.from_toml(tmp_path / "none.toml")


def test_unknown_names_are_refused() -> None:
    """A constant of the script that is no setting is named."""
    with pytest.raises(SettingsError, match="settings must be of .*, got speed"):
        settings.from_dict({"speed": 1})


def test_flags_win_over_toml_over_constants(tmp_path: Path) -> None:
    """Three sources, the later the stronger."""
    file = tmp_path / "run.toml"
    file.write_text("[lora]\nrank = 8\n[train]\nepochs = 7\n")
    constants = {"rank": 2, "epochs": 2, "seed": 2}
    found = command.read(["--config", str(file), "--epochs", "9"], constants=constants)
    assert (found.epochs, found.rank, found.seed) == (9, 8, 2)


def test_every_setting_has_a_flag() -> None:
    """The command line knows all fields; lists and switches have their own form."""
    text = command.parser().format_help()
    for field in TrainSettings.__dataclass_fields__:
        assert f"--{field.replace('_', '-')}" in text
    found = command.read(["--targets", "to_q,to_k", "--gradient-checkpointing", "--max-grad-norm", "0.5"])
    assert (found.targets, found.gradient_checkpointing, found.max_grad_norm) == (("to_q", "to_k"), True, 0.5)


def test_tables_and_lists_have_flags_and_toml(tmp_path: Path) -> None:
    """Ranks by block as pairs, captions parted by semicolons; the same in TOML."""
    found = command.read(["--ranks", "mid_block=8,attn1=2", "--alphas", "mid_block=4", "--preview-captions", "a, b; c"])
    assert (found.ranks, found.alphas) == ({"mid_block": 8, "attn1": 2}, {"mid_block": 4.0})
    assert found.preview_captions == ("a, b", "c")
    file = tmp_path / "run.toml"
    file.write_text(
        "[lora]\nalphas = { mid_block = 4.0 }\n[lora.ranks]\nmid_block = 8\nattn1 = 2\n"
        '[output]\npreview_captions = ["a, b", "c"]\n[data]\nmirror = 0.5\n'
    )
    read = command.read(["--config", str(file)])
    assert (read.ranks, read.alphas, read.preview_captions, read.mirror) == (
        found.ranks,
        found.alphas,
        found.preview_captions,
        0.5,
    )
    assert settings.from_dict(read.as_dict()) == read


def test_a_malformed_pair_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With an example of the right form."""
    with pytest.raises(SystemExit):
        command.read(["--ranks", "mid_block"])
    assert "must be like mid_block=8,attn1=2, got 'mid_block'" in capsys.readouterr().err


def test_a_refused_setting_gives_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    """Bad input is 2, and the message is in words."""
    assert command.main(["--rank", "0"]) == 2
    assert "error: rank must be at least 1, got 0" in capsys.readouterr().err


def test_differences_leave_out_what_may_change() -> None:
    """More epochs continue a run, another rank does not."""
    old = TrainSettings(epochs=1, rank=4).as_dict()
    new = TrainSettings(epochs=9, rank=8).as_dict()
    assert settings.differences(old, new) == ["rank 4 → 8"]
    del old["mirror"]  # written by a version that did not know it
    assert settings.differences(old, new) == ["rank 4 → 8"]
    assert settings.differences(old, new | {"mirror": 0.5}) == ["rank 4 → 8", "mirror 0.0 → 0.5"]


def test_the_cpu_is_fp32_unless_it_has_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """AVX512-BF16 or AMX bring bf16, other CPUs fp32."""
    for flags, wanted in ((frozenset({"avx2"}), "fp32"), (frozenset({"avx512_bf16"}), "bf16")):
        monkeypatch.setattr(device, "_cpu_flags", lambda flags=flags: flags)
        assert device.choose("cpu").dtype == wanted
    assert device.for_sampling("cpu", small=False).dtype == "fp32"


def test_cuda_takes_bf16_where_the_card_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA comes before the CPU; an older card gets fp16."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for able, wanted in ((True, "bf16"), (False, "fp16")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, able=able: able)
        assert device.choose() == device.Device("cuda", wanted)
        assert device.for_sampling("cuda", small=False).dtype == wanted
    assert device.for_sampling("cuda", small=True).dtype == "fp32"


def test_cpu_flags_are_read_from_the_system(tmp_path: Path) -> None:
    """The first CPU's flags; none where the system has no such file."""
    file = tmp_path / "cpuinfo"
    file.write_text("processor : 0\nflags\t\t: fpu avx2 amx_bf16\nprocessor : 1\n")
    assert device._cpu_flags(file) == {"fpu", "avx2", "amx_bf16"}
    assert device._cpu_flags(tmp_path / "none") == frozenset()


@pytest.mark.parametrize(
    ("where", "dtype", "words"),
    [
        ("tpu", "auto", "device must be one of auto, cpu, cuda, mps, got 'tpu'"),
        ("cpu", "int8", "dtype must be one of"),
        ("cpu", "fp16", "dtype must be fp32 or bf16 on cpu, got fp16"),
    ],
)
def test_a_device_that_will_not_do_is_refused(where: str, dtype: str, words: str) -> None:
    """Names and formats are checked before anything is loaded."""
    with pytest.raises(SettingsError, match=words):
        device.choose(where, dtype)


def test_a_missing_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for CUDA without a card is an error, never a quiet CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="device must be present, got 'cuda'"):
        device.choose("cuda")


def test_safe_attention_gives_the_plain_figures() -> None:
    """Self and cross attention agree with diffusers' own processor."""
    from diffusers.models.attention_processor import Attention, AttnProcessor2_0

    torch.manual_seed(0)
    for width in (None, 6):
        attention = Attention(query_dim=8, cross_attention_dim=width, heads=2, dim_head=4)
        tokens, context = torch.randn(2, 5, 8), None if width is None else torch.randn(2, 3, 6)
        plain = AttnProcessor2_0()(attention, tokens, context)
        assert torch.allclose(device.SafeAttention()(attention, tokens, context), plain, atol=1e-6)
    with pytest.raises(SettingsError, match="tokens without a mask"):
        device.SafeAttention()(attention, torch.zeros(1, 8, 2, 2))


def test_advice_on_memory_names_the_cheapest_step_first() -> None:
    """Batch, then checkpointing, then size, then another base."""
    base: dict[str, Any] = {"batch_size": 4, "checkpointing": False, "size_px": 768, "base_name": "sd21"}
    assert "--batch-size 2 --accumulate 2" in advice.smaller(**base)
    base["batch_size"] = 1
    assert "--gradient-checkpointing" in advice.smaller(**base)
    base["checkpointing"] = True
    assert "--dtype bf16" in advice.smaller(**base, half=True)
    assert "--size 512" in advice.smaller(**base)
    base["size_px"] = 512
    assert "--base embedded" in advice.smaller(**base)
    base["base_name"] = "embedded"
    assert "more memory" in advice.smaller(**base)


def test_memory_of_sd21_is_the_computed_one() -> None:
    """865,910,724 weights and 1438 MiB of activations in fp32."""
    needed = advice.needed_bytes(865_910_724, dtype="fp32", size_px=512, batch_size=1, checkpointing=False)
    assert needed == 865_910_724 * 4 + (1438 << 20)


def test_advice_on_speed_names_the_reason() -> None:
    """A CPU build beside a card, a big model on a CPU, checkpointing; nothing when it is quick."""
    setting: dict[str, Any] = {"device": "cpu", "unused_gpu": False, "checkpointing": False, "large": True}
    assert advice.on_speed(60, **setting) is None
    assert "--base embedded" in (advice.on_speed(1e5, **setting) or "")
    assert "CUDA build" in (advice.on_speed(1e5, **{**setting, "unused_gpu": True}) or "")
    small = {**setting, "large": False}
    assert "without --gradient-checkpointing" in (advice.on_speed(1e5, **{**small, "checkpointing": True}) or "")
    assert "--resume auto" in (advice.on_speed(1e5, **small) or "")


def test_advice_on_loss() -> None:
    """Too high at once, or risen; silence when it falls."""
    assert "lower --lr" in (advice.on_loss(5.0, 5.0, epoch=1) or "")
    assert "has risen from 0.200 to 0.300" in (advice.on_loss(0.2, 0.3, epoch=2) or "")
    assert advice.on_loss(0.2, 0.1, epoch=2) is None


def test_out_of_memory_is_known_on_all_devices() -> None:
    """CUDA, MPS, the CPU's allocator and Python itself; other errors are not taken for it."""
    for words in (
        "CUDA out of memory. Tried",
        "MPS backend out of memory",
        "DefaultCPUAllocator: can't allocate memory",
    ):
        assert advice.is_out_of_memory(RuntimeError(words))
    assert advice.is_out_of_memory(MemoryError())
    assert not advice.is_out_of_memory(RuntimeError("size mismatch"))


def test_times_are_written_for_people() -> None:
    """Seconds, minutes, hours."""
    assert [progress.duration(s) for s in (3, 600, 12000)] == ["3 s", "10 min", "3 h 20 min"]


def test_plain_progress_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal the first, every tenth and the last step are lines, and all words."""
    with progress.on_terminal() as report:
        report(progress.Event("start", "training", {"steps": 12, "epochs": 1, "steps_per_epoch": 12}))
        for step in range(1, 13):
            data = {"step": step, "epoch": 1, "loss": 0.5, "steps_per_s": 2.0, "left_s": 6.0}
            report(progress.Event("step", data=data))
        report(progress.Event("advice", "use less"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "training" and lines[-1] == "advice: use less"
    assert [line.split(",")[0] for line in lines[1:-1]] == ["step 1/12", "step 10/12", "step 12/12"]
    assert lines[1] == "step 1/12, epoch 1, loss 0.5000, 2.00 steps/s, 6 s left"


def test_a_hushed_block_inside_another_stays_hushed() -> None:
    """Progress bars of the libraries come back after the outer block, not after the inner one."""
    from transformers.utils import logging

    before = logging.is_progress_bar_enabled()
    with device.hushed():
        with device.hushed():
            pass
        assert not logging.is_progress_bar_enabled()
    assert logging.is_progress_bar_enabled() == before
