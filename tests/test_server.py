"""The server over real HTTP: the small contract, the richer routes, the page, who may call."""

from __future__ import annotations

import io
import json
import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from PIL import Image

import madorizu
import plans
from madorizu.app import gallery, guard, page, server, settings
from madorizu.app.models import Model
from madorizu.app.page.words import LANGUAGES, WORDS
from madorizu.app.settings import ServerSettings
from madorizu.brief import Brief
from madorizu.errors import AdapterError, InfeasibleError, OutOfTimeError, SettingsError, StorageError
from madorizu.plan import House
from madorizu.plan_json import plan_from_json

SMALL = "/api/generate-floor-plan"
PLANS = "/api/v1/plans"
REQUESTS = "/api/v1/requests"


class Answer:
    """Status, headers and body of a response."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        """The body as JSON data."""
        return json.loads(self.body)


def call(port: int, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
    """Send one request; data becomes JSON, bytes go as they are. The path is sent as written."""
    given = {"Content-Type": "application/json"} if body is not None else {}
    given |= headers or {}
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, given)
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


class Solver:
    """A fake solver: the sample house for 8x9; it notes how many ask at the same time."""

    def __init__(self) -> None:
        self.seeds: list[int] = []
        self.busy = self.most_busy = 0
        self.delay_s = 0.0

    def __call__(self, brief: Brief, *, seed: int, time_limit_s: float = 30.0) -> House:
        """Return the sample house, or fail in the way that the width asks for."""
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        self.seeds.append(seed)
        try:
            time.sleep(self.delay_s)
            if brief.width == 7:
                raise InfeasibleError("a house must fit, got 7x9", "the nearest size that works is 8x9")
            if brief.width == 6:
                raise OutOfTimeError("a house must be found in time, got none", "the nearest size that works is 8x9")
            if brief.width == 5:
                raise StorageError("the disk must have room, got none")
            if brief.width == 4:
                raise ZeroDivisionError("a secret of the inside")
            return plans.sample_house()
        finally:
            self.busy -= 1


def draw(captions: Sequence[str], seeds: Sequence[int]) -> Any:
    """A fake model: noise by seed, but grey for 9x9."""
    if "9x9" in captions[0]:
        return np.full((len(seeds), 32, 32, 3), 77, np.uint8)
    return np.stack([np.random.default_rng(s).integers(0, 256, (32, 32, 3), np.uint8) for s in seeds])


@contextmanager
def running(chosen: ServerSettings, *, model: Model | None = None, solver: Any = None) -> Iterator[int]:
    """Run the server in a thread on a free port and give the port."""
    app = server.create_app(chosen, model=model, house_for=solver or Solver())
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="on")
    running_server = uvicorn.Server(config)
    thread = threading.Thread(target=running_server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 30
    while not running_server.started and time.monotonic() < end:
        time.sleep(0.01)
    try:
        yield running_server.servers[0].sockets[0].getsockname()[1]
    finally:
        running_server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server puts its pictures."""
    return tmp_path_factory.mktemp("server") / "generated"


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """A server with the simple generator only."""
    with running(ServerSettings(generated=folder)) as number:
        yield number


