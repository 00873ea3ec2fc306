"""What can go wrong with the rig, apart from what can go wrong with the appliance."""


class RigError(Exception):
    """The real-parts line could not be made or used."""


class AsteriskMissingError(RigError):
    """There is no Asterisk on this machine that the tests can use. `./install.sh test` fetches one and runs every test."""


class RefusedError(RigError):
    """The call was not answered; `status` is the SIP status it was refused with, or 0 when nothing came."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the call was not answered (SIP {status})" if status else "the call was not answered in time")
        self.status = status


class CallEndedError(RigError):
    """The far end has hung up, or did not do in time what was waited for."""


class FaxRigError(RigError):
    """The fax rig needs programs that are not on this machine. `./install.sh test` fetches them and runs every test."""
