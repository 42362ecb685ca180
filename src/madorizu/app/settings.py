"""Settings of the server: the command line over the environment over a TOML file.

A file holds them in the table `[server]`; in the environment each has the prefix
`MADORIZU_`, lists as JSON (`MADORIZU_HOSTS='["plans.example.jp"]'`).
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from madorizu import errors

FILE_NAME = "madorizu.toml"
TABLE = "server"


class ServerSettings(BaseSettings):
    """How the server runs.

    Attributes:
        host, port: where it listens. Port 0 takes a free one.
        generator: who draws unless a request says otherwise.
        base: name or folder of the base model, for generator "lora"; None takes the adapter's.
        lora: folder of the adapter; None looks in training/lora_model/final, "none" takes the base alone.
        device: "auto", "cpu", "cuda" or "mps".
        steps: denoising steps per picture.
        guidance: strength of the caption, or None for the base model's own.
        generated: folder of the pictures that are served.
        keep: number of plans kept there; beyond it the oldest go.
        hosts: names under which the server may be called besides this machine's; "*" for all.
        origins: sites whose pages may use it besides those of this machine; "*" for all.
        max_body_bytes: larger requests are refused.
        max_waiting: requests that may wait for the one that is drawn; more are refused.
        max_count: pictures per request.
        time_limit_s: for each house of the simple generator.
    """

    model_config = SettingsConfigDict(env_prefix="MADORIZU_", extra="forbid", frozen=True, validate_default=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    generator: Literal["simple", "lora"] = "simple"
    base: str | None = None
    lora: Path | None = None
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    steps: int = Field(default=20, ge=1, le=200)
    guidance: float | None = Field(default=None, ge=0, le=50)
    generated: Path = Path("generated")
    keep: int = Field(default=500, ge=64)
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    max_body_bytes: int = Field(default=16_384, ge=256)
    max_waiting: int = Field(default=16, ge=1)
    max_count: int = Field(default=8, ge=1, le=64)
    time_limit_s: float = Field(default=30.0, gt=0)


def load(file: Path | None = None, **given: Any) -> ServerSettings:
    """Gather the settings; what is given here wins, then the environment, then the file.

    Args:
        file: a TOML file; None takes the one that `MADORIZU_CONFIG` names, or `madorizu.toml`
            in the working folder if there is one.
        **given: fields of `ServerSettings`; one that is None counts as not given.

    Raises:
        SettingsError: if the file cannot be read, or a setting is unknown or outside its
            limits; the message names all of them.
    """
    table = _table(file)

    class WithFile(ServerSettings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=table)

    try:
        return WithFile(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, f['loc']))} {_rule(f['msg'])}, got {f['input']!r}" for f in error.errors()]
        raise errors.SettingsError(
            "; ".join(faults), f"known settings: {', '.join(ServerSettings.model_fields)}"
        ) from None
    except SettingsError as error:  # a list in the environment that is no JSON
        raise errors.SettingsError(
            f"environment must hold lists as JSON, got {error}", "write MADORIZU_HOSTS='[\"name\"]'"
        ) from None


def _rule(message: str) -> str:
    """Turn pydantic's "Input should be …" into "must be …"."""
    if message == "Extra inputs are not permitted":
        return "must be a known setting"
    return message.replace("Input should", "must")


def _table(file: Path | None) -> dict[str, Any]:
    """Read the table of a TOML file; empty where there is no file."""
    if file is None:
        named = os.environ.get("MADORIZU_CONFIG")
        file = Path(named) if named else Path(FILE_NAME)
        if not named and not file.is_file():
            return {}
    try:
        with file.open("rb") as stream:
            data = tomllib.load(stream)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise errors.SettingsError(f"{file} must be a TOML file that can be read, got {error}") from None
    table = data.get(TABLE, {})
    if not isinstance(table, dict):
        raise errors.SettingsError(f"{TABLE} of {file} must be a table, got {type(table).__name__}")
    return table
