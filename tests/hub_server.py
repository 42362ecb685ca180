"""A Hugging Face hub on the loopback, for huggingface_hub's own client: API, files, ranges, faults."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 4096  # bytes from which a file counts as a large one, with a sha256


@dataclass
class Hub:
    """The server's state, which a test may change while it runs.

    Attributes:
        files: contents by path, the same for every repository.
        ids: repositories that exist, and what each calls itself.
        commit: of every branch.
        listed: paths whose listing tells another content than what is sent.
        refuse: repository -> status, words of the X-Error-Code and X-Error-Message headers.
        moved: repository -> its new name.
        cut: path -> how many bytes of it are sent before the connection breaks, one number for each time.
        ranges: whether Range is followed.
        page: an HTML page in the place of every answer, or "".
        seen: requests as (path, Range header).
    """

    files: dict[str, bytes]
    ids: list[str]
    commit: str = COMMIT
    listed: dict[str, bytes] = field(default_factory=dict)
    refuse: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    cut: dict[str, list[int]] = field(default_factory=dict)
    ranges: bool = True
    page: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def fetched(self) -> list[str]:
        """Paths of the files that were asked for."""
        return [path.partition("/resolve/")[2].partition("/")[2] for path, _ in self.seen if "/resolve/" in path]


def contents(folder: Path) -> dict[str, bytes]:
    """Read a folder into memory."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """Serve while the block runs."""

    class Answer(_Answer):
        state = hub

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield hub
        finally:
            server.shutdown()


class _Answer(BaseHTTPRequestHandler):
    state: Hub

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        """Answer the two kinds of request: about a repository, and for a file."""
        path = re.sub(r"^http://[^/]+", "", self.path).partition("?")[0]  # a proxy is asked for whole addresses
        self.state.seen.append((path, self.headers.get("Range", "")))
        if self.state.page:
            self._send(200, self.state.page.encode(), {"Content-Type": "text/html"})
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+?)(?:/revision/(.+))?", path):
            self._about(found[1], found[2] or "main")
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._file(found[3])
        else:
            self._send(404, b"", {})

    def _about(self, name: str, revision: str) -> None:
        hub = self.state
        if name in hub.refuse:
            status, code, words = hub.refuse[name]
            self._send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": words})
        elif name in hub.moved:
            self._send(307, b"", {"Location": f"/api/models/{hub.moved[name]}?blobs=true"})
        elif name not in hub.ids:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif revision not in ("main", hub.commit):
            self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        else:
            told = {"id": name, "modelId": name, "sha": hub.commit, "private": False, "tags": [], "downloads": 0}
            data = {path: hub.listed.get(path, body) for path, body in hub.files.items()}
            body = json.dumps({**told, "siblings": [_sibling(path, body) for path, body in data.items()]})
            self._send(200, body.encode(), {"Content-Type": "application/json"})

    def _file(self, name: str) -> None:
        hub = self.state
        body = hub.files[name]
        begin, status = 0, 200
        if hub.ranges and (found := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))):
            begin, status = int(found[1]), 206
        cuts = hub.cut.get(name)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) - begin))
        self.end_headers()
        if cuts:
            self.wfile.write(body[begin : begin + cuts.pop(0)])
            self.close_connection = True
        else:
            self.wfile.write(body[begin:])

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _sibling(path: str, body: bytes) -> dict[str, object]:
    sha1 = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
    row: dict[str, object] = {"rfilename": path, "size": len(body), "blobId": sha1}
    if len(body) >= LARGE:
        row["lfs"] = {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 135}
    return row