@pytest.fixture(scope="module")
def lora_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server with a fake model."""
    chosen = ServerSettings(generator="lora", generated=tmp_path_factory.mktemp("lora"))
    with running(chosen, model=Model(draw, "embedded", Path("somewhere/final"), "atelier")) as number:
        yield number


# --- the small contract ----------------------------------------------------------------


def test_the_original_clients_way(port: int, folder: Path) -> None:
    """POST a size, GET the image under the URL that came back, from a page on another port."""
    origin = {"Origin": "http://localhost:5173"}
    answer = call(port, "POST", SMALL, {"width": 8, "height": 9}, origin)
    assert (answer.status, set(answer.json())) == (200, {"imageUrl"})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
    url = answer.json()["imageUrl"]
    assert re.fullmatch(r"/generated/floor_plan_8x9_[0-9a-f]{16}\.png", url)
    image = call(port, "GET", url, headers=origin)
    assert (image.status, image.headers["content-type"]) == (200, "image/png")
    with Image.open(io.BytesIO(image.body)) as decoded:
        decoded.load()
        assert (decoded.format, decoded.size) == ("PNG", (512, 512))
    assert (folder / url.rsplit("/", 1)[1]).read_bytes() == image.body


def test_preflight_of_a_page_on_this_machine(port: int) -> None:
    """A browser may ask first whether it may send JSON."""
    headers = {
        "Origin": "http://localhost:5173",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = call(port, "OPTIONS", SMALL, headers=headers)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_numbers_may_be_written_as_floats_and_halves(port: int) -> None:
    """JSON has one kind of number; halves of a module can be built."""
    assert call(port, "POST", SMALL, {"width": 8.0, "height": 9.0}).status == 200
    url = call(port, "POST", SMALL, {"width": 8.5, "height": 9}).json()["imageUrl"]
    assert url.startswith("/generated/floor_plan_8.5x9_")
    assert call(port, "GET", url).status == 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"width": "8", "height": 9}, "width must be a valid number, got '8'"),
        ({"width": True, "height": 9}, "width must be a valid number, got True"),
        ({"width": None, "height": 9}, "width must be a valid number, got None"),
        ({"width": 0, "height": 9}, "width must be greater than or equal to 1, got 0"),
        ({"width": 8, "height": -3}, "height must be greater than or equal to 1, got -3"),
        ({"width": 8, "height": 51}, "height must be less than or equal to 50, got 51"),
        ({"width": 0, "height": 51}, "width must be .*; height must be"),
        ({"width": 8.3, "height": 9}, "width must be a multiple of half a module"),
        ({"width": 8}, "height must be given"),
        ({"width": 8, "height": 9, "colour": 1}, "colour must be a known field"),
        ({}, "width must be given; height must be given"),
        ([8, 9], "body must be a JSON object"),
        ("8x9", "body must be a JSON object"),
        (b"{", "body must be JSON"),
        (b"null", "body must be a JSON object"),
        (b"", "body must be"),
        (b'{"width": NaN, "height": 9}', "width must be .* 50, got nan"),
        (b'{"width": 1e999, "height": 9}', "width must be .* 50, got inf"),
        (b"\xff\xfe", "body must be JSON"),
        (b"[" * 16_000, "body must be JSON"),
        # Sizes that no house fits.
        (
            {"width": 45, "height": 9},
            r"width must be 2 to 30 modules.*\(the nearest size that works is [\d.]+x[\d.]+\)",
        ),
        ({"width": 1, "height": 1}, r"the nearest size that works is [\d.]+x[\d.]+"),
        ({"width": 7, "height": 9}, "a house must fit, got 7x9 .the nearest size that works is 8x9"),
        ({"width": 6, "height": 9}, "in time, got none .the nearest size that works is 8x9"),
    ],
)
def test_what_the_caller_can_change_is_400(port: int, body: Any, error: str) -> None:
    """Each fault is named in {"error": ...}, also sizes that no house fits."""
    answer = call(port, "POST", SMALL, body)
    assert (answer.status, set(answer.json())) == (400, {"error"})
    assert re.search(error, answer.json()["error"]), answer.json()


def test_other_content_types_are_no_json(port: int) -> None:
    """A form of a strange page cannot pass for JSON."""
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = call(port, "POST", SMALL, b'{"width": 8, "height": 9}', {"Content-Type": kind})
        assert answer.status == 400
        assert answer.json() == {"error": "body must be a JSON object sent as application/json"}


def test_faults_of_the_server_are_500_and_keep_its_secrets(port: int) -> None:
    """What is known is said; what is not stays in the log. The client's page can read both."""
    origin = {"Origin": "http://localhost:5173"}
    known = call(port, "POST", SMALL, {"width": 5, "height": 9}, origin)
    assert (known.status, known.json()) == (500, {"error": "the disk must have room, got none"})
    unknown = call(port, "POST", SMALL, {"width": 4, "height": 9}, origin)
    assert (unknown.status, unknown.json()) == (500, {"error": "drawing failed; the server's log says why"})
    assert unknown.headers["access-control-allow-origin"] == "http://localhost:5173"


