"""The REST server: one small contract, richer routes under /api/v1, and the page.

    POST /api/generate-floor-plan  {"width": 8, "height": 9} -> {"imageUrl": "/generated/….png"}
    POST /api/v1/plans             a whole brief, or a request -> {"plans": [...]}
    POST /api/v1/requests          {"request": "8x9 3LDK 南玄関"} -> how it is understood
    GET  /api/v1/info              which generator, base and adapter
    GET  /generated/<name>         what was drawn; a plan's name with another ending (.dxf, .ifc, ...) exports it
    GET  /health                   {"status": "ok"}
    GET  /                         the page

Every error is `{"error": "..."}`: 400 for what the caller can change (a wrong type, a size
that no house fits), 403 from a strange site, 404, 413, 500, 503 when too many wait. A model
is loaded once, before the server listens; no request loads one.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal, TypeVar

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.cors import CORSMiddleware

import madorizu
from madorizu import canvas, files, pipeline
from madorizu import request as requests
from madorizu.app import gallery, guard, models, page
from madorizu.app.jobs import BusyError, Worker
from madorizu.app.models import Model
from madorizu.app.settings import ServerSettings
from madorizu.brief import Brief, caption
from madorizu.errors import BriefError, InputError, MadorizuError, SettingsError, SolveError
from madorizu.pipeline import Design, Generator, HouseFor
from madorizu.plan import MODULE_MM
from madorizu.request import Request as Wish

MAX_MODULES = 50  # of the contract; what fits is less and said by the error
T = TypeVar("T")
_UNREADABLE = "There was an error parsing the body"  # FastAPI's words for a body nested too deeply
_log = logging.getLogger("madorizu.server")
# An SVG opened by itself styles itself; it still runs and loads nothing.
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; sandbox"


@dataclass(frozen=True, slots=True)
class _Service:
    """What the routes share."""

    settings: ServerSettings
    model: Model | None
    house_for: HouseFor | None
    worker: Worker


class SizeRequest(BaseModel):
    """The body of the small contract."""

    model_config = ConfigDict(extra="forbid", strict=True)

    width: float = Field(ge=1, le=MAX_MODULES, description="in modules of 910 mm; halves are allowed")
    height: float = Field(ge=1, le=MAX_MODULES, description="in modules of 910 mm; halves are allowed")


class WordsRequest(BaseModel):
    """The body of a question how words are understood."""

    model_config = ConfigDict(extra="forbid", strict=True)

    request: str = Field(max_length=requests.MAX_LETTERS, description="in Japanese or English")


class UpperSize(SizeRequest):
    """W×H of the 2F."""


class PlansRequest(BaseModel):
    """A whole brief, in fields or as a request in words; what is left out is open."""

    model_config = ConfigDict(extra="forbid", strict=True)

    width: float | None = Field(default=None, ge=1, le=MAX_MODULES)
    height: float | None = Field(default=None, ge=1, le=MAX_MODULES)
    floor: Literal["1F", "2F", "both", "unknown"] | None = Field(default=None, description="1F where it is left out")
    elements: list[Literal["stairs", "entrance", "balcony"]] | None = Field(default=None, max_length=8)
    entrance_side: Literal["n", "e", "s", "w"] | None = None
    bedrooms: int | None = Field(default=None, ge=0, le=9)
    features: list[str] | None = Field(default=None, max_length=16, description="rooms by any of their names")
    nldk: int | None = Field(default=None, ge=1, le=9, description="of both, or of a 1F without stairs")
    stair_place: Literal["nw", "n", "ne", "w", "c", "e", "sw", "s", "se"] | None = None
    upper: UpperSize | None = Field(default=None, description="of both only")
    request: str | None = Field(
        default=None, max_length=requests.MAX_LETTERS, description="in Japanese or English, in the place of all above"
    )
    seed: int | None = Field(default=None, ge=0, le=pipeline.MAX_SEED)
    count: int = Field(default=1, ge=1, le=pipeline.MAX_COUNT)
    generator: Generator | None = None
    style: str | None = Field(default=None, max_length=32)


def load_model(settings: ServerSettings) -> Model | None:
    """Load the base and the adapter that the settings name; None for the simple generator.

    Raises:
        AdapterError: if there is no adapter, or it was trained on another base.
        BaseModelError: if the base is missing or incomplete.
    """
    if settings.generator == "simple":
        return None
    return models.load(
        settings.base,
        models.find_adapter(settings.lora),
        device=settings.device,
        steps=settings.steps,
        guidance=settings.guidance,
    )


def create_app(settings: ServerSettings, *, model: Model | None = None, house_for: HouseFor | None = None) -> FastAPI:
    """Build the application.

    Args:
        settings: how it runs.
        model: what generator "lora" draws with.
        house_for: another solver than `houses.house_for`, for generator "simple".

    Raises:
        SettingsError: if the settings ask for "lora" and there is no model.
    """
    if settings.generator == "lora" and model is None:
        raise SettingsError("generator lora must have a model, got none", "load it with load_model(settings)")
    service = _Service(settings, model, house_for, Worker(settings.max_waiting))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.worker.close()

    app = FastAPI(
        title="madorizu",
        version=madorizu.__version__,
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    _add_middleware(app, settings)
    _add_error_handlers(app)
    _add_api(app, service)
    _add_files_and_page(app, service)
    return app


def _add_middleware(app: FastAPI, settings: ServerSettings) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.origins),
        allow_origin_regex=guard.LOOPBACK_ORIGIN,
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type"],
    )
    app.add_middleware(
        guard.Guard,
        hosts=(settings.host, *settings.hosts),
        origins=settings.origins,
        max_body_bytes=settings.max_body_bytes,
    )


# --- routes ----------------------------------------------------------------------------


def _add_api(app: FastAPI, service: _Service) -> None:
    @app.post("/api/generate-floor-plan")
    async def generate_floor_plan(wish: SizeRequest) -> dict[str, str]:
        designs, entries = await _draw(service, PlansRequest(width=wish.width, height=wish.height))
        if any(f.code == pipeline.EMPTY for f in designs[0].findings):
            raise HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, designs[0].findings[0].message)
        return {"imageUrl": _url(entries[0].png)}

    @app.post("/api/v1/plans")
    async def plans(wish: PlansRequest) -> dict[str, Any]:
        designs, entries = await _draw(service, wish)
        answer: dict[str, Any] = {"plans": [_describe(d, e) for d, e in zip(designs, entries, strict=True)]}
        return answer if wish.request is None else answer | {"request": _understood(requests.understand(wish.request))}

    @app.post("/api/v1/requests")
    async def read_request(words: WordsRequest) -> dict[str, Any]:
        try:
            return _understood(requests.understand(words.request))
        except InputError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error

    @app.get("/api/v1/info")
    async def info() -> dict[str, Any]:
        return _info(service)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}


def _add_files_and_page(app: FastAPI, service: _Service) -> None:
    @app.get("/generated/{name}", response_class=FileResponse)
    async def generated(name: str) -> Response:
        folder = service.settings.generated
        found = gallery.find(folder, name)
        if found is None and gallery.source(folder, name) is not None:
            found = await _in_turn(service, lambda: gallery.export(folder, name))
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "no such file; the oldest are deleted")
        path, media = found
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        if media == gallery.MEDIA["svg"]:
            headers["Content-Security-Policy"] = _SVG_POLICY
        return FileResponse(path, media_type=media, headers=headers)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def index(request: Request) -> HTMLResponse:
        language = page.language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        headers = {"Content-Language": language, "Vary": "Accept-Language"}
        return HTMLResponse(page.render(language, _info(service)), headers=headers)

    app.mount("/static", StaticFiles(directory=page.STATIC), name="static")


async def _draw(service: _Service, wish: PlansRequest) -> tuple[tuple[Design, ...], list[gallery.Entry]]:
    """Draw a wish in its turn and put it into the folder."""
    return await _in_turn(service, _job(service, wish))


async def _in_turn(service: _Service, job: Callable[[], T]) -> T:
    """Do a job when it is its turn; errors become HTTP's."""
    try:
        return await service.worker.run(job)
    except (InputError, SolveError) as error:  # also out of time: another size or seed may do
        raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error
    except BusyError as error:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"Retry-After": "5"}) from error
    except MadorizuError as error:
        _log.error("%s: %s", error.code, error)
        raise HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, str(error)) from error
    except Exception as error:
        _log.exception("drawing failed")
        raise HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, "drawing failed; the server's log says why") from error


