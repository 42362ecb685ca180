"""Files are whole or absent."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from madorizu import files
from madorizu.errors import StorageError


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_bytes_are_written_under_their_name_and_nothing_lies_beside(tmp_path: Path) -> None:
    """A written file holds exactly the data, in folders that are made for it."""
    files.atomic_bytes(tmp_path / "a" / "b.bin", b"\0whole\n")
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"\0whole\n"
    assert os.listdir(tmp_path / "a") == ["b.bin"]


def test_text_is_utf8_with_its_own_line_ends(tmp_path: Path) -> None:
    """Text is not translated: 間 is three bytes, a line feed is one."""
    files.atomic_text(tmp_path / "a.txt", "間\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xe9\x96\x93\n"


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    """The file is as readable for others as any file of this user, not as a temporary one."""
    (tmp_path / "usual").write_text("x")
    files.atomic_text(tmp_path / "ours", "x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full the old file stays, nothing lies beside it, and the error says so."""
    target = tmp_path / "a.txt"
    files.atomic_text(target, "old")
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(StorageError, match=r"must be written, got No space left on device \(the disk is full"):
        files.atomic_text(target, "new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_file_is_written_through_a_link(tmp_path: Path) -> None:
    """A link stays a link; the file it points to is replaced."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "a.txt")
    files.atomic_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text() == "new"


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    """A path through a file cannot be written."""
    (tmp_path / "a").write_text("a file")
    with pytest.raises(StorageError, match="a file lies where a folder must be"):
        files.atomic_text(tmp_path / "a" / "b.txt", "x")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_an_error(tmp_path: Path) -> None:
    """A folder that may not be written gives an error that names permissions."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="permissions"):
            files.atomic_text(tmp_path / "a.txt", "x")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "permissions"),
        (errno.EROFS, "permissions"),
        (errno.ENOENT, "no such file"),
        (errno.EISDIR, "a file lies where a folder must be"),
        (errno.ELOOP, "remove the link"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.EIO, "check the disk"),
    ],
)
def test_each_error_of_the_system_says_what_to_do(number: int, hint: str) -> None:
    """Every cause has its next step, and the path is named."""
    error = files.storage_error(OSError(number, os.strerror(number)), "some/path", "readable")
    assert error.message.startswith("some/path must be readable, got ")
    assert hint in error.hint


def test_an_error_that_is_explained_already_stays(tmp_path: Path) -> None:
    """A StorageError is not wrapped again."""
    error = StorageError("told", "hint")
    assert files.storage_error(error, tmp_path) is error


def test_a_folder_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    """Until the block ends the name is free; then the folder is there with all its files."""
    target = tmp_path / "deep" / "result"
    with files.atomic_folder(target) as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "a.txt").write_text("a")
        assert not target.exists()
        assert folder.parent == target.parent
    assert (target / "sub" / "a.txt").read_text() == "a"
    assert os.listdir(tmp_path / "deep") == ["result"]


def test_a_folder_replaces_an_old_one_as_a_whole(tmp_path: Path) -> None:
    """Nothing of the old folder is left, and nothing lies beside the new one."""
    target = tmp_path / "result"
    for name in ("old.txt", "new.txt"):
        with files.atomic_folder(target) as folder:
            (folder / name).write_text(name)
    assert os.listdir(target) == ["new.txt"]
    assert os.listdir(tmp_path) == ["result"]


def test_a_failed_block_leaves_the_old_folder(tmp_path: Path) -> None:
    """When the block raises, its error goes on, the old folder stays and no trace is left."""
    target = tmp_path / "result"
    with files.atomic_folder(target) as folder:
        (folder / "old.txt").write_text("old")
    with pytest.raises(KeyboardInterrupt), files.atomic_folder(target) as folder:
        (folder / "new.txt").write_text("new")
        raise KeyboardInterrupt
    assert os.listdir(target) == ["old.txt"]
    assert os.listdir(tmp_path) == ["result"]


def test_a_full_disk_in_the_block_is_explained(tmp_path: Path) -> None:
    """ENOSPC of any library that writes into the folder becomes a StorageError."""
    with pytest.raises(StorageError, match="disk is full"), files.atomic_folder(tmp_path / "result"):
        _full()
    assert os.listdir(tmp_path) == []