def test_health_and_strange_paths(port: int) -> None:
    """Health is one word; everything else that is not there is 404 with an error."""
    assert call(port, "GET", "/health").json() == {"status": "ok"}
    assert (call(port, "GET", "/nothing").status, call(port, "GET", "/nothing").json()) == (404, {"error": "Not Found"})
    assert call(port, "GET", SMALL).status == 405


def test_large_bodies_are_refused(port: int) -> None:
    """The limit is said."""
    answer = call(port, "POST", SMALL, b'{"width": 8, "height": 9}' + b" " * 20_000)
    assert (answer.status, answer.json()) == (413, {"error": "body must be at most 16384 bytes"})
    # Without a length it is counted while it is read.
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    parts = iter([b'{"width": 8, "height": 9}', b" " * 20_000])
    connection.request("POST", SMALL, parts, {"Content-Type": "application/json"}, encode_chunked=True)
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())) == (413, {"error": "body must be at most 16384 bytes"})
    connection.close()


def test_the_seed_differs_from_request_to_request(tmp_path: Path) -> None:
    """The same size can give another plan each time."""
    solver = Solver()
    with running(ServerSettings(generated=tmp_path), solver=solver) as port:
        for _ in range(3):
            assert call(port, "POST", SMALL, {"width": 8, "height": 9}).status == 200
    assert len(set(solver.seeds)) == 3


def test_four_clients_at_once_are_drawn_one_by_one(tmp_path: Path) -> None:
    """All four get their own picture; only one is drawn at a time; health answers meanwhile."""
    solver = Solver()
    solver.delay_s = 0.15
    with running(ServerSettings(generated=tmp_path), solver=solver) as port, ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(call, port, "POST", SMALL, {"width": 8, "height": 9}) for _ in range(4)]
        start = time.monotonic()
        assert call(port, "GET", "/health").status == 200
        assert time.monotonic() - start < 0.5
        answers = [a.result() for a in asked]
        urls = {a.json()["imageUrl"] for a in answers}
        assert [a.status for a in answers] == [200] * 4
        assert len(urls) == 4 and solver.most_busy == 1
        assert all(call(port, "GET", url).body.startswith(b"\x89PNG") for url in urls)


def test_too_many_waiting_are_sent_away(tmp_path: Path) -> None:
    """Beyond the limit the answer comes at once: 503 and when to come again."""
    solver = Solver()
    solver.delay_s = 0.5
    chosen = ServerSettings(generated=tmp_path, max_waiting=1)
    with running(chosen, solver=solver) as port, ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(call, port, "POST", SMALL, {"width": 8, "height": 9}) for _ in range(4)]
        answers = [a.result() for a in asked]
    refused = [a for a in answers if a.status == 503]
    assert sorted(a.status for a in answers) == [200, 200, 503, 503]
    assert refused[0].headers["retry-after"] == "5" and "wait already" in refused[0].json()["error"]


# --- the richer routes -----------------------------------------------------------------


