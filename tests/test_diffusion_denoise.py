"""The mathematics of diffusion: each pitfall of SD 2.x training has a test."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from diffusers import DDPMScheduler

import tiny
from madorizu.diffusion import bases, denoise
from madorizu.errors import BriefError


def schedule(prediction: str = "epsilon", **more: object) -> DDPMScheduler:
    """SD 2's noise schedule."""
    return DDPMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type=prediction, **more
    )


def by_hand(t: int) -> float:
    """The share of the signal's variance at a timestep, from the schedule's definition."""
    low, high = math.sqrt(0.00085), math.sqrt(0.012)
    return math.prod(1 - (low + (high - low) * i / 999) ** 2 for i in range(t + 1))


@pytest.mark.parametrize("t", [0, 1, 500, 999])
def test_noise_is_mixed_by_the_closed_form(t: int) -> None:
    """sqrt(a) x + sqrt(1 - a) n, with a from the definition of the schedule."""
    x, n = torch.full((1, 4, 2, 2), 2.0), torch.full((1, 4, 2, 2), -1.0)
    a = by_hand(t)
    wanted = math.sqrt(a) * 2 - math.sqrt(1 - a)
    found = denoise.noised(denoise.exact(schedule()), x, n, torch.tensor([t]))
    assert found.flatten()[0].item() == pytest.approx(wanted, rel=1e-6)


def test_snr_at_the_middle_is_the_known_one() -> None:
    """At t=500 the ratio is 0.382; mixing linearly would give 1.0."""
    assert denoise.snr(schedule(), torch.tensor([500])).item() == pytest.approx(0.382, abs=2e-3)


def test_half_precision_latents_still_get_noise_at_the_first_timestep() -> None:
    """Mixing is in float32: in bfloat16 the scheduler would add none at t=0."""
    x, n = torch.zeros(1, 4, 2, 2, dtype=torch.bfloat16), torch.ones(1, 4, 2, 2, dtype=torch.bfloat16)
    t = torch.tensor([0])
    found = denoise.noised(schedule(), x, n, t)
    assert found.dtype == torch.float32
    assert found.flatten()[0].item() == pytest.approx(math.sqrt(0.00085), rel=1e-3)
    assert schedule().add_noise(x, n, t).abs().max() == 0  # the pitfall itself


def test_target_follows_the_prediction_type() -> None:
    """Noise for epsilon; sqrt(a) n - sqrt(1 - a) x for v."""
    x, n, t = torch.full((1, 1, 1, 1), 2.0), torch.full((1, 1, 1, 1), -1.0), torch.tensor([300])
    assert denoise.target(schedule(), x, n, t).item() == -1.0
    a = by_hand(300)
    wanted = -math.sqrt(a) - 2 * math.sqrt(1 - a)
    assert denoise.target(schedule("v_prediction"), x, n, t).item() == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("t", [0, 100, 500, 999])
def test_min_snr_has_both_forms(t: int) -> None:
    """min(snr, 5) / snr for the noise, / (snr + 1) for the velocity."""
    moment = torch.tensor([t])
    ratio = by_hand(t) / (1 - by_hand(t))
    found = denoise.loss_weights(denoise.exact(schedule()), moment, 5.0).item()
    assert found == pytest.approx(min(ratio, 5) / ratio, rel=1e-5)
    found = denoise.loss_weights(denoise.exact(schedule("v_prediction")), moment, 5.0).item()
    assert found == pytest.approx(min(ratio, 5) / (ratio + 1), rel=1e-5)


def test_without_min_snr_all_weights_are_one() -> None:
    """Gamma 0 is off."""
    assert denoise.loss_weights(schedule(), torch.tensor([0, 999]), 0.0).tolist() == [1.0, 1.0]


def test_zero_terminal_snr_gives_finite_weights() -> None:
    """At a ratio of zero the weight is the limit, not 0/0."""
    zero = denoise.exact(schedule(rescale_betas_zero_snr=True))
    assert denoise.snr(zero, torch.tensor([999])).item() < 1e-6
    assert denoise.loss_weights(zero, torch.tensor([999]), 5.0).item() == 1.0


def test_losses_are_per_image() -> None:
    """The mean of squares of each image."""
    found = denoise.losses(torch.tensor([[[[1.0, 3.0]]], [[[0.0, 0.0]]]]), torch.zeros(2, 1, 1, 2))
    assert found.tolist() == [5.0, 0.0]


def test_counted_numbers_depend_on_seed_and_purpose_only() -> None:
    """The same purpose gives the same numbers, whatever was drawn before; another gives others."""

    def first(*purpose: object) -> float:
        torch.rand(3)
        return torch.rand(1, generator=denoise.counted(*purpose)).item()  # type: ignore[arg-type]

    assert first(0, "step", 7, 1) == first(0, "step", 7, 1)
    assert len({first(0, "step", 7, 1), first(1, "step", 7, 1), first(0, "step", 71), first(0, "step", 8, 1)}) == 4


def test_the_base_own_schedule_is_read(tmp_path: Path) -> None:
    """Prediction type and betas are those of the folder."""
    base = bases.resolve(str(tiny.tiny_base(tmp_path / "base", prediction="v_prediction")))
    found = denoise.noise_schedule(base)
    assert found.config["prediction_type"] == "v_prediction"
    assert found.alphas_cumprod[500].item() == pytest.approx(by_hand(500), rel=1e-4)


def test_a_caption_that_would_be_cut_off_is_refused(tmp_path: Path) -> None:
    """No caption loses its end silently."""
    from transformers import CLIPTokenizer

    folder = tiny.tiny_base(tmp_path / "base")
    tokenizer = CLIPTokenizer.from_pretrained(folder, subfolder="tokenizer")
    with pytest.raises(BriefError, match="caption must have at most 77 tokens, got 102"):
        denoise.check_length(tokenizer, "x" * 100)
