"""The embedded base's own small tokenizer and text encoder, of transformers' CLIP classes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from transformers import CLIPTextConfig, CLIPTextModel

from madorizu.diffusion import tokenizer as sd2
from madorizu.diffusion.pretrain import recipe


def write_tokenizer(folder: Path, captions: Iterable[str], size: int) -> None:
    """Learn a byte-pair vocabulary from captions and write it as a `CLIPTokenizer`'s files.

    Any text can be written with it: all bytes are in the vocabulary.

    Args:
        folder: gets vocab.json, merges.txt and tokenizer_config.json.
        captions: what to learn from.
        size: tokens at the most; special tokens included.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Lowercase()
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Punctuation()]
    )
    # Named beforehand, or the trainer would number them in the order of a hash table, which is
    # another in every process, and break ties between merges by these numbers.
    ends = [letter + "</w>" for letter in _byte_letters()]
    trainer = trainers.BpeTrainer(
        vocab_size=max(1, size - 514) + len(ends),
        special_tokens=ends,
        show_progress=False,
        end_of_word_suffix="</w>",
        min_frequency=1,
    )
    learner.train_from_iterator(captions, trainer)
    learned = json.loads(learner.to_str())["model"]["merges"]
    tokens = [*_byte_letters(), *ends]
    merges: list[tuple[str, str]] = []
    known = set(tokens)
    for pair in learned:
        first, second = pair if isinstance(pair, list) else pair.split(" ")
        if first in known and second in known:
            merges.append((first, second))
            if first + second not in known:
                known.add(first + second)
                tokens.append(first + second)
    tokens += [sd2.BOS, sd2.EOS]
    folder.mkdir(parents=True, exist_ok=True)
    vocab = {token: i for i, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(sd2.tokenizer_config(), indent=2), encoding="utf-8")


def _byte_letters() -> list[str]:
    """Return the letters that stand for the 256 bytes in a byte-level vocabulary, "!" first."""
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet(), key=ord)


def build_encoder(settings: recipe.Denoiser, vocabulary: int) -> CLIPTextModel:
    """Make the untrained text encoder.

    Its embeddings begin fifty times larger than CLIP's (deviation 1, not 0.02): else the
    layers' own output drowns the words, and all captions look alike from the start.
    """
    model = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=settings.text_width,
            intermediate_size=4 * settings.text_width,
            num_hidden_layers=settings.text_layers,
            num_attention_heads=settings.text_heads,
            max_position_embeddings=sd2.MAX_TOKENS,
            projection_dim=settings.text_width,
            bos_token_id=vocabulary - 2,
            eos_token_id=vocabulary - 1,
            pad_token_id=0,
        )
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("token_embedding.weight", "position_embedding.weight")):
                torch.nn.init.normal_(parameter)
    return model
