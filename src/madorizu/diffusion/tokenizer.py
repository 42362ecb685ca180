"""SD 2's tokenizer, made from CLIP's public vocabulary file that ships with the package.

Knows nothing of captions' grammar. Training and sampling use the tokenizer in the
base's own folder; this one counts tokens where no base is at hand and completes a
base folder that lacks it.
"""

from __future__ import annotations

import functools
import gzip
import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

BOS = "<|startoftext|>"
EOS = "<|endoftext|>"
PAD = "!"  # SD 2 pads with id 0, which is also what a literal "!" becomes (diffusers #4153)
MAX_TOKENS = 77
_MERGES = 49_152 - 256 - 2  # CLIP reads so many of the file's 262,144 lines


def clean(caption: str) -> str:
    """Take "!" out of a caption: SD 2's tokenizer would read it as padding."""
    return " ".join(caption.replace(PAD, " ").split())


def write_tokenizer(folder: Path) -> None:
    """Write `vocab.json`, `merges.txt` and `tokenizer_config.json` of SD 2 into a folder.

    The special tokens have the ids 49406 (begin) and 49407 (end); padding is "!", id 0.
    """
    vocab, merges = _tables()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config(), indent=2), encoding="utf-8")


def tokenizer_config() -> dict[str, object]:
    """Return `tokenizer_config.json` as SD 2 has it."""
    return {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": MAX_TOKENS,
        "do_lower_case": True,
        "add_prefix_space": False,
        "errors": "replace",
        "bos_token": BOS,
        "eos_token": EOS,
        "unk_token": EOS,
        "pad_token": PAD,
    }


def count_tokens(caption: str) -> int:
    """Count the tokens of a caption for SD 2, the begin and end marks included (at most 77 fit)."""
    return len(_tokenizer()(caption).input_ids)


def token_ids(caption: str) -> list[int]:
    """Return the token ids of a caption for SD 2, from 49406 (begin) to 49407 (end)."""
    return list(_tokenizer()(caption).input_ids)


@functools.cache
def _tokenizer() -> CLIPTokenizer:
    from transformers import CLIPTokenizer

    vocab, merges = _tables()
    return CLIPTokenizer(vocab=vocab, merges=list(merges), bos_token=BOS, eos_token=EOS, unk_token=EOS, pad_token=PAD)


@functools.cache
def _tables() -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    """Read the vocabulary as OpenAI's `simple_tokenizer.py` does: token -> id, and the merges in order."""
    source = resources.files("madorizu").joinpath("assets/clip/bpe_simple_vocab_16e6.txt.gz")
    lines = gzip.decompress(source.read_bytes()).decode("utf-8").split("\n")[1 : _MERGES + 1]
    merges = tuple((a, b) for a, b in (line.split() for line in lines))
    letters = byte_letters()
    tokens = [*letters, *(letter + "</w>" for letter in letters), *(a + b for a, b in merges), BOS, EOS]
    return {token: index for index, token in enumerate(tokens)}, merges


def byte_letters() -> list[str]:
    """Return the 256 printable letters that stand for bytes, in CLIP's order: "!" first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))]