def _job(service: _Service, wish: PlansRequest) -> Callable[[], tuple[tuple[Design, ...], list[gallery.Entry]]]:
    """Return what the drawing thread does for a wish."""
    settings = service.settings

    def job() -> tuple[tuple[Design, ...], list[gallery.Entry]]:
        if wish.count > settings.max_count:
            raise SettingsError(f"count must be 1 to {settings.max_count}, got {wish.count}")
        model = _model(service, wish.generator or settings.generator)
        designs = pipeline.design(
            _brief(wish),
            draw=None if model is None else model.draw,
            # Never a fixed seed: the same size must be able to give another plan.
            seed=secrets.randbelow(pipeline.MAX_SEED + 1) if wish.seed is None else wish.seed,
            count=wish.count,
            style=None if model is None else model.style,
            labels=True,
            house_for=service.house_for,
            time_limit_s=settings.time_limit_s,
        )
        entries = gallery.add_all(settings.generated, designs)
        gallery.prune(settings.generated, settings.keep)
        return designs, entries

    return job


# Fields that say how and by whom a wish is drawn, not what is wished.
_HOW = frozenset({"request", "seed", "count", "generator", "style"})


def _brief(wish: PlansRequest) -> Brief:
    if wish.request is not None:
        beside = sorted(name for name in wish.model_fields_set - _HOW if getattr(wish, name) is not None)
        if beside:
            raise BriefError(f"request must be the whole wish, got {', '.join(beside)} beside it")
        brief = pipeline.read(wish.request).brief
        return brief if wish.style is None else replace(brief, style=wish.style)
    if wish.width is None or wish.height is None:
        raise BriefError("width and height must be given, or a request, got neither")
    return pipeline.brief_from(
        wish.width,
        wish.height,
        floor=wish.floor,
        elements=wish.elements,
        entrance=wish.entrance_side,
        bedrooms=wish.bedrooms,
        features=wish.features,
        nldk=wish.nldk,
        stair_place=wish.stair_place,
        upper=None if wish.upper is None else f"{wish.upper.width}x{wish.upper.height}",
        style=wish.style,
    )