def test_a_whole_brief(port: int) -> None:
    """Picture, SVG and plan of each storey, with caption, seed and findings."""
    wish = {"width": 8, "height": 9, "floor": "both", "elements": ["stairs", "entrance"], "entrance_side": "s"}
    answer = call(port, "POST", PLANS, wish | {"seed": 11, "style": "blueprint", "generator": "simple"})
    assert answer.status == 200
    first, second = answer.json()["plans"]
    assert [(p["floor"], p["width"], p["height"], p["seed"]) for p in (first, second)] == [
        ("1F", 8, 9, 11),
        ("2F", 8, 9, 11),
    ]
    assert first["caption"] == "floor plan, both, 8x9, entrance south, stairs, style blueprint"
    assert (first["style"], first["generator"]) == ("blueprint", "simple")
    assert plan_from_json(call(port, "GET", first["planUrl"]).json()) == plans.sample_house().plans[0]
    svg = call(port, "GET", first["svgUrl"])
    assert svg.headers["content-type"].startswith("image/svg+xml") and b"</svg>" in svg.body
    assert "script-src" not in svg.headers["content-security-policy"]
    assert "sandbox" in svg.headers["content-security-policy"]
    finding = second["findings"][0]
    assert set(finding) == {"code", "hard", "floor", "room", "cell", "message", "message_ja"}


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"floor": "3F"}, "floor must be '1F', '2F', 'both' or 'unknown', got '3F'"),
        ({"elements": ["pool"]}, "elements.0 must be 'stairs', 'entrance' or 'balcony', got 'pool'"),
        ({"entrance_side": "up"}, "entrance_side must be 'n', 'e', 's' or 'w', got 'up'"),
        ({"seed": -1}, "seed must be greater than or equal to 0"),
        ({"seed": 1.5}, "seed must be a valid integer, got 1.5"),
        ({"count": 0}, "count must be greater than or equal to 1"),
        ({"count": 9}, "count must be 1 to 8, got 9"),
        ({"style": "nope"}, "style must be one of"),
        ({"generator": "oracle"}, "generator must be 'simple' or 'lora'"),
        ({"generator": "lora"}, "generator lora must be loaded, got a server without it .start it with"),
    ],
)
def test_a_malformed_brief_is_400(port: int, more: dict[str, Any], error: str) -> None:
    """Nothing is silently replaced, least of all the generator."""
    answer = call(port, "POST", PLANS, {"width": 8, "height": 9} | more)
    assert answer.status == 400
    assert re.search(error, answer.json()["error"]), answer.json()


def test_all_wishes_of_a_brief_have_a_field(port: int) -> None:
    """nLDK, the stair's place, the size of the 2F, rooms by any of their names, bedrooms."""
    wish = {"width": 8, "height": 9, "floor": "both", "upper": {"width": 8, "height": 8.5}, "nldk": 4, "bedrooms": 3}
    rooms = {"stair_place": "nw", "features": ["tatami room", "書斎"]}
    answer = call(port, "POST", PLANS, wish | rooms)
    assert answer.json()["plans"][0]["caption"] == (
        "floor plan, both, 8x9, upper 8x8.5, entrance, stairs northwest, 4LDK, 3 bedrooms, tatami, study"
    )


