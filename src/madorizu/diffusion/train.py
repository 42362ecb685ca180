"""Train a LoRA on a base: one function, `train`.

Meets `sample` on disk only, in the adapter's folder.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from madorizu import dataset, files
from madorizu.diffusion import (
    adapter,
    advice,
    bases,
    cache,
    checkpoints,
    continuation,
    denoise,
    device,
    looks,
    lora,
    masters,
    optimizers,
    preview,
    probe,
    processes,
    run_page,
    steps,
    trackers,
)
from madorizu.diffusion.continuation import Inputs
from madorizu.diffusion.progress import Event, Report, quiet
from madorizu.errors import DatasetError, SettingsError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accelerate import Accelerator

    from madorizu.dataset import Prepared
    from madorizu.diffusion.bases import Base
    from madorizu.diffusion.checkpoints import Checkpoint
    from madorizu.diffusion.looks import Look
    from madorizu.diffusion.settings import TrainSettings
    from madorizu.diffusion.steps import Run, Taken

_SPEED_WINDOW = 20
_READ_EVERY = 10  # steps after which a GPU's figures are read


@dataclass(slots=True)
class _Story:
    """What a loop has to remember from step to step, beside the weights.

    Attributes:
        losses: of all steps so far, also those before a continuation.
        validation: (step, loss).
        pending: steps whose figures have not been read yet.
        clock: when the last steps that were read ended: (step, seconds).
        warned: the advice that was given; each is given once.
    """

    losses: list[float]
    validation: list[tuple[int, float]]
    pending: list[Taken] = field(default_factory=list)
    clock: collections.deque[tuple[int, float]] = field(default_factory=collections.deque)
    warned: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Export:
    """Models without memory that take the LoRA in the form that other programs know.

    Attributes:
        models: by name, "unet" and perhaps "text".
        starts: what PiSSA took out of the weights, by model.
    """

    models: Mapping[str, Any]
    starts: Mapping[str, Mapping[str, torch.Tensor]]


def train(settings: TrainSettings, *, report: Report = quiet) -> Path:
    """Train a LoRA and return the folder of the finished adapter, `<out>/final`.

    Under torchrun each process trains its share of every step's images.

    Args:
        settings: None in a field means the preset of the base.
        report: is called with what happens, on the first process only.

    Raises:
        SettingsError: if a setting does not fit this machine, this base or the run to continue.
        BaseModelError, DatasetError, ImageError: if the base or the data cannot be used.
        TrainingError: if it has to stop: memory, NaN, a second trainer, a signal. The message
            or hint names the last good checkpoint.
        StorageError: if the disk is full.
    """
    base = bases.resolve(settings.base)
    settings = settings.with_preset(base.preset, base.size_px)
    if (settings.size or 0) % base.vae_factor:
        raise SettingsError(f"size must be a multiple of {base.vae_factor} px for this base, got {settings.size}")
    bases.fingerprint(base.folder)  # a damaged file stops the run here and not at the first checkpoint
    data = dataset.read_prepared(settings.data)
    if not data.train:
        raise DatasetError(f"prepared data must have training images, got none in {settings.data}")
    place = device.choose(settings.device, settings.dtype)
    if place.name == "mps":
        device.self_test(place.name)
    with processes.accelerated(settings, place) as accelerator:
        first = accelerator.is_main_process
        tell = report if first else quiet
        with checkpoints.lock(settings.out) if first else contextlib.nullcontext(), device.hushed():
            return _run(_inputs(settings, base, data, place, accelerator, tell))


def _inputs(
    settings: TrainSettings, base: Base, data: Prepared, place: device.Device, accelerator: Accelerator, report: Report
) -> Inputs:
    fits = looks.fits(base)
    found = {example.path: looks.of(example, base, settings, fits) for example in data.train}
    size = settings.batch_size or 1
    wide = continuation.images_per_step(settings, accelerator.num_processes)
    per_epoch = looks.epoch_steps([look.plain.shape for look in found.values()], size=size, wide=wide)
    total = (settings.epochs or 1) * per_epoch
    many = total if settings.steps is None else min(total, settings.steps)
    return Inputs(settings, base, data, place, accelerator, report, found, per_epoch, many)


def _run(inputs: Inputs) -> Path:
    if (done_before := continuation.finished(inputs)) is not None:
        return done_before
    start = continuation.where_to_start(inputs)
    run = _prepare(inputs, continuation.fitted(inputs, start))
    export = _export(run)
    done = 0 if start is None else start.step
    if start is not None:
        _restore(run, start)
    _announce(run, done)
    began = time.monotonic()
    if done < run.steps:
        run = probe.fit(run, done)
    try:
        _loop(run, inputs, export, done)
    except (RuntimeError, MemoryError) as error:
        if not advice.is_out_of_memory(error):
            raise
        raise _out_of_memory(run) from error
    return _finish(run, inputs, export, time.monotonic() - began)


def _out_of_memory(run: Run) -> TrainingError:
    """Word the error of memory that ran out on the way: where to go on, and with what."""
    good = checkpoints.latest(run.settings.out)
    where = f"the last checkpoint is {good.folder}; " if good else ""
    smaller = probe.smaller_settings(run.settings)
    if smaller is None:
        counsel = advice.smaller(**probe.advice_on(run))
    else:
        counsel = f"use {advice.in_words(smaller)}" + (" --resume auto" if good else "")
    return TrainingError("training must fit into memory, got none left", where + counsel)


def _prepare(inputs: Inputs, settings: TrainSettings) -> Run:
    """Fill the cache, then load the UNet and give it a LoRA; the encoders are gone by then.

    Args:
        settings: as asked, or as an interrupted run had to change them for the memory.
    """
    base, data, accelerator = inputs.base, inputs.data, inputs.accelerator
    inputs.report(Event("note", f"base {base.name} ({base.prediction_type}, {base.size_px} px) in {base.folder}"))
    schedule = denoise.noise_schedule(base, zero_terminal_snr=settings.zero_terminal_snr)
    views = {example.path: looks.view_of(example, base, settings) for example in _validated(inputs)}
    found = _cached(inputs, views)
    model = lora.unet_with_lora(base, settings, inputs.device).to(accelerator.device)
    text = _text(inputs) if settings.text_encoder else None
    models = {"unet": model} | ({} if text is None else {"text": text.encoder})
    exported_from = {name: lora.start_of(one, settings) for name, one in models.items()}
    numbers = masters.of(models, inputs.device.torch_dtype, averaged=bool(settings.ema))
    run = steps.Run(
        settings=settings,
        asked=inputs.settings,
        base=base,
        data=data,
        device=inputs.device,
        cache=found,
        views=views,
        looks=inputs.looks,
        schedule=schedule,
        model=model,
        wrapped=torch.compile(model) if settings.compile else model,
        text=text,
        masters=numbers,
        starts=exported_from,
        optimizer=optimizers.make(settings, numbers, inputs.device),
        scaler=torch.amp.GradScaler("cuda") if inputs.device.dtype == "fp16" else None,
        accelerator=accelerator,
        epoch_steps=inputs.epoch_steps,
        steps=inputs.steps,
        report=inputs.report,
        orders={},
    )
    return run


def _validated(inputs: Inputs) -> list[Any]:
    """Return the validation images. A run shorter than an epoch is a trial; it has no validation."""
    settings = inputs.settings
    if inputs.steps < inputs.epoch_steps and not settings.validate_every:
        return []
    return list(inputs.data.validation[: settings.validation])


def _cached(inputs: Inputs, views: Mapping[Path, Any]) -> cache.Cache:
    """Encode what the run looks at: the others would only cost time."""
    settings, accelerator = inputs.settings, inputs.accelerator
    used = _used(inputs)
    seen = [*views.values(), *(view for look in used for view in look.views)]
    texts = [text for look in used for text in look.texts] + list(preview.captions_of(settings, inputs.data))
    texts += [example.caption for example in inputs.data.validation if example.path in views]
    known = {e.path: e.sha256 for e in (*inputs.data.train, *inputs.data.validation)}
    folder = settings.cache or settings.out / "cache"
    texts = [] if settings.text_encoder else texts
    if accelerator.is_main_process:
        where = str(accelerator.device)
        cache.build(inputs.base, seen, texts, folder=folder, device_name=where, known=known, report=inputs.report)
    accelerator.wait_for_everyone()
    return cache.plan(inputs.base, seen, texts, folder=folder, known=known)


def _used(inputs: Inputs) -> list[Look]:
    """Return the training images that the run comes to: of a trial shorter than an epoch not all."""
    found = list(inputs.looks.values())
    if inputs.steps >= inputs.epoch_steps:
        return found
    size = inputs.settings.batch_size or 1
    wide = continuation.images_per_step(inputs.settings, inputs.accelerator.num_processes)
    places = looks.epoch_places(inputs.settings.seed, 0, [look.plain.shape for look in found], size=size, wide=wide)
    return [found[i] for i in dict.fromkeys(places[: inputs.steps * wide])]


def _text(inputs: Inputs) -> steps.Text:
    from transformers import CLIPTokenizer

    encoder = lora.text_encoder_with_lora(inputs.base, inputs.settings, inputs.device).to(inputs.accelerator.device)
    tokenizer = CLIPTokenizer.from_pretrained(inputs.base.folder, subfolder="tokenizer", local_files_only=True)
    return steps.Text(tokenizer, encoder)


def _restore(run: Run, start: Checkpoint) -> None:
    optimizers.restore(run.optimizer, run.masters, checkpoints.tensors_of(start), start.state.get("optimizer", {}))
    if run.scaler is not None and start.state.get("scaler"):
        run.scaler.load_state_dict(start.state["scaler"])


# --- the loop ---------------------------------------------------------------------------------


def _loop(run: Run, inputs: Inputs, export: _Export, done: int) -> None:
    """Run the steps after `done`, with checkpoints, validations, pictures, advice and an orderly stop."""
    story = _story(run, done)
    previews = preview.every(run)
    with processes.stop_requests() as must_stop:
        if previews and not done:
            _alone(run, functools.partial(preview.draw, run, 0))
            _set_clock(story, time.monotonic() - story.clock[0][1])
        for step in range(done + 1, run.steps + 1):
            story.pending.append(steps.train_step(run, step))
            ends_epoch = step % run.epoch_steps == 0 or step == run.steps
            saves = step % run.settings.checkpoint_every == 0
            draws = bool(previews) and (step % previews == 0 or step == run.steps)
            validates = ends_epoch or (run.settings.validate_every and step % run.settings.validate_every == 0)
            if not (saves or draws or validates or _is_due(run, step)):
                continue
            _read(run, story)
            paused = time.monotonic()
            if saves:
                save(run, inputs, export, step)
            if validates:
                _validate(run, story, step, ends_epoch=ends_epoch)
            if draws:
                _alone(run, functools.partial(preview.draw, run, step))
            _set_clock(story, time.monotonic() - paused)
            if _any(run, must_stop()) and step < run.steps:
                if not saves:
                    save(run, inputs, export, step)
                raise TrainingError(
                    f"training was stopped at step {step} of {run.steps}", "continue with --resume auto"
                )


def _story(run: Run, done: int) -> _Story:
    rows = trackers.read(run.settings.out / trackers.METRICS) if run.accelerator.is_main_process else []
    losses = [row["loss"] for row in rows if "loss" in row]
    checked = [(row["step"], row["validation_loss"]) for row in rows if row.get("validation_loss") is not None]
    clock = collections.deque([(done, time.monotonic())], maxlen=_SPEED_WINDOW + 1)
    return _Story(losses, checked, clock=clock)


def _set_clock(story: _Story, pause: float) -> None:
    """Leave the time for checkpoints, validations and pictures out of the steps' rate."""
    for _ in range(len(story.clock)):
        step, moment = story.clock.popleft()
        story.clock.append((step, moment + pause))