def _model(service: _Service, generator: Generator) -> Model | None:
    if generator == "simple":
        return None
    if service.model is None:
        raise SettingsError("generator lora must be loaded, got a server without it", "start it with --generator lora")
    return service.model


# --- answers ---------------------------------------------------------------------------


def _url(name: str) -> str:
    return f"/generated/{name}"


def _files(entry: gallery.Entry) -> dict[str, str]:
    """Return the address of each format: of the whole house where there is one, else of the storey."""
    from madorizu.export import FORMATS

    source = entry.house or entry.json
    stem = "" if source is None else source.removesuffix(".json")
    return {form: _url(f"{stem}{known.suffix}") for form, known in FORMATS.items() if stem and known.is_here}


def _understood(wish: Wish) -> dict[str, Any]:
    return {
        "caption": caption(wish.brief),
        "understood": [{"words": words, "meaning": meaning} for words, meaning in wish.understood],
        "assumed": [{"message": note.message, "message_ja": note.message_ja} for note in wish.assumed],
    }


def _describe(design: Design, entry: gallery.Entry) -> dict[str, Any]:
    findings = [
        {
            "code": f.code,
            "hard": f.hard,
            "floor": f.floor,
            "room": f.room,
            "cell": f.cell,
            "message": f.message,
            "message_ja": f.message_ja,
        }
        for f in design.findings
    ]
    return {
        "imageUrl": _url(entry.png),
        "svgUrl": entry.svg and _url(entry.svg),
        "planUrl": entry.json and _url(entry.json),
        "files": _files(entry),
        "seed": design.seed,
        "caption": design.caption,
        "floor": design.floor,
        "width": design.size_mm[0] / MODULE_MM,
        "height": design.size_mm[1] / MODULE_MM,
        "generator": design.generator,
        "style": design.style,
        "findings": findings,
    }


def _info(service: _Service) -> dict[str, Any]:
    from madorizu.draw import STYLES

    settings, model = service.settings, service.model
    return {
        "version": madorizu.__version__,
        "generator": settings.generator,
        "generators": ["simple"] if model is None else ["simple", "lora"],
        "base": None if model is None else Path(model.base).name,  # of a folder its name only
        "adapter": None if model is None or model.adapter is None else model.adapter.name,
        "styles": sorted(STYLES),
        "max_count": settings.max_count,
        "size": {"min": canvas.MIN_MM // MODULE_MM, "max": canvas.MAX_MODULES[16], "step": 0.5},
    }


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": "; ".join(map(_fault, error.errors()))}, HTTPStatus.BAD_REQUEST)

    @app.exception_handler(StarletteHTTPException)
    async def refused(_: Request, error: StarletteHTTPException) -> JSONResponse:
        message = "body must be JSON" if error.detail == _UNREADABLE else error.detail
        return JSONResponse({"error": message}, error.status_code, headers=error.headers)

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "internal error; the server's log says why"}, HTTPStatus.INTERNAL_SERVER_ERROR)


def _fault(fault: Any) -> str:
    """Word one of pydantic's faults as "subject must rule, got value"."""
    where = ".".join(str(part) for part in fault["loc"][1:]) or "body"
    if fault["type"] == "json_invalid":
        return f"body must be JSON, got {fault.get('ctx', {}).get('error', 'something else')}"
    if fault["type"] == "missing":
        return f"{where} must be given" if where != "body" else "body must be a JSON object, got nothing"
    if fault["type"] == "extra_forbidden":
        return f"{where[:80]} must be a known field"
    if where == "body":
        return "body must be a JSON object sent as application/json"
    return f"{where} {fault['msg'].replace('Input should', 'must')}, got {fault.get('input')!r:.80}"


def serve(settings: ServerSettings, *, report: Callable[[str], None]) -> None:
    """Load what is to be loaded, then listen until stopped.

    Raises:
        ModelError: as `load_model`; nothing listens then.
        StorageError: if the folder of the pictures cannot be written.
    """
    import uvicorn

    model = load_model(settings)
    _check_folder(settings.generated)
    report(f"madorizu {madorizu.__version__}: http://{_authority(settings)}/ (generator: {settings.generator})")
    uvicorn.run(
        create_app(settings, model=model),
        host=settings.host,
        port=settings.port,
        log_level="info",
        server_header=False,
        timeout_graceful_shutdown=5,
    )


def _authority(settings: ServerSettings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def _check_folder(folder: Path) -> None:
    """Write and delete a file, so that a full or foreign disk is known before the first request."""
    probe = folder / ".writable"
    files.atomic_bytes(probe, b"")
    probe.unlink(missing_ok=True)
