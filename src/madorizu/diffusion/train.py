"""Train a LoRA on a base: one function, `train`.

Meets `sample` on disk only, in the adapter's folder.
"""

from __future__ import annotations

import collections
import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from madorizu import dataset, files
from madorizu.brief import parse_caption
from madorizu.diffusion import adapter, advice, bases, cache, checkpoints, denoise, device, lora, trackers
from madorizu.diffusion.progress import Event, Report, quiet
from madorizu.diffusion.settings import TrainSettings, differences
from madorizu.diffusion.steps import Run, epoch_order, evaluate, train_step
from madorizu.errors import AdapterError, BriefError, DatasetError, SettingsError, TrainingError

if TYPE_CHECKING:
    from accelerate import Accelerator

    from madorizu.dataset import Example, Prepared
    from madorizu.diffusion.bases import Base
    from madorizu.diffusion.checkpoints import Checkpoint

_SPEED_WINDOW = 20
_LARGE = 500_000_000  # parameters of a UNet that is no small one


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What a run is made from, checked, before anything heavy is loaded."""

    settings: TrainSettings
    base: Base
    data: Prepared
    device: device.Device
    accelerator: Accelerator
    report: Report


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
    with _accelerated(settings, place) as accelerator:
        first = accelerator.is_main_process
        inputs = _Inputs(settings, base, data, place, accelerator, report if first else quiet)
        with checkpoints.lock(settings.out) if first else contextlib.nullcontext(), device.hushed():
            return _run(inputs)


def _run(inputs: _Inputs) -> Path:
    if (finished := _finished(inputs)) is not None:
        return finished
    start = _where_to_start(inputs)
    run = _prepare(inputs)
    done = 0 if start is None else start.step
    if start is not None:
        checkpoints.restore(start, run.model, run.optimizer.optimizer)
        if run.accelerator.scaler is not None and start.state.get("scaler"):
            run.accelerator.scaler.load_state_dict(start.state["scaler"])
    _announce(run, done)
    try:
        _loop(run, done)
    except (RuntimeError, MemoryError) as error:
        if not advice.is_out_of_memory(error):
            raise
        raise TrainingError("training must fit into memory, got none left", advice.smaller(**_setting(run))) from error
    return _finish(run)


def _loop(run: Run, done: int) -> None:
    """Run the steps after `done`, with checkpoints, epoch ends, advice and an orderly stop."""
    rows = trackers.read(run.settings.out / trackers.METRICS) if run.accelerator.is_main_process else []
    history = [row["loss"] for row in rows if "loss" in row]  # also of the steps before a continuation
    clock = collections.deque([time.monotonic()], maxlen=_SPEED_WINDOW + 1)
    with _stop_requests() as must_stop:
        for step in range(done + 1, run.steps + 1):
            figures = train_step(run, step)
            clock.append(time.monotonic())
            history.append(figures["loss"])
            _tell_step(run, step, figures, clock)
            if step == done + 10:
                _advise_speed(run, step, clock)
            if saved := step % run.settings.checkpoint_every == 0:
                save(run, step)
            if step % run.epoch_steps == 0 or step == run.steps:
                _end_epoch(run, step, history)
            if must_stop() and step < run.steps:
                if not saved:
                    save(run, step)
                raise TrainingError(
                    f"training was stopped at step {step} of {run.steps}", "continue with --resume auto"
                )


def save(run: Run, step: int) -> Path:
    """Write a checkpoint, tell so, then prune older ones. All processes call it, the first one writes."""
    out = run.settings.out
    target = out / f"checkpoint-{step}"
    run.accelerator.wait_for_everyone()
    if run.accelerator.is_main_process:
        scaler = run.accelerator.scaler
        state = {
            **_identity(run),
            "scaler": None if scaler is None else scaler.state_dict(),
        }
        checkpoints.save(out, step, run.model, run.base, run.optimizer.optimizer, _record(run), state)
        gone = checkpoints.prune(out, run.settings.keep, newest=target)
        note = f"; removed {', '.join(path.name for path in gone)}" if gone else ""
        run.report(Event("checkpoint", f"saved {target}{note}", {"step": step, "path": str(target)}))
    run.accelerator.wait_for_everyone()
    return target


def _finish(run: Run) -> Path:
    final = run.settings.out / "final"
    if run.accelerator.is_main_process:
        with files.atomic_folder(final) as folder:
            modules = adapter.save(folder, run.model, run.base, {**_record(run), "step": run.steps})
        peak = device.peak_bytes(run.device.name) / 1e9
        words = f"finished after {run.steps} steps: {modules} modules saved in {final}; peak memory {peak:.1f} GB"
        run.report(Event("done", words, {"step": run.steps, "path": str(final), "peak_gb": round(peak, 2)}))
    run.accelerator.wait_for_everyone()
    return final


def _prepare(inputs: _Inputs) -> Run:
    """Fill the cache, then load the UNet and give it a LoRA; the encoders are gone by then."""
    settings, base, data, accelerator = inputs.settings, inputs.base, inputs.data, inputs.accelerator
    inputs.report(Event("note", f"base {base.name} ({base.prediction_type}, {base.size_px} px) in {base.folder}"))
    used = _used(inputs)
    images, captions = [e.path for e in used], [e.caption for e in used]
    size_px, folder = settings.size or base.size_px, settings.cache or settings.out / "cache"
    where = str(accelerator.device)
    if accelerator.is_main_process:
        cache.build(base, images, captions, size_px=size_px, folder=folder, device_name=where, report=inputs.report)
    accelerator.wait_for_everyone()
    model = lora.unet_with_lora(base, settings, inputs.device).to(accelerator.device)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=settings.lr or 0.0, weight_decay=settings.weight_decay)
    wrapped, prepared = accelerator.prepare(model, optimizer)
    epoch_steps, steps = _step_count(inputs)
    return Run(
        settings=settings,
        base=base,
        data=data,
        device=inputs.device,
        cache=cache.plan(base, images, captions, size_px=size_px, folder=folder),
        schedule=denoise.noise_schedule(base),
        model=model,
        wrapped=wrapped,
        optimizer=prepared,
        trained=trained,
        accelerator=accelerator,
        epoch_steps=epoch_steps,
        steps=steps,
        report=inputs.report,
    )


def _used(inputs: _Inputs) -> list[Example]:
    """Return the images that the run looks at: encoding the others would only cost time.

    A run shorter than an epoch is a trial; it has no validation.
    """
    settings, data = inputs.settings, inputs.data
    epoch_steps, steps = _step_count(inputs)
    if steps >= epoch_steps:
        return [*data.train, *data.validation[: settings.validation]]
    order = epoch_order(settings.seed, 0, len(data.train))
    return [data.train[i] for i in order[: steps * _images_per_step(inputs)]]


def _images_per_step(inputs: _Inputs) -> int:
    settings = inputs.settings
    processes: int = inputs.accelerator.num_processes
    return (settings.batch_size or 1) * processes * settings.accumulate


def _step_count(inputs: _Inputs) -> tuple[int, int]:
    """Return the steps of an epoch and of the whole run."""
    settings = inputs.settings
    epoch_steps = -(-len(inputs.data.train) // _images_per_step(inputs))
    return epoch_steps, min((settings.epochs or 1) * epoch_steps, settings.steps or sys.maxsize)


def _finished(inputs: _Inputs) -> Path | None:
    """Return the adapter of this very run where it was finished before, else None."""
    final = inputs.settings.out / "final"
    if inputs.settings.resume != "auto" or not (inputs.settings.out / adapter.RUN_SETTINGS).is_file():
        return None
    try:
        made = adapter.read(final)
    except AdapterError:
        return None
    steps = _step_count(inputs)[1]
    mine = _identity(inputs)
    found = {**made.record, "fingerprint": made.base_fingerprint}
    if made.step != steps or _changes(found, mine):
        return None
    words = f"this run was finished before, after {steps} steps: {final}; --resume never trains it again"
    inputs.report(Event("done", words, {"step": steps, "path": str(final)}))
    return final


def _where_to_start(inputs: _Inputs) -> Checkpoint | None:
    """Find the checkpoint to continue, or clear the folder for a new run; write the run's settings."""
    settings, out = inputs.settings, inputs.settings.out
    steps = _step_count(inputs)[1]
    if settings.resume == "never":
        start = None
    elif settings.resume == "auto":
        start = checkpoints.latest(out, most=steps)
    else:
        start = checkpoints.read(Path(settings.resume))
        if start.step > steps:
            raise SettingsError(f"steps must be at least the checkpoint's, {start.step}, got {steps}")
    if start is not None:
        _check_same(start, _identity(inputs))
    inputs.accelerator.wait_for_everyone()
    if inputs.accelerator.is_main_process:
        if start is None and (aside := checkpoints.set_aside(out)) is not None:
            inputs.report(Event("note", f"this is a new run; the earlier one was moved to {aside}"))
        trackers.cut(out / trackers.METRICS, 0 if start is None else start.step)
        text = json.dumps(settings.as_dict(), indent=2, ensure_ascii=False)
        files.atomic_text(out / adapter.RUN_SETTINGS, text + "\n")
        inputs.accelerator.init_trackers("madorizu", config=_flat(settings))
    inputs.accelerator.wait_for_everyone()
    return start


