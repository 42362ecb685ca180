"""Files that are whole or absent: written beside, flushed to the disk, renamed.

Whoever writes a file that somebody may read later uses these functions, so that a full
disk, a crash or a Ctrl-C never leaves half a file under a real name. A link is written
through: what it points to is replaced, the link stays.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from madorizu.errors import StorageError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_DISK = _FULL | _DENIED | {errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE}
_PART = re.compile(r"\..{1,60}\.[0-9a-f]{12}\.part")  # as `_beside` names them


def storage_error(error: OSError, path: Path | str, doing: str = "written") -> StorageError:
    """Turn an error of the system into one that says what to do.

    Args:
        error: what the system raised.
        path: the file or folder it is about.
        doing: what was tried, as a participle: "written", "read".
    """
    if isinstance(error, StorageError):
        return error
    if error.errno in _FULL:
        hint = "the disk is full or over its quota; free some space and start again"
    elif error.errno in _DENIED:
        hint = "check who owns it and its permissions, or choose another folder"
    elif error.errno == errno.ENOENT:
        hint = "there is no such file or folder; check the path"
    elif error.errno in (errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        hint = "a file lies where a folder must be, or the other way round; move it away"
    elif error.errno == errno.ELOOP:
        hint = "it is a link that leads back to itself; remove the link"
    elif error.errno == errno.ENAMETOOLONG:
        hint = "give it a shorter name"
    else:
        hint = "check the disk and try again"
    return StorageError(f"{path} must be {doing}, got {error.strerror or error}", hint)


def atomic_bytes(path: Path | str, data: bytes) -> None:
    """Write a file whole or not at all; an old one stays until the new one is complete.

    Makes the folders above it. The file gets the permissions that any new file gets.

    Raises:
        StorageError: if it cannot be written; nothing has changed then.
    """
    target = _real(path)
    beside = _beside(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(beside, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error
    _sync_folder(target.parent)


def atomic_text(path: Path | str, text: str) -> None:
    """Write a text file in UTF-8 with the line ends it has; see `atomic_bytes`.

    Raises:
        StorageError: if it cannot be written; nothing has changed then.
    """
    atomic_bytes(path, text.encode("utf-8"))


@contextlib.contextmanager
def atomic_folder(path: Path | str) -> Iterator[Path]:
    """Fill a new folder that appears under its name only when the block has ended well.

    The block writes into the folder it is given, which lies beside the target. When the
    block ends, every file is flushed to the disk and the folder renamed. A folder that
    has the name already is replaced; whether that may be is the caller's to decide. When
    the block raises, the new folder is removed and the old one is as it was.

    Yields:
        An empty folder to write into.

    Raises:
        StorageError: if the disk is full, or a folder cannot be written; also for such
            errors of the block itself.

    Example:
        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp()) / "result"
        >>> with atomic_folder(place) as folder:
        ...     _ = (folder / "a.txt").write_text("whole")
        ...     place.exists()
        False
        >>> (place / "a.txt").read_text()
        'whole'
    """
    target = _real(path)
    beside = _beside(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.mkdir()
    except OSError as error:
        raise storage_error(error, path) from error
    try:
        try:
            yield beside
        except OSError as error:
            if isinstance(error, StorageError) or error.errno not in _DISK:
                raise
            raise storage_error(error, path) from error
        try:
            _sync_tree(beside)
            _swap(beside, target)
        except OSError as error:
            raise storage_error(error, path) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    _sync_folder(target.parent)


def append_line(path: Path | str, line: str) -> None:
    """Add a line to a text file, flushed to the disk; a full disk leaves the file as it was.

    A machine that loses its power may leave a part of the line as the file's end, so that
    readers pass over a last line that they cannot read.

    Raises:
        StorageError: if it cannot be written.
    """
    try:
        with open(path, "ab") as file:
            before = file.tell()
            try:
                file.write(line.encode("utf-8") + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), before)
                raise
    except OSError as error:
        raise storage_error(error, path) from error


def remove_parts(folder: Path | str) -> int:
    """Remove what a killed process left of the files that it was writing into a folder.

    Nobody else may be writing into it: see `locked_folder`. Does not look below the folder.

    Returns:
        How many files were removed.

    Raises:
        StorageError: if the folder cannot be read, or a file not removed.
    """
    try:
        parts = [e.path for e in os.scandir(folder) if _PART.fullmatch(e.name) and e.is_file(follow_symlinks=False)]
        for part in parts:
            os.unlink(part)
    except OSError as error:
        raise storage_error(error, folder, "cleaned") from error
    return len(parts)


@contextlib.contextmanager
def locked_folder(path: Path | str) -> Iterator[None]:
    """Keep a folder for this process while the block runs; leaves no file in it.

    A file system that knows no locks (some network drives) gives none, without a word.

    Raises:
        StorageError: if another process has it, or it cannot be opened.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise storage_error(error, path, "opened") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError(
                f"{path} must be used by one run at a time, got another one that is using it", "wait until it has ended"
            ) from error
        except OSError:
            pass
        yield
    finally:
        os.close(handle)


def _real(path: Path | str) -> Path:
    return Path(os.path.realpath(path))


def _beside(target: Path) -> Path:
    """Name a file or folder next to the target: the same disk, so that a rename is one step."""
    # 60 characters keep it under the limit of 255 bytes, whatever alphabet the name is in.
    return target.with_name(f".{target.name[:60]}.{secrets.token_hex(6)}.part")


def _swap(new: Path, target: Path) -> None:
    """Put a complete folder in the place of an old one.

    A folder cannot be renamed over one that is not empty. Between the two renames the
    name is free for a moment; if the second one fails the first one is taken back.
    """
    if not os.path.lexists(target):
        os.replace(new, target)
        return
    if not target.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(target))
    old = _beside(target)
    os.replace(target, old)
    try:
        os.replace(new, target)
    except BaseException:
        os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _sync_tree(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(parent, name), "rb") as file:
                os.fsync(file.fileno())
        _sync_folder(Path(parent))


def _sync_folder(folder: Path) -> None:
    """Flush a folder's list of names, where the system knows that; elsewhere do nothing."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
