"""Serves the page: one process, TLS 1.3 and HTTP/1.1 by granian, the page's own work on a few threads behind the gateway. No request is logged."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from appliance import logs, process
from appliance.access.certificates import TlsFiles
from appliance.access.sessions import Sessions
from appliance.clock import SystemClock
from appliance.control.client import Client
from appliance.errors import PageError
from appliance.settings import Page, Settings
from appliance.store.reader import Reader
from web import create_app, keeper
from web.gateway import Gateway
from web.services import PageServices

CONNECTIONS: Final = 4096  # at once; one takes some 10 kB
HEADER_PATIENCE: Final = 10_000  # ms for a whole request header, and for the next request on a connection
LARGEST_HEADER: Final = 32 * 1024  # octets
OVERLAP: Final = 0.1  # s in which the old and the new listener both take connections when the server is renewed
GRACE: Final = 3.0  # s for requests under way when told to end

log = logs.get(__name__)


def serve(settings: Settings) -> None:
    """`keepline web`: until SIGTERM or SIGINT. Raises `PageError` when the address cannot be had, `CertificateError` without a certificate."""
    process.overwrite_small_things()
    logs.start(settings.log.level)
    process.harden()
    services = page_services(settings)
    tls = keeper.certificate(services.folder)
    address = _free_address(settings.page)
    gateway = Gateway(create_app(services).wsgi_app)
    services.tell_started()
    try:
        asyncio.run(_serve(services, make_server(gateway, address, settings.page.port, tls)))
    except (asyncio.CancelledError, TimeoutError):
        log.info("server.cut_short")  # somebody's request was not over when the time was
    finally:
        services.lock()
        services.tell_refused()
        gateway.close()


def page_services(settings: Settings) -> PageServices:
    """What the page stands on, made from the settings."""
    clock = SystemClock(settings.time.marker)
    folder = settings.store.folder
    sessions = Sessions(clock, settings.page.idle_minutes * 60, settings.page.longest_hours * 3600)
    return PageServices(settings, Reader(folder), folder, Client(settings.control.path), sessions, clock)


def make_server(gateway: Gateway, address: str, port: int, tls: TlsFiles) -> Server:
    """granian, set so that slow and half-open clients cannot stop the page: waiting for them costs memory, never a thread."""
    server = Server(
        gateway,
        address=address,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        backpressure=_most_connections(),
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_PATIENCE, max_buffer_size=LARGEST_HEADER),
        ssl_cert=tls.chain_pem,
        ssl_key=tls.key_pem,
        ssl_protocol_min=SSLProtocols.tls13,
        log_level=LogLevels.error,
        log_access=False,
        log_dictconfig={"loggers": {"_granian": {"handlers": [], "propagate": True}}},
    )
    server.respawn_interval = OVERLAP
    return server


def _most_connections() -> int:
    """Connections at once: far fewer than there may be open files."""
    return min(CONNECTIONS, process.allow_many_files() // 2)


def _free_address(page: Page) -> str:
    """The address to serve at, as a number. Tried first, because granian ends in a panic where it cannot bind, and shares a port that another page has."""
    try:
        family, kind, _, _, where = socket.getaddrinfo(page.host, page.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(where)
            trial.listen(1)
    except OSError as error:
        raise PageError(f"{page.host} port {page.port}: {error.strerror}. {PageError()}") from None
    return str(where[0])


async def _serve(services: PageServices, server: Server) -> None:
    loop, serving = asyncio.get_running_loop(), asyncio.current_task()
    assert serving is not None  # noqa: S101 - a coroutine that runs is a task; this tells the type checker

    def end() -> None:
        server.stop()  # type: ignore[no-untyped-call]  # granian types its options, not this
        loop.call_later(GRACE, serving.cancel)

    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, end)
    with _beside(services, lambda: loop.call_soon_threadsafe(server.reload), lambda: loop.call_soon_threadsafe(end)):
        await server.serve()


@contextmanager
def _beside(services: PageServices, renew: Callable[[], object], give_up: Callable[[], object]) -> Iterator[None]:
    """The keeper's threads run in the meantime."""
    ended = threading.Event()
    for name, work in (
        ("listen", lambda: keeper.listen(services, ended)),
        ("tidy", lambda: keeper.tidy(services, renew, ended)),
        ("doorstep", lambda: keeper.clear_doorstep(_most_connections(), renew, give_up, ended)),
    ):
        threading.Thread(target=work, name=name, daemon=True).start()
    try:
        yield
    finally:
        ended.set()
