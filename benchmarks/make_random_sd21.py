"""Write a random model of Stable Diffusion 2.1's full size: for time, memory and formats, never for quality.

    python3 benchmarks/make_random_sd21.py OUT [--v-prediction]

A diffusers folder of 2.6 GB in fp16: UNet of 865,910,724 parameters, CLIP-H text encoder of
23 layers, VAE, SD 2's own tokenizer. Nothing is downloaded. Holds one part at a time.
"""

# Any Python must be able to read this file, to be told by enter() that it is too old; so the
# imports that need the set-up are in the functions.
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
SCHEDULER = {
    "_class_name": "PNDMScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.42.1",
    "feature_extractor": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "PNDMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def unet(v_prediction):
    """Return the UNet of SD 2.1."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=96 if v_prediction else 64,
        cross_attention_dim=1024,
        attention_head_dim=(5, 10, 20, 20),
        use_linear_projection=True,
        upcast_attention=bool(v_prediction),
    )


def vae(v_prediction):
    """Return its VAE."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        sample_size=768 if v_prediction else 512,
    )


def text_encoder():
    """Return OpenCLIP's ViT-H text encoder without its last layer."""
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=49408,
            hidden_size=1024,
            intermediate_size=4096,
            num_hidden_layers=23,
            num_attention_heads=16,
            max_position_embeddings=77,
            hidden_act="gelu",
            projection_dim=512,
            bos_token_id=0,
            eos_token_id=2,
            pad_token_id=1,
        )
    )


def fill(model, seed):
    """Return random fp16 weights of a size that keeps activations finite; norms are the identity."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, like in model.state_dict().items():
        if not like.dtype.is_floating_point:
            found[name] = torch.arange(like.shape[-1]).expand(like.shape).contiguous()
        elif like.ndim == 1:
            is_scale = name.endswith("weight")
            found[name] = torch.ones(like.shape, dtype=torch.float16) if is_scale else torch.zeros(like.shape).half()
        else:
            inputs = like[0].numel()
            spread = 0.02 if "embedding" in name else inputs**-0.5
            found[name] = torch.randn(like.shape, generator=generator).mul_(spread).half()
    return found


def write(folder, part, build, file_name, seed):
    """Write one part, made without memory for its weights, and tell how many parameters it has."""
    import torch
    from safetensors.torch import save_file

    with torch.device("meta"):
        model = build()
    (folder / part).mkdir(parents=True, exist_ok=True)
    save_file(fill(model, seed), folder / part / file_name, metadata={"format": "pt"})
    config = model.config
    text = config.to_json_string() if hasattr(config, "to_json_string") else model.to_json_string()
    (folder / part / "config.json").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{part} {sum(parameter.numel() for parameter in model.parameters())}\n")


def main():
    """Write the whole folder and print the number of parameters of each part."""
    import argparse
    from pathlib import Path

    from madorizu.diffusion import tokenizer

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--v-prediction", action="store_true", help="as the 768 px model; without it as the 512 px base"
    )
    given = parser.parse_args()
    is_v, out = given.v_prediction, given.out
    weights = "diffusion_pytorch_model.safetensors"
    write(out, "unet", lambda: unet(is_v), weights, 0)
    write(out, "vae", lambda: vae(is_v), weights, 1)
    write(out, "text_encoder", text_encoder, "model.safetensors", 2)
    tokenizer.write_tokenizer(out / "tokenizer")
    scheduler = dict(SCHEDULER, prediction_type="v_prediction" if is_v else "epsilon")
    (out / "scheduler").mkdir(exist_ok=True)
    (out / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler, indent=2), encoding="utf-8")
    (out / "model_index.json").write_text(json.dumps(INDEX, indent=2), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(ROOT, "scripts"))
    import environment

    environment.enter()
    main()