def _is_due(run: Run, step: int) -> bool:
    """Say whether the figures are read after a step: on a CPU always, elsewhere reading means waiting."""
    return run.accelerator.device.type == "cpu" or step % _READ_EVERY == 0


def _alone(run: Run, act: Any) -> None:
    """Let the first process do something while the others wait."""
    run.accelerator.wait_for_everyone()
    if run.accelerator.is_main_process:
        act()
    run.accelerator.wait_for_everyone()


def _any(run: Run, flag: bool) -> bool:
    """Say whether a flag is set in any process: all of them have to stop at the same step."""
    accelerator = run.accelerator
    if accelerator.num_processes == 1:
        return flag
    return bool(accelerator.gather(torch.tensor([int(flag)], device=accelerator.device)).max())


def _read(run: Run, story: _Story) -> None:
    """Read the figures of the pending steps, log and tell them.

    Raises:
        TrainingError: if one of them was not finite; nothing has been saved since.
    """
    taken, story.pending = story.pending, []
    if not taken:
        return
    found = steps.figures(run, taken)
    last, now = story.clock[-1][1], time.monotonic()
    for i, row in enumerate(found, 1):
        story.clock.append((int(row["step"]), last + (now - last) * i / len(found)))
        _tell_step(run, story, row)
        story.losses.append(row["loss"])