def _check_same(start: Checkpoint, mine: dict[str, Any]) -> None:
    """Refuse to continue a run under other settings.

    Raises:
        SettingsError: listing what differs.
    """
    if changed := _changes(start.state, mine):
        raise SettingsError(
            f"settings must be those of {start.folder} to continue it, got other: {', '.join(changed)}",
            "set them back, or begin anew with --resume never",
        )


def _changes(before: Mapping[str, Any], mine: Mapping[str, Any]) -> list[str]:
    """List what makes this another run than the one of a checkpoint or an adapter."""
    words = {
        "fingerprint": "the base's weights",
        "data_hash": "the prepared data",
        "dtype": "dtype",
        "world": "processes",
    }
    changed = differences(before.get("settings", {}), mine["settings"])
    return changed + [name for key, name in words.items() if before.get(key) != mine[key]]


def _identity(made: _Inputs | Run) -> dict[str, Any]:
    """Return what must be equal for a run to be continued."""
    return {
        "settings": made.settings.as_dict(),
        "fingerprint": bases.fingerprint(made.base.folder),
        "data_hash": made.data.data_hash,
        "dtype": made.device.dtype,
        "world": made.accelerator.num_processes,
    }


def _record(run: Run) -> dict[str, Any]:
    """Return what an adapter tells about its training; no path of this machine is in it."""
    hidden = {"base", "data", "out", "cache", "resume"}
    return {
        "size_px": run.settings.size,
        "style": _common_style(run.data),
        "seed": run.settings.seed,
        "data_hash": run.data.data_hash,
        "images": len(run.data.train),
        "dtype": run.device.dtype,
        "world": run.accelerator.num_processes,
        "settings": {name: value for name, value in run.settings.as_dict().items() if name not in hidden},
    }


