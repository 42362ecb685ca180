"""Teach the text encoder to read captions before the UNet listens to it.

An untaught encoder gives nearly the same output for every caption, and the UNet learns to
ignore it (docs/log.md). So the encoder first learns to tell a brief's fields from the mean
of its 77 output tokens, by linear heads that are thrown away afterwards.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import CLIPTextModel, CLIPTokenizer

from madorizu import canvas, wording
from madorizu.brief import ELEMENTS, FEATURES, PLACE_WORDS, Brief, Floor, caption
from madorizu.diffusion.pretrain import recipe, snapshots, text
from madorizu.diffusion.pretrain.loop import rate
from madorizu.plan import HALF_MM, SIDES

Report = Callable[[str], None]

_LEAST, _MOST = 4, 2 * canvas.MAX_MODULES[16]  # sides in half modules
_FLOORS = ("1F", "2F", "unknown")


class Reader(torch.nn.Module):
    """A text encoder with one linear head per field of a brief."""

    def __init__(self, settings: recipe.Denoiser, vocabulary: int, styles: Sequence[str]) -> None:
        super().__init__()
        self.text_encoder = text.build_encoder(settings, vocabulary)
        self.sizes = fields(styles)
        self.heads = torch.nn.ModuleDict(
            {name: torch.nn.Linear(settings.text_width, count) for name, count in self.sizes.items()}
        )

    def forward(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the scores of every field: token ids (n, 77) to (n, choices) each."""
        pooled = self.text_encoder(ids)[0].mean(dim=1)
        return {name: head(pooled) for name, head in self.heads.items()}


def fields(styles: Sequence[str]) -> dict[str, int]:
    """Return the number of choices of every field; 0 of each optional field is "not stated"."""
    sizes = {"floor": len(_FLOORS), "width": _MOST + 1, "height": _MOST + 1, "side": 1 + len(SIDES), "bedrooms": 11}
    sizes |= {"nldk": 10, "place": 1 + len(PLACE_WORDS)}
    sizes |= {name: 2 for name in (*ELEMENTS, *FEATURES)}
    return sizes | {"style": 1 + len(styles)}


def choices(wish: Brief, styles: Sequence[str]) -> dict[str, int]:
    """Return what a brief says in every field."""
    said = {
        "floor": _FLOORS.index(wish.floor),
        "width": wish.width_mm // HALF_MM,
        "height": wish.height_mm // HALF_MM,
        "side": 0 if wish.entrance_side is None else 1 + SIDES.index(wish.entrance_side),
        "bedrooms": 0 if wish.bedrooms is None else 1 + wish.bedrooms,
        "nldk": wish.nldk or 0,
        "place": 0 if wish.stair_place is None else 1 + tuple(PLACE_WORDS).index(wish.stair_place),
        "style": 0 if wish.style is None else 1 + styles.index(wish.style),
    }
    said |= {name: int(name in wish.elements) for name in ELEMENTS}
    return said | {name: int(name in wish.features) for name in FEATURES}


def random_brief(rng: random.Random, styles: Sequence[str]) -> Brief:
    """Draw a brief over the whole grammar; common sizes are likelier."""

    def side_mm() -> int:
        if rng.random() < 0.8:
            return rng.randint(10, 28) * HALF_MM
        return rng.randint(_LEAST, _MOST) * HALF_MM

    floor: Floor = rng.choice(("1F", "1F", "2F", "2F", "unknown"))
    elements = frozenset(e for e in ELEMENTS if rng.random() < 0.6)
    bedrooms = rng.choice((None, 0, 0, 1, 2, 3, 3, 4, 5))
    features = frozenset(f for f in FEATURES if rng.random() < 0.3)
    nldk = None
    if floor == "1F" and "stairs" not in elements and rng.random() < 0.6:
        nldk = min(9, max(1, (bedrooms or rng.randint(0, 4)) + ("wa" in features)))
    return Brief(
        floor,
        side_mm(),
        side_mm(),
        elements,
        rng.choice(SIDES) if "entrance" in elements and rng.random() < 0.7 else None,
        bedrooms,
        features,
        rng.choice((None, *styles)),
        nldk=nldk,
        stair_place=rng.choice(tuple(PLACE_WORDS)) if "stairs" in elements and rng.random() < 0.7 else None,
    )


def train(
    tokenizer: CLIPTokenizer,
    styles: Sequence[str],
    out: Path,
    whole: recipe.Recipe,
    *,
    report: Report = print,
) -> CLIPTextModel:
    """Train the text encoder on random briefs, or read it back when that was done.

    Args:
        tokenizer: the base's own.
        styles: names of drawing styles that captions may state.
        out: folder of the snapshot.
        whole: the recipe.
        report: gets a line now and then.
    """
    settings = whole.denoiser
    torch.manual_seed(whole.seed)
    model = Reader(settings, len(tokenizer), styles)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.reader_rate, weight_decay=1e-2, fused=True)
    shape = settings.text_width, settings.text_layers, settings.text_heads, settings.vocabulary
    tag = repr((shape, settings.reader_steps, settings.reader_rate, tuple(styles), whole.seed))
    found = snapshots.load(out, model, optimizer, tag)
    step: int = found[1]["step"] if found else 0
    begun = time.monotonic()
    while step < settings.reader_steps:
        for group in optimizer.param_groups:
            group["lr"] = rate(settings.reader_rate, 50, settings.reader_steps, step)
        loss, right = loss_of(model, tokenizer, styles, random.Random(f"{whole.seed}/reader/{step}"), 64)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        if step % 200 == 0 or step == settings.reader_steps:
            told = ", ".join(
                f"{name} {right[name]:.0%}" for name in ("floor", "width", "height", "side", "place", "bedrooms")
            )
            spent = time.monotonic() - begun
            report(f"reader {step}/{settings.reader_steps} loss {loss.item():.3f}; {told}; {spent:.0f} s")
            snapshots.save(out, model, model.state_dict(), optimizer, {"step": step, "recipe": tag})
    return model.text_encoder


def loss_of(
    model: Reader, tokenizer: CLIPTokenizer, styles: Sequence[str], rng: random.Random, count: int
) -> tuple[torch.Tensor, dict[str, float]]:
    """Return the mean cross-entropy over the fields of random briefs, and the share right per field."""
    wishes = [random_brief(rng, styles) for _ in range(count)]
    tokens = tokenizer(
        [caption(wish) if rng.random() < 0.5 else wording.reworded(wish, rng) for wish in wishes],
        padding="max_length",
        truncation=True,
        max_length=tokenizer.model_max_length,
        return_tensors="pt",
    )
    scores = model(tokens.input_ids)
    wanted = [choices(wish, styles) for wish in wishes]
    losses, right = [], {}
    for name, found in scores.items():
        said = torch.tensor([w[name] for w in wanted])
        losses.append(F.cross_entropy(found, said))
        right[name] = float((found.argmax(dim=1) == said).float().mean())
    return torch.stack(losses).mean(), right


def encoder_weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return the text encoder's part of a snapshot, by the encoder's own names.

    Raises:
        TrainingError: if there is no snapshot, or it is damaged.
    """
    prefix = "text_encoder."
    found = snapshots.weights_of(folder)
    return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}