def _tell_step(run: Run, story: _Story, row: dict[str, float]) -> None:
    step = int(row["step"])
    epoch = (step - 1) // run.epoch_steps + 1
    figures = {name: row[name] for name in ("loss", "grad_norm", "lr")}
    (first, begin), (before, late), (_, end) = story.clock[0], story.clock[-2], story.clock[-1]
    per_s = (step - first) / max(end - begin, 1e-9)
    run.accelerator.log({"epoch": epoch, **figures, "seconds": (end - late) / max(step - before, 1)}, step=step)
    told = {"step": step, "epoch": epoch, **figures, "steps_per_s": per_s, "left_s": (run.steps - step) / per_s}
    run.report(Event("step", data=told))


def _validate(run: Run, story: _Story, step: int, *, ends_epoch: bool) -> None:
    """Tell the validation loss, at an epoch's end the mean loss too, and advise when they are not well."""

    def act() -> None:
        found = steps.evaluate(run) if run.views else None
        if found is not None:
            story.validation.append((step, found))
        if ends_epoch:
            _tell_epoch(run, story, step, found)
        elif found is not None:
            run.accelerator.log({"validation_loss": found}, step=step)
            run.report(Event("validation", f"step {step}: validation loss {found:.4f}", {"step": step, "loss": found}))
        _advise(run, story, advice.on_overfitting(story.validation), "overfitting")

    _alone(run, act)


