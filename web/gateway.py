"""Between the network and the page: an ASGI application in front, the page's WSGI application behind, and no way for a slow client to hold a thread.

Waiting for a client (a body that trickles in, an answer that nobody fetches) happens on the event loop, with a time limit for each piece. A thread of the page
works only on a request that has come in whole, and never longer than the page needs for it. Bodies are small and stay in memory.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, TypeVar
from wsgiref.types import WSGIApplication, WSGIEnvironment

from appliance import logs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[str, str]]
T = TypeVar("T")

THREADS: Final = 16  # requests that the page works on at once; up to five of them wait for a log-in's derivation
WAITING: Final = 128  # requests that may wait for a thread; more are told to come back
LARGEST_BODY: Final = 16 * 1024  # octets, in memory, on each connection; the page itself takes less (`requests`)
BODY_PATIENCE: Final = 10.0  # s for a whole request body
PIECE: Final = 64 * 1024  # octets taken from the page at a time
BITE: Final = 16 * 1024  # octets given to the network at a time
BITE_PATIENCE: Final = 20.0  # s for a client to fetch one; 800 octets a second are enough

log = logs.get(__name__)


class Gateway:
    """Serves a WSGI application to an ASGI server."""

    def __init__(
        self, page: WSGIApplication, body_patience: float = BODY_PATIENCE, bite_patience: float = BITE_PATIENCE
    ) -> None:
        self._page = page
        self._body_patience = body_patience
        self._bite_patience = bite_patience
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page")
        self._present = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Whatever goes wrong ends here: a library's error text may quote what it was given."""
        try:
            if scope["type"] == "http":
                await self._answer(scope, receive, send)
        except TimeoutError:
            log.debug("gateway.slow_client")
        except asyncio.CancelledError:
            log.debug("gateway.cut_short")  # the server ends; nobody awaits this request but the server
        except Exception:
            log.exception("gateway.failed")

    def close(self) -> None:
        """Let the threads end with the request they are at."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._present >= THREADS + WAITING:
            await _refuse(send, 503)
            return
        body = await self._body(scope, receive)
        if isinstance(body, int):
            await _refuse(send, body)
            return
        self._present += 1
        try:
            answer = await self._on_a_thread(_Answer, self._page, environ(scope, body))
        except Exception:
            await _refuse(send, 500)
            raise
        finally:
            self._present -= 1
        try:
            await self._send(answer, receive, send)
        finally:
            await self._on_a_thread(answer.close)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | int:
        """The request's body, or the status of a refusal."""
        claimed = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not claimed.isdigit() or len(claimed) > 9 or int(claimed) > LARGEST_BODY:
            return 413
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_patience):
                while True:
                    part = await receive()
                    body += part.get("body", b"")
                    if len(body) > LARGEST_BODY:
                        return 413
                    if not part.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            return 408

    async def _send(self, answer: _Answer, receive: Receive, send: Send) -> None:
        """The answer, as fast as the client takes it and no faster."""
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        gone = asyncio.ensure_future(receive())  # after the body, this only ever says that the client has gone
        try:
            piece = answer.first
            while piece and not gone.done():
                following = b"" if len(piece) < PIECE else await self._on_a_thread(answer.more)
                for start in range(0, len(piece), BITE):
                    last = not following and start + BITE >= len(piece)
                    async with asyncio.timeout(self._bite_patience):
                        await send(_part(piece[start : start + BITE], not last))
                piece = following
            if not answer.first:
                await send(_part(b"", False))
        finally:
            gone.cancel()

    def _on_a_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


@dataclass(slots=True)
class _Started:
    status: int = 500
    headers: Headers | None = None

    def __call__(
        self,
        status: str,
        headers: Headers,
        error: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None = None,
    ) -> Callable[[bytes], object]:
        self.status, self.headers = int(status[:3]), headers
        return _no_writing


class _Answer:
    """What the page answers, made on a thread: the first piece at once, the rest as it is asked for."""

    def __init__(self, page: WSGIApplication, given: WSGIEnvironment) -> None:
        started = _Started()
        self._parts: Iterable[bytes] = page(given, started)
        self._iterator: Iterator[bytes] = iter(self._parts)
        try:
            self.first = self.more()
        except BaseException:
            self.close()
            raise
        self.status = started.status
        own = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in started.headers or []]
        self.headers = [*own, (b"server", b"keepline")]

    def more(self) -> bytes:
        """The next piece: at least `PIECE` octets, unless it is the last."""
        piece = bytearray()
        for part in self._iterator:
            piece += part
            if len(piece) >= PIECE:
                break
        return bytes(piece)

    def close(self) -> None:
        """The page may let go of what the answer was made from."""
        if close := getattr(self._parts, "close", None):
            close()


def environ(scope: Scope, body: bytes) -> WSGIEnvironment:
    """The request as WSGI has it (PEP 3333)."""
    host, port = scope.get("server") or ("localhost", 443)
    given: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" in name or name == "content-length":  # X_Forwarded must not pass for X-Forwarded
            continue
        key = "CONTENT_TYPE" if name == "content-type" else "HTTP_" + name.upper().replace("-", "_")
        between = "; " if name == "cookie" else ","
        given[key] = f"{given[key]}{between}{value}" if key in given else value
    return given


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"connection", b"close"), (b"content-length", b"0"), (b"server", b"keepline")]
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(_part(b"", False))


def _part(body: bytes, more: bool) -> MutableMapping[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _no_writing(data: bytes) -> object:
    raise NotImplementedError("the page answers with an iterable")