def test_another_error_of_the_block_is_not_ours_to_explain(tmp_path: Path) -> None:
    """A missing file that the block wanted to read stays a FileNotFoundError."""
    with pytest.raises(FileNotFoundError), files.atomic_folder(tmp_path / "result"):
        (tmp_path / "missing").read_text()


def test_a_rename_that_fails_brings_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new folder cannot take the name, the old one gets it back."""
    target = tmp_path / "result"
    with files.atomic_folder(target) as folder:
        (folder / "old.txt").write_text("old")
    replace = os.replace
    calls = []

    def second_fails(source: Path, to: Path) -> None:
        calls.append(to)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        replace(source, to)

    monkeypatch.setattr(os, "replace", second_fails)
    with pytest.raises(StorageError, match="Input/output error"), files.atomic_folder(target) as folder:
        (folder / "new.txt").write_text("new")
    assert os.listdir(target) == ["old.txt"]
    assert os.listdir(tmp_path) == ["result"]


def test_a_folder_does_not_replace_a_file(tmp_path: Path) -> None:
    """A file that has the folder's name stays and is an error."""
    (tmp_path / "result").write_text("a file")
    with pytest.raises(StorageError, match="a file lies where"), files.atomic_folder(tmp_path / "result"):
        pass
    assert (tmp_path / "result").read_text() == "a file"


def test_a_folder_that_cannot_be_begun_is_an_error(tmp_path: Path) -> None:
    """A path through a file is refused before the block runs."""
    (tmp_path / "a").write_text("a file")
    with pytest.raises(StorageError, match="a file lies where"), files.atomic_folder(tmp_path / "a" / "b"):
        raise AssertionError("the block must not run")


def test_a_line_is_added_at_the_end(tmp_path: Path) -> None:
    """The file is made if it is not there; each line ends with one line feed."""
    files.append_line(tmp_path / "a.jsonl", "間")
    files.append_line(tmp_path / "a.jsonl", "2")
    assert (tmp_path / "a.jsonl").read_bytes() == b"\xe9\x96\x93\n2\n"


def test_a_full_disk_adds_no_part_of_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written of the line is cut off again."""
    files.append_line(tmp_path / "a.jsonl", "1")
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(StorageError, match=r"a.jsonl must be written, got No space left .*free some space"):
        files.append_line(tmp_path / "a.jsonl", "2")
    assert (tmp_path / "a.jsonl").read_bytes() == b"1\n"


def test_parts_of_a_killed_process_are_removed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of a part is what `atomic_bytes` really gives it."""
    parts: list[Path] = []

    def killed(source: Path, to: Path) -> None:
        parts.append(source)
        source.rename(tmp_path / "aside")  # from where it is put back: a killed process removes nothing
        raise OSError(errno.EIO, "killed")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(StorageError):
            files.atomic_text(tmp_path / "a.json", "x")
    (tmp_path / "aside").rename(parts[0])
    others = {"a.part", ".hidden", ".a.json.part", "b.json"}
    for name in others:
        (tmp_path / name).write_text("x")
    assert files.remove_parts(tmp_path) == 1
    assert set(os.listdir(tmp_path)) == others
    with pytest.raises(StorageError, match="none must be cleaned, got No such file"):
        files.remove_parts(tmp_path / "none")


def test_a_folder_is_for_one_run_at_a_time(tmp_path: Path) -> None:
    """The second one is refused, until the first has ended; no file tells of it."""
    with (
        files.locked_folder(tmp_path),
        pytest.raises(StorageError, match="must be used by one run at a time, got another") as caught,
        files.locked_folder(tmp_path),
    ):
        raise AssertionError("the block must not run")
    assert caught.value.hint == "wait until it has ended"
    with files.locked_folder(tmp_path):
        assert os.listdir(tmp_path) == []
    with pytest.raises(StorageError, match="none must be opened"), files.locked_folder(tmp_path / "none"):
        raise AssertionError("the block must not run")


def test_a_file_system_without_locks_is_used_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network drives know none."""

    def unknown(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", unknown)
    with files.locked_folder(tmp_path):
        assert os.listdir(tmp_path) == []