def _common_style(data: Prepared) -> str | None:
    """Return the style that most training captions name, or None where none does."""
    found: collections.Counter[str] = collections.Counter()
    for example in data.train:
        with contextlib.suppress(BriefError):
            if style := parse_caption(example.caption).style:
                found[style] += 1
    return found.most_common(1)[0][0] if found else None


def _flat(settings: TrainSettings) -> dict[str, Any]:
    """Return the settings as TensorBoard takes them."""
    return {k: v if isinstance(v, int | float | str | bool) else str(v) for k, v in settings.as_dict().items()}


def _announce(run: Run, done: int) -> None:
    modules, parameters = lora.count(run.model)
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
    total = sum(p.numel() for p in run.model.parameters()) - parameters
    needed = advice.needed_bytes(
        total,
        dtype=run.device.dtype,
        size_px=settings.size or run.base.size_px,
        batch_size=settings.batch_size or 1,
        checkpointing=settings.gradient_checkpointing,
    )
    weights = total * (4 if run.device.dtype == "fp32" else 2)  # they are in memory already
    if counsel := advice.on_memory(needed - weights, device.free_bytes(run.device.name), **_setting(run)):
        run.report(Event("advice", counsel))


def _setting(run: Run) -> dict[str, Any]:
    settings = run.settings
    return {
        "batch_size": settings.batch_size,
        "checkpointing": settings.gradient_checkpointing,
        "size_px": settings.size,
        "base_name": run.base.name,
    }


