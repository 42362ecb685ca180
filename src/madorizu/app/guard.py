"""Who may talk to the server, and what browsers may do with its answers.

A page of another site must not reach a server on this machine. So the Host header must
be an address or a known name (a name that an attacker points at 127.0.0.1 is neither),
and a request that makes something must come from an allowed page or from no page.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """ASGI middleware: checks Host, Origin and the body's length and sets the headers for browsers."""

    def __init__(self, app: App, *, hosts: tuple[str, ...], origins: tuple[str, ...], max_body_bytes: int) -> None:
        self._app = app
        self._hosts = frozenset(h.lower() for h in hosts)
        self._origins = frozenset(o.lower().rstrip("/") for o in origins)
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is refused, pass on the others."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if refusal := self._refusal(scope["method"], Headers(scope=scope)):
            await JSONResponse({"error": refusal}, HTTPStatus.FORBIDDEN)(scope, receive, send_with_headers)
            return
        body = await self._read(receive)
        if body is None:
            error = f"body must be at most {self._max_body_bytes} bytes"
            answer = JSONResponse({"error": error}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            await answer(scope, receive, send_with_headers)
            return
        await self._app(scope, _replay(body, receive), send_with_headers)

    async def _read(self, receive: Receive) -> bytes | None:
        """Read the whole body, or None as soon as it is too large; what it claims to be does not count."""
        parts: list[bytes] = []
        left = self._max_body_bytes
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            left -= len(parts[-1])
            if left < 0:
                return None
            if not message.get("more_body", False):
                return b"".join(parts)

    def _refusal(self, method: str, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if not self._knows_host(host):
            return f"Host must be an address or a known name, got {host[:80]!r}; the setting hosts adds names"
        origin = headers.get("origin")
        if method in _SAFE_METHODS or origin is None or self._knows_origin(origin, host):
            return None
        return f"Origin must be this machine or a known site, got {origin[:80]!r}; the setting origins adds sites"

    def _knows_host(self, host: str) -> bool:
        if "*" in self._hosts:
            return True
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name == "localhost" or name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _knows_origin(self, origin: str, host: str) -> bool:
        origin = origin.lower()
        if "*" in self._origins or origin in self._origins or re.fullmatch(LOOPBACK_ORIGIN, origin):
            return True
        return origin in (f"http://{host.lower()}", f"https://{host.lower()}")


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read once more, then go on receiving."""
    messages: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> MutableMapping[str, Any]:
        return messages.pop() if messages else await receive()

    return replayed
