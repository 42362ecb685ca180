"""Draw a floor plan with the LoRA in training/lora_model/final. `--help` lists all flags."""

# Any Python must be able to read this file, to be told by enter() that it is too old.
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import environment

environment.enter()

from madorizu.diffusion import generate

if __name__ == "__main__":
    sys.exit(generate.main())