def test_a_request_in_words(port: int) -> None:
    """The whole wish as text; the answer says how it was understood. How it is drawn stands beside it."""
    answer = call(port, "POST", PLANS, {"request": "8x9 3LDK 南玄関", "style": "blueprint", "seed": 4})
    assert answer.status == 200
    plan = answer.json()["plans"][0]
    assert (plan["caption"], plan["seed"]) == (
        "floor plan, both, 8x9, entrance south, stairs, 3LDK, style blueprint",
        4,
    )
    understood = answer.json()["request"]
    assert understood["understood"][1:] == [
        {"words": "3ldk", "meaning": "3LDK"},
        {"words": "南玄関", "meaning": "entrance south"},
    ]
    assert understood["assumed"][1] == {
        "message": "stairs added: such a storey has them",
        "message_ja": "階段を加えました",
    }
    plain = call(port, "POST", PLANS, {"width": 8, "height": 9})
    assert set(plain.json()) == {"plans"}
    read = call(port, "POST", REQUESTS, {"request": "8x9 3LDK 南玄関"})
    assert read.json() == understood | {"caption": "floor plan, both, 8x9, entrance south, stairs, 3LDK"}


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (REQUESTS, {"request": "8x9 プール"}, r"request must be of known words, got 'プール' \(say a size"),
        (REQUESTS, {"request": "x" * 501}, "request must have at most 500 characters|should have at most 500"),
        (REQUESTS, {}, "request must be given"),
        (PLANS, {"request": "8x9 プール"}, "request must be of known words, got 'プール'"),
        (PLANS, {"request": "8x9", "width": 8, "nldk": 3}, "request must be the whole wish, got nldk, width beside it"),
        (PLANS, {"request": "平屋 13x7 バルコニー"}, "balcony must be on the 2F, got a house of one storey"),
        (PLANS, {"height": 9}, "width and height must be given, or a request, got neither"),
        (PLANS, {"width": 8, "height": 9, "nldk": 3}, "floor must be given with nldk, got none"),
        (PLANS, {"width": 8, "height": 9, "nldk": 0}, "nldk must be greater than or equal to 1, got 0"),
        (PLANS, {"width": 8, "height": 9, "features": ["pool"]}, "feature must be one of LDK, tatami, .*, got 'pool'"),
        (PLANS, {"width": 8, "height": 9, "stair_place": "up"}, "stair_place must be 'nw', 'n'.*, got 'up'"),
        (PLANS, {"width": 8, "height": 9, "upper": {"width": 8}}, "upper.height must be given"),
        (
            PLANS,
            {"width": 8, "height": 9, "floor": "2F", "elements": ["entrance"]},
            "entrance must be on the 1F, got a wish for the 2F",
        ),
        (
            PLANS,
            {"width": 8, "height": 9, "floor": "both", "nldk": 2, "bedrooms": 3},
            "nldk must be at least the 3 habitable rooms that are named, got 2",
        ),
    ],
)
def test_wishes_that_cannot_be_read_or_met_are_400(port: int, path: str, body: Any, error: str) -> None:
    """The words, fields or contradictions at fault are named."""
    answer = call(port, "POST", path, body)
    assert (answer.status, set(answer.json())) == (400, {"error"})
    assert re.search(error, answer.json()["error"]), answer.json()


def test_the_model_serves(lora_port: int) -> None:
    """With generator lora the model draws: no plan, no rules; the solver is still there by name."""
    answer = call(lora_port, "POST", PLANS, {"width": 8, "height": 8, "seed": 3, "count": 2})
    first, second = answer.json()["plans"]
    assert (first["svgUrl"], first["planUrl"], first["generator"]) == (None, None, "lora")
    assert first["caption"] == "floor plan, 1F, 8x8, entrance, stairs, style atelier"
    assert (first["seed"], second["seed"]) == (3, 4)
    with Image.open(io.BytesIO(call(lora_port, "GET", second["imageUrl"]).body)) as image:
        assert np.array_equal(np.asarray(image), draw([""], [4])[0])
    assert call(lora_port, "POST", SMALL, {"width": 8, "height": 8}).status == 200
    simple = call(lora_port, "POST", PLANS, {"width": 8, "height": 9, "generator": "simple"}).json()["plans"][0]
    assert simple["generator"] == "simple" and simple["planUrl"]


def test_an_empty_picture_is_no_success(lora_port: int) -> None:
    """The small contract answers 500; the richer route says it as a finding."""
    answer = call(lora_port, "POST", SMALL, {"width": 9, "height": 9})
    assert answer.status == 500 and "the picture is empty" in answer.json()["error"]
    plan = call(lora_port, "POST", PLANS, {"width": 9, "height": 9}).json()["plans"][0]
    assert [(f["code"], f["hard"]) for f in plan["findings"]] == [("P01", True)]