def _tell_epoch(run: Run, story: _Story, step: int, found: float | None) -> None:
    epoch = (step - 1) // run.epoch_steps + 1
    mean = _mean(story.losses[(epoch - 1) * run.epoch_steps :])
    row = {"epoch_loss": mean} | ({} if found is None else {"validation_loss": found})
    run.accelerator.log(row, step=step)
    words = f"epoch {epoch}: mean loss {mean:.4f}" + ("" if found is None else f", validation loss {found:.4f}")
    run.report(Event("epoch", words, {"epoch": epoch, "step": step, "loss": mean, "validation_loss": found}))
    epochs = -(-run.steps // run.epoch_steps)
    counsel = advice.on_loss(_mean(story.losses[: run.epoch_steps]), mean, epoch=epoch, epochs=epochs)
    _advise(run, story, counsel, "loss")


def _advise(run: Run, story: _Story, counsel: str | None, kind: str) -> None:
    """Give advice, once of each kind."""
    if counsel and kind not in story.warned:
        story.warned.add(kind)
        run.report(Event("advice", counsel))


def _mean(values: list[float]) -> float:
    return sum(values) / max(1, len(values))


# --- what is written --------------------------------------------------------------------------


def _export(run: Run) -> _Export:
    models = {"unet": run.model} | ({} if run.text is None else {"text": run.text.encoder})
    return _Export({name: lora.shell(model, run.settings) for name, model in models.items()}, run.starts)


def write_adapter(run: Run, inputs: Inputs, export: _Export, folder: Path, step: int) -> int:
    """Write the adapter as it is now into an existing folder; return the number of its modules."""
    weights = steps.weights(run)
    for name, empty in export.models.items():
        mine = {key.removeprefix(f"{name}."): t for key, t in weights.items() if key.startswith(f"{name}.")}
        lora.fill(empty, mine, export.starts[name])
    told = {**continuation.record(inputs), "step": step}
    more = {"text_encoder": export.models["text"]} if "text" in export.models else {}
    return adapter.save(folder, export.models["unet"], run.base, told, **more)


def save(run: Run, inputs: Inputs, export: _Export, step: int) -> Path:
    """Write a checkpoint, tell so, then prune older ones. All processes call it, the first one writes."""
    out = run.settings.out
    target = out / f"checkpoint-{step}"

    def act() -> None:
        tensors, values = optimizers.state_of(run.optimizer, run.masters)
        state = {
            **continuation.identity(inputs),
            "fitted": {name: getattr(run.settings, name) for name in continuation.FITTED},
            "optimizer": values,
            "scaler": None if run.scaler is None else run.scaler.state_dict(),
        }
        checkpoints.save(out, step, lambda folder: write_adapter(run, inputs, export, folder, step), tensors, state)
        gone = checkpoints.prune(out, run.settings.keep, newest=target)
        note = f"; removed {', '.join(path.name for path in gone)}" if gone else ""
        run.report(Event("checkpoint", f"saved {target}{note}", {"step": step, "path": str(target)}))

    _alone(run, act)
    return target


def _finish(run: Run, inputs: Inputs, export: _Export, seconds: float) -> Path:
    final = run.settings.out / "final"

    def act() -> None:
        with files.atomic_folder(final) as folder:
            modules = write_adapter(run, inputs, export, folder, run.steps)
        peak_gb = round(device.peak_bytes(run.device.name) / 1e9, 2)
        page = run_page.write(run, {"steps": run.steps, "seconds": round(seconds, 1), "peak memory (GB)": peak_gb})
        words = f"finished after {run.steps} steps: {modules} modules saved in {final}; peak memory {peak_gb:.1f} GB"
        told = {"step": run.steps, "path": str(final), "peak_gb": peak_gb, "page": str(page)}
        run.report(Event("done", f"{words}; report in {page}", told))

    _alone(run, act)
    return final


def _announce(run: Run, done: int) -> None:
    modules, parameters = lora.count(run.model)
    if run.text is not None:
        more = lora.count(run.text.encoder)
        modules, parameters = modules + more[0], parameters + more[1]
    settings = run.settings
    words = (
        f"training {modules} LoRA modules with {parameters:,} parameters on {run.device.name} ({run.device.dtype}): "
        f"{len(run.data.train)} images, {settings.epochs} epochs, {run.steps} steps"
    )
    if done:
        words += f"; continuing after step {done}"
    figures = {"modules": modules, "parameters": parameters, "steps": run.steps, "step": done}
    figures |= {"epochs": -(-run.steps // run.epoch_steps), "steps_per_epoch": run.epoch_steps}
    run.report(Event("start", words, figures))
