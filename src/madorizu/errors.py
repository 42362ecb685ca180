"""Every exception that madorizu raises.

A broken rule of a plan is never an exception but a finding (`madorizu.rules`).
An exception means: this cannot go on, and here is what to do about it.

    MadorizuError
    ├── InputError (ValueError)      what the caller gave cannot be used
    │   ├── BriefError               a wish that is malformed or outside the limits
    │   ├── PlanError                plan data that is malformed
    │   ├── SidecarError             the JSON beside an image
    │   ├── ImageError               an image file
    │   ├── DatasetError             a folder of pairs
    │   └── SettingsError            a setting of a run
    ├── SolveError (RuntimeError)    no house was found
    │   ├── InfeasibleError          proved: no house fits the brief
    │   └── OutOfTimeError           none found in the time given; nothing is proved
    ├── ModelError (RuntimeError)    weights that cannot be used
    │   ├── BaseModelError           a base model: missing, incomplete, of another family
    │   └── AdapterError             a LoRA: missing, damaged, trained on another base
    ├── TrainingError (RuntimeError) a run that had to stop
    ├── WorkerError (RuntimeError)   work in another process that came to no end
    └── StorageError (OSError)       a folder or a disk that cannot be read or written
"""

from __future__ import annotations


class MadorizuError(Exception):
    """Base of all errors of this package.

    Attributes:
        message: what is wrong, as "subject must rule, got value".
        hint: what to do next; empty when there is nothing to add.
        code: a stable, lower-case name for programs, the same for all errors of a class.
    """

    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class InputError(MadorizuError, ValueError):
    """What the caller gave cannot be used."""

    code = "bad-input"


class BriefError(InputError):
    """A brief is malformed or outside the limits."""

    code = "bad-brief"


class PlanError(InputError):
    """Plan or house data is malformed."""

    code = "bad-plan"


class SidecarError(InputError):
    """The JSON beside an image cannot be read."""

    code = "bad-sidecar"


class ImageError(InputError):
    """An image file cannot be used."""

    code = "bad-image"


class DatasetError(InputError):
    """A folder of images and sidecars cannot be used."""

    code = "bad-dataset"


class SettingsError(InputError):
    """A setting of a run is unknown or outside its limits."""

    code = "bad-settings"


class SolveError(MadorizuError, RuntimeError):
    """No house was found for a brief."""

    code = "unsolved"


class InfeasibleError(SolveError):
    """It is proved that no house fits the brief."""

    code = "infeasible"


class OutOfTimeError(SolveError):
    """No house was found within the time limit; none is proved impossible."""

    code = "out-of-time"


class ModelError(MadorizuError, RuntimeError):
    """Model weights cannot be used."""

    code = "bad-model"


class BaseModelError(ModelError):
    """A base model is missing, incomplete or of another family."""

    code = "bad-base"


class AdapterError(ModelError):
    """An adapter is missing, damaged or was trained on another base."""

    code = "bad-adapter"


class TrainingError(MadorizuError, RuntimeError):
    """A training run had to stop."""

    code = "training-stopped"


class WorkerError(MadorizuError, RuntimeError):
    """Work that was sent to another process came to no end."""

    code = "worker"


class StorageError(MadorizuError, OSError):
    """A folder or disk cannot be read or written."""

    code = "storage"