def test_info_says_what_draws(port: int, lora_port: int) -> None:
    """Generator, base and adapter; the adapter's folder on this machine is nobody's business."""
    info = call(port, "GET", "/api/v1/info").json()
    assert (info["generator"], info["generators"], info["base"], info["adapter"]) == ("simple", ["simple"], None, None)
    assert info["version"] == madorizu.__version__ and "cad" in info["styles"]
    info = call(lora_port, "GET", "/api/v1/info").json()
    assert (info["generator"], info["base"], info["adapter"]) == ("lora", "embedded", "final")


def test_the_schema_names_the_routes(port: int) -> None:
    """OpenAPI is served; pages that load scripts from elsewhere are not."""
    paths = call(port, "GET", "/openapi.json").json()["paths"]
    assert {SMALL, PLANS, REQUESTS, "/api/v1/info", "/health", "/generated/{name}"} <= set(paths)
    assert call(port, "GET", "/docs").status == call(port, "GET", "/redoc").status == 404


# --- files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "..%2Fsecret.txt",
        "%2e%2e/secret.txt",
        "secret.txt",
        "floor_plan_8x9_0123456789abcdef.png",
        "floor_plan_8x9_0123456789abcdef.png%00",
        "floor_plan_8x9_0123456789ABCDEF.png",
        ".writable",
        "",
    ],
)
def test_only_our_names_are_served(port: int, folder: Path, name: str) -> None:
    """No path leads out of the folder, and a file of another name in it is not ours to give."""
    folder.mkdir(exist_ok=True)
    (folder / "secret.txt").write_text("secret")
    (folder.parent / "secret.txt").write_text("secret")
    answer = call(port, "GET", f"/generated/{name}")
    assert answer.status == 404 and b"secret" not in answer.body


def test_old_plans_go_and_strangers_stay(tmp_path: Path) -> None:
    """Beyond the limit the oldest designs lose all their files; other files are left alone."""
    for i in range(5):
        for suffix in ("png", "svg", "json"):
            path = tmp_path / f"floor_plan_8x9_{i:016x}.{suffix}"
            path.write_text("x")
            os.utime(path, (i, i))
    (tmp_path / "notes.txt").write_text("mine")
    assert gallery.prune(tmp_path, 2) == 3
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left[-1] == "notes.txt" and len(left) == 7
    assert {n.split("_")[-1].split(".")[0] for n in left[:-1]} == {f"{i:016x}" for i in (3, 4)}


# --- who may call ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("192.168.0.7:8000", 200),
        ("LOCALHOST.", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("[", 403),
    ],
)
def test_the_host_must_be_an_address_or_known(port: int, host: str, status: int) -> None:
    """A name that somebody points at this machine opens nothing."""
    assert call(port, "GET", "/health", headers={"Host": host}).status == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:5173", 200),
        ("http://127.0.0.1:8000", 200),
        ("http://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
    ],
)
def test_pages_of_other_sites_make_nothing(port: int, origin: str, status: int) -> None:
    """A strange page can neither draw nor read."""
    answer = call(port, "POST", SMALL, {"width": 8, "height": 9}, {"Origin": origin})
    assert answer.status == status
    assert ("access-control-allow-origin" in answer.headers) == (status == 200)


def test_hosts_and_origins_can_be_added(tmp_path: Path) -> None:
    """Settings open the server to names and sites; "*" to all; its own page always works."""
    chosen = ServerSettings(generated=tmp_path, hosts=("plans.example",), origins=("https://app.example",))
    body = {"width": 8, "height": 9}
    with running(chosen) as port:
        assert call(port, "POST", SMALL, body, {"Host": "plans.example"}).status == 200
        own = {"Host": "plans.example", "Origin": "https://plans.example"}
        assert call(port, "POST", SMALL, body, own).status == 200
        answer = call(port, "POST", SMALL, body, {"Origin": "https://app.example"})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "https://app.example")
    with running(ServerSettings(generated=tmp_path, hosts=("*",), origins=("*",))) as port:
        strange = {"Host": "any.example", "Origin": "http://other.example"}
        answer = call(port, "POST", SMALL, body, strange)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")


