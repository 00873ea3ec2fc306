"""What runs beside the page: hears of the lock button, lets go of sessions that have ended, notices a new certificate, clears the doorstep."""

from __future__ import annotations

import itertools
import os
import resource
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance import logs
from appliance.access import certificates
from appliance.access.certificates import TlsFiles
from appliance.control.values import Event
from appliance.errors import CertificateError, KeeplineError
from web.services import PageServices

GLANCE: Final = 0.5  # s between looks at the doorstep
SPARE_FILES: Final = 128  # open files that are no connection, and some to be able to end
TIDY: Final = 5.0  # s between looks at what has ended
LOOKS: Final = 6  # such looks between looks at the certificate
MINUTE: Final = 12  # such looks between lines of the record about attempts to log in that nobody looked at
RECONNECT: Final = (0.2, 0.5, 1.0)  # s until the daemon is tried again; the last stays

log = logs.get(__name__)


def listen(services: PageServices, ended: threading.Event) -> None:
    """End every session when the daemon says that the lock button was pressed, and a person's when they changed, until `ended`.

    Nobody stays logged in past a moment in which the button could have been pressed unheard: so losing the daemon ends every session as well.
    """
    tries = 0

    def heard_again() -> None:
        nonlocal tries
        tries = 0

    while not ended.is_set():
        try:
            for event in services.control.subscribe(heard_again):
                _obey(event, services)
        except (KeeplineError, OSError):  # whatever the daemon says: a thread that ended would hear no button
            if tries == 0:
                log.warning("keeper.daemon_silent")
                services.lock()
        ended.wait(RECONNECT[min(tries, len(RECONNECT) - 1)])
        tries += 1


def _obey(event: Event, services: PageServices) -> None:
    match event:
        case Event.LOCKED:
            services.lock()
        case Event.PERSON_CHANGED:
            services.drop_changed()
        case Event.CHANGED:
            pass  # each browser asks for itself


def tidy(services: PageServices, renew: Callable[[], object], ended: threading.Event) -> None:
    """Let go of sessions that have ended, tell the record of refused attempts, and `renew` the server when there is a new certificate, until `ended`."""
    chain = certificates.files(services.folder).chain_pem
    served = chain.stat().st_mtime_ns
    for look in itertools.count():
        if ended.wait(TIDY):
            return
        services.drop_ended()
        if look % MINUTE == MINUTE - 1:
            services.tell_refused()
        if look % LOOKS:
            continue
        try:
            made = chain.stat().st_mtime_ns
        except OSError:  # sessions must be let go all the same
            log.exception("keeper.no_certificate")
            continue
        if made != served:
            served = made
            log.info("keeper.new_certificate")
            renew()


def clear_doorstep(
    most: int, renew: Callable[[], object], give_up: Callable[[], object], ended: threading.Event
) -> None:
    """`renew` the server when more than `most` files are open, until `ended`: that drops half-open connections and keeps requests and sessions.

    granian counts a connection only after its handshake, and once this process may open no further file it never recovers. Should a crowd come faster than it
    can be cleared, `give_up` ends the process while that is still possible, and systemd starts it again.
    """
    while not ended.wait(GLANCE):
        count, allowed = _open_files(), resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if count > allowed - SPARE_FILES:
            log.error("keeper.too_many_connections files=%d", count)
            give_up()
        elif count > most:
            log.warning("keeper.doorstep_cleared files=%d", count)
            renew()


def _open_files() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:  # not even this one can be opened
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def certificate(folder: Path) -> TlsFiles:
    """The page's certificate, which the daemon makes and renews; raises `CertificateError` when there is none."""
    made = certificates.files(folder)
    if not (made.chain_pem.exists() and made.key_pem.exists()):
        raise CertificateError
    return made