def _tell_step(run: Run, step: int, figures: dict[str, float], clock: collections.deque[float]) -> None:
    epoch = (step - 1) // run.epoch_steps + 1
    per_s = (len(clock) - 1) / max(clock[-1] - clock[0], 1e-9)
    left_s = (run.steps - step) / per_s
    run.accelerator.log({"epoch": epoch, **figures, "seconds": clock[-1] - clock[-2]}, step=step)
    run.report(Event("step", data={"step": step, "epoch": epoch, **figures, "steps_per_s": per_s, "left_s": left_s}))


def _advise_speed(run: Run, step: int, clock: collections.deque[float]) -> None:
    left_s = (run.steps - step) * (clock[-1] - clock[0]) / (len(clock) - 1)
    words = advice.on_speed(
        left_s,
        device=run.device.name,
        unused_gpu=run.device.name == "cpu" and device.has_unused_gpu(),
        checkpointing=run.settings.gradient_checkpointing,
        large=sum(p.numel() for p in run.model.parameters()) > _LARGE,
    )
    if words:
        run.report(Event("advice", words))


def _end_epoch(run: Run, step: int, history: list[float]) -> None:
    """Tell the epoch's mean loss and the validation loss, and advise when they are high."""
    epoch = (step - 1) // run.epoch_steps + 1
    mean = _mean(history[(epoch - 1) * run.epoch_steps :])
    run.accelerator.wait_for_everyone()
    if run.accelerator.is_main_process:
        found = evaluate(run) if run.steps >= run.epoch_steps else None
        row = {"epoch_loss": mean} | ({} if found is None else {"validation_loss": found})
        run.accelerator.log(row, step=step)
        words = f"epoch {epoch}: mean loss {mean:.4f}" + ("" if found is None else f", validation loss {found:.4f}")
        run.report(Event("epoch", words, {"epoch": epoch, "step": step, "loss": mean, "validation_loss": found}))
        if counsel := advice.on_loss(_mean(history[: run.epoch_steps]), mean, epoch=epoch):
            run.report(Event("advice", counsel))
    run.accelerator.wait_for_everyone()


def _mean(values: list[float]) -> float:
    return sum(values) / max(1, len(values))


@contextlib.contextmanager
def _accelerated(settings: TrainSettings, place: device.Device) -> Iterator[Accelerator]:
    """Give an accelerator for one run and leave none of its global state behind."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState, GradientState
    from accelerate.utils import ProjectConfiguration

    where = ProjectConfiguration(project_dir=str(settings.out), logging_dir=str(settings.out / "tensorboard"))
    _forget(AcceleratorState, GradientState)
    accelerator = Accelerator(
        mixed_precision=place.mixed_precision,
        cpu=place.name == "cpu",
        gradient_accumulation_steps=settings.accumulate,
        log_with=trackers.chosen(settings),
        project_config=where,
    )
    try:
        with _deterministic(place):
            yield accelerator
        accelerator.end_training()
    finally:
        accelerator.free_memory()
        _forget(AcceleratorState, GradientState)


def _forget(*states: Any) -> None:
    """Reset accelerate's process-wide settings: a second run in this process may have others."""
    for state in states:
        state._reset_state()


@contextlib.contextmanager
def _deterministic(place: device.Device) -> Iterator[None]:
    """Ask CUDA for kernels that give the same result each time; other devices do so already."""
    if place.name != "cuda":
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]


@contextlib.contextmanager
def _stop_requests() -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C and SIGTERM into a wish that the loop honours after the step; a second Ctrl-C kills."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