def test_websockets_and_start_up_pass_the_guard() -> None:
    """The guard speaks HTTP only and hands on the rest."""
    import asyncio

    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        return {}

    asyncio.run(guard.Guard(app, hosts=(), origins=(), max_body_bytes=1)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]


# --- the page --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "accept", "language"),
    [
        ("/", "ja,en;q=0.5", "ja"),
        ("/", "en-US,en;q=0.9,ja;q=0.8", "en"),
        ("/", "fr", "en"),
        ("/?lang=ja", "en", "ja"),
        ("/?lang=xx%3Cscript%3E", "ja", "ja"),
        ("/", ";;;q=x,,ja;q=0.1", "ja"),
    ],
)
def test_the_page_speaks_both_languages(port: int, path: str, accept: str, language: str) -> None:
    """?lang= wins over the browser's wish; nonsense is passed over."""
    answer = call(port, "GET", path, headers={"Accept-Language": accept})
    text = answer.body.decode()
    assert answer.status == 200 and f'<html lang="{language}">' in text
    assert WORDS["title"][language] in text


def test_the_page_has_the_form_and_nothing_from_elsewhere(port: int) -> None:
    """All fields are there; scripts, styles and pictures are the server's own; the policy is strict."""
    answer = call(port, "GET", "/?lang=en")
    text = answer.body.decode()
    for name in (
        "request",
        "width",
        "height",
        "floor",
        "elements",
        "entrance_side",
        "count",
        "seed",
        "generator",
        "style",
    ):
        assert f'name="{name}"' in text
    links = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert all(link.startswith(("/", "?lang=")) and not link.startswith("//") for link in links)
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    for link in ("/static/page.js", "/static/page.css", "/static/icon.svg"):
        assert link in links and call(port, "GET", link).status == 200
    words = re.search(r'data-words="([^"]+)"', text)
    assert words is not None and "&#34;drawing&#34;" in words[1]


def test_the_words_are_complete() -> None:
    """Each text is there in each language, and the script asks for none that is missing."""
    assert all(set(texts) == set(LANGUAGES) and all(texts.values()) for texts in WORDS.values())
    script = (page.STATIC / "page.js").read_text()
    wanted = set(re.findall(r"\bwords\.(\w+)", script))
    assert {f"js_{name}" for name in wanted} == {key for key in WORDS if key.startswith("js_")}


@pytest.mark.browser
def test_a_person_draws_a_plan(port: int) -> None:
    """In a browser: fill in, press Draw, see two storeys, switch the language; no fault in the console."""
    playwright = pytest.importorskip("playwright.sync_api")
    faults: list[str] = []
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        tab = browser.new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        tab.on("request", lambda request: faults.append(request.url) if f":{port}/" not in request.url else None)
        tab.goto(f"http://localhost:{port}/?lang=en")
        tab.fill("#height", "9")
        assert "7.28 m × 8.19 m = 59.6 m²" in tab.inner_text("#metres")
        tab.check('input[name=floor][value="both"]', force=True)
        tab.fill("#seed", "5")
        tab.click("#draw")
        playwright.expect(tab.locator(".plan")).to_have_count(2)
        playwright.expect(tab.locator(".plan img").first).to_have_js_property("complete", True)
        assert "No rule is broken" in tab.inner_text("#plans")
        tab.fill("#width", "7")
        tab.click("#draw")
        playwright.expect(tab.locator("#status")).to_contain_text("the nearest size that works is 8x9")
        tab.fill("#request", "9x8 プール")
        playwright.expect(tab.locator("#understood")).to_contain_text("got 'プール'")
        tab.fill("#request", "8x9 3LDK 南玄関")
        playwright.expect(tab.locator("#understood")).to_contain_text("南玄関 → entrance south")
        playwright.expect(tab.locator("#width")).to_be_disabled()
        tab.click("#draw")
        playwright.expect(tab.locator(".plan")).to_have_count(4)
        tab.click("a.language")
        playwright.expect(tab.locator("h1")).to_have_text(WORDS["title"]["ja"])
        browser.close()
    assert [f for f in faults if "400 (Bad Request)" not in f] == []


