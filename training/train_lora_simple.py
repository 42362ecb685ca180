"""Train a LoRA: training/prepared_data -> training/lora_model. `--help` lists all flags.

The constants below are the settings that are changed most. None takes what suits the
base, which the comments name. A TOML file (--config) wins over them, and a flag over both.
"""

# Any Python must be able to read this file, to be told by enter() that it is too old.
import os
import sys

BASE_MODEL = "embedded"  # or "sd21-base", "sd21", the folder of a model, a hub id
IMAGE_SIZE = None  # side in pixels; sd21-base: 512, sd21: 768, embedded: 256
NUM_EPOCHS = None  # how often each image is seen: 5
BATCH_SIZE = None  # images per step: 1
LEARNING_RATE = None  # sd21-base: 5e-5
LORA_RANK = None  # 4
LORA_ALPHA = None  # 4
TARGET_MODULES = None  # ["to_q", "to_k", "to_v", "to_out.0"]
CHECKPOINT_EVERY = 100  # steps
SEED = 0

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
DATA_FOLDER = os.path.join(ROOT, "training", "prepared_data")
OUTPUT_FOLDER = os.path.join(ROOT, "training", "lora_model")

CONSTANTS = {
    "base": BASE_MODEL,
    "size": IMAGE_SIZE,
    "epochs": NUM_EPOCHS,
    "batch_size": BATCH_SIZE,
    "lr": LEARNING_RATE,
    "rank": LORA_RANK,
    "alpha": LORA_ALPHA,
    "targets": TARGET_MODULES,
    "checkpoint_every": CHECKPOINT_EVERY,
    "seed": SEED,
    "data": DATA_FOLDER,
    "out": OUTPUT_FOLDER,
}

if __name__ == "__main__":
    sys.path.insert(0, os.path.join(ROOT, "scripts"))
    import environment

    environment.enter()

    from madorizu.diffusion import command

    sys.exit(command.main(constants=CONSTANTS))