# --- settings and start ----------------------------------------------------------------


def test_settings_come_from_line_environment_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearer to the command, the stronger; the defaults listen on this machine only."""
    monkeypatch.chdir(tmp_path)
    plain = settings.load()
    assert (plain.host, plain.port, plain.generator) == ("127.0.0.1", 8000, "simple")
    (tmp_path / "madorizu.toml").write_text('[server]\nport = 1\nhost = "a"\nkeep = 100\nhosts = ["x.example"]\n')
    monkeypatch.setenv("MADORIZU_HOST", "b")
    monkeypatch.setenv("MADORIZU_KEEP", "200")
    monkeypatch.setenv("MADORIZU_ORIGINS", '["https://app.example"]')
    made = settings.load(keep=300, port=None)
    assert (made.port, made.host, made.keep) == (1, "b", 300)
    assert (made.hosts, made.origins) == (("x.example",), ("https://app.example",))
    (tmp_path / "other.toml").write_text("[server]\nport = 2\n")
    monkeypatch.setenv("MADORIZU_CONFIG", str(tmp_path / "other.toml"))
    assert settings.load().port == 2


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[server]\nprot = 1\n", "prot must be a known setting, got 1"),
        ("[server]\nport = 70000\nkeep = 1\n", "port must be .* 65535, got 70000; keep must be .* 64, got 1"),
        ("[server]\ngenerator = 'oracle'\n", "generator must be 'simple' or 'lora', got 'oracle'"),
        ("server = 1\n", "server of .* must be a table, got int"),
        ("[server", "must be a TOML file that can be read"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, text: str, match: str) -> None:
    """A spelling mistake is not a setting."""
    file = tmp_path / "m.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=match):
        settings.load(file)


def test_wrong_files_and_environments_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is named must be there; a list in the environment must be JSON."""
    with pytest.raises(SettingsError, match=r"missing\.toml must be a TOML file that can be read"):
        settings.load(tmp_path / "missing.toml")
    monkeypatch.setenv("MADORIZU_HOSTS", "plans.example")
    with pytest.raises(SettingsError, match="environment must hold lists as JSON"):
        settings.load()


def test_lora_does_not_start_without_an_adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No silent fallback: the start fails and says what to do, before anything listens."""
    from madorizu.diffusion import adapter

    monkeypatch.setattr(adapter, "find", lambda: None)
    said: list[str] = []
    with pytest.raises(AdapterError, match="must hold a trained adapter, got none"):
        server.serve(ServerSettings(generator="lora", generated=tmp_path), report=said.append)
    assert said == []
    with pytest.raises(SettingsError, match="generator lora must have a model, got none"):
        server.create_app(ServerSettings(generator="lora"))


def test_serve_loads_once_and_checks_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is loaded before it listens; a folder that cannot be written stops it."""
    from madorizu.app import models

    loaded: list[Any] = []
    started: list[Any] = []

    def load(base: str | None, adapter: Path | None, **options: Any) -> Model:
        loaded.append((base, adapter, options["steps"]))
        return Model(draw, "embedded", adapter, None)

    monkeypatch.setattr(models, "load", load)
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: started.append(options))
    said: list[str] = []
    chosen = ServerSettings(generator="lora", lora=tmp_path, generated=tmp_path / "g", host="::1", steps=7)
    server.serve(chosen, report=said.append)
    assert loaded == [(None, tmp_path, 7)] and started[0]["host"] == "::1"
    assert said == [f"madorizu {madorizu.__version__}: http://[::1]:8000/ (generator: lora)"]
    assert list((tmp_path / "g").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="must be written"):
        server.serve(ServerSettings(generated=tmp_path / "file" / "g"), report=said.append)
    assert len(started) == 1
