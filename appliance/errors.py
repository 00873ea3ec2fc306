"""What can go wrong, in families. A docstring is what a person reads; `exit_code` is what the `keepline` command ends with.

No error ever carries a number, a name, a sound, a page, a PIN or a key in its text.
"""

from __future__ import annotations

import inspect


class KeeplineError(Exception):
    """Something went wrong in Keepline. The log of the unit that failed says more: `journalctl -u keepline`."""

    exit_code = 1

    def __str__(self) -> str:
        return super().__str__() or inspect.cleandoc(type(self).__doc__ or "").replace("\n", " ")


class SettingsError(KeeplineError):
    """The settings file has a mistake. Correct the line that is named and start again."""

    exit_code = 2


class UsageError(KeeplineError):
    """That command does not exist or lacks something. `keepline --help` lists what there is."""

    exit_code = 2


class AccessError(KeeplineError):
    """That is not allowed for this person or this program."""

    exit_code = 3


class WrongPasswordError(AccessError):
    """Name and password do not belong together. Check both; capital letters count."""


class OvertakenError(AccessError):
    """While you logged in, everybody was logged off, or somebody changed what you may do. Log in again."""


class NoPinError(AccessError):
    """No technician's PIN is set. Set one on the box: `sudo keepline console --set-pin`."""


class NotForThisRoleError(AccessError):
    """This person's role may not see messages. A technician or auditor sees how the box is, never what callers said."""


class NotAdminError(AccessError):
    """Only an admin may add, change or remove people."""


class ForeignKeyError(AccessError):
    """New messages are sealed to a key that is not this practice's. Somebody changed the card: do not use the box, restore `keys` from the backup."""


class TooSoonError(AccessError):
    """Name and password were wrong several times. Wait a moment, then try again."""

    def __init__(self, message: str = "", wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait  # s until the next attempt is looked at


class BusyError(AccessError):
    """Several people are logging in at this moment. Try again in a few seconds."""


class WeakPasswordError(AccessError):
    """A password needs at least 15 characters and must not be one that many people use. Four or five words that do not belong together are easy to keep."""


class WrongCodeError(AccessError):
    """That code is not right, or was used before. Take the newest one that the app shows, or the next printed one."""


class PasskeyError(AccessError):
    """That passkey was not accepted. Try again, or use another way."""


class ClockUntrustedError(AccessError):
    """The box does not know the right time, so it cannot check the codes of an app. Use a passkey or a printed code."""


class FactorsDamagedError(AccessError):
    """What this person uses beside the password cannot be read: a file was damaged or exchanged. An admin can reset it."""


class FactorsChangedError(AccessError):
    """What this person uses beside the password was changed in the same moment, so nothing was done. Try again."""


class PersonNameError(AccessError):
    """A name for logging in has at most 32 letters from a to z, digits, dots, dashes and underscores, and begins with a letter or digit. No spaces."""


class NotAllowedError(AccessError):
    """This person's role does not allow that. An admin can change the role: `keepline people role NAME ROLE`."""


class SheetIsNobodyError(AccessError):
    """That is for a person to do, under their own name, and the recovery sheet is none. Give somebody a new password on the page “People”; then they do it."""


class MailboxNameError(AccessError):
    """A mailbox is named with small letters, digits and dashes, as the settings name it; `*` alone means every mailbox."""


class PersonExistsError(AccessError):
    """There is already a person of that name. Choose another name, or remove that person first."""


class PersonDamagedError(AccessError):
    """What the box knows of this person (a file in keys/people) cannot be read. An admin gives them a new password, or the file is restored from the backup."""


class UnsealedPersonError(AccessError):
    """The password is right, but the practice key is not sealed to this person: their files are old or were exchanged. An admin gives them a new password."""


class KeysDamagedError(AccessError):
    """The practice key (keys/practice.age and keys/practice.pub) cannot be read. Restore the folder `keys` from the backup; messages are taken meanwhile."""


class PersonUnknownError(AccessError):
    """There is no person of that name. `keepline people list` shows who there is."""


class LastAdminError(AccessError):
    """This is the last admin. Make another person admin before removing this one."""


class PeopleChangedError(AccessError):
    """Somebody else changed people or keys in the meantime, so nothing was done. Look at the list and try again."""


class NoProofError(AccessError):
    """That was asked for by nobody who holds the practice key, so nothing was done. Log in again."""


class OwnAccountError(AccessError):
    """Your own password and second factors change with the password you have: on the page under My account, or with `keepline people password --as NAME`."""


class NoProofKeptError(AccessError):
    """The file by which the box knows who holds the practice key (keys/practice.proof) is missing or damaged, so nobody may change people or keys.
    Whoever opens the practice key makes it anew, at the box: `keepline keys mend --as NAME`."""


class TrialError(AccessError):
    """Another password or sheet is being tried. Wait until that is done, then try once more."""


class RotatingError(AccessError):
    """The practice key is being exchanged. Finish or drop that first: `keepline keys rotate --as NAME`."""


class NotRotatingError(AccessError):
    """No exchange of the practice key has begun. Begin one: `keepline keys rotate --as NAME`."""


class RotationOwesError(AccessError):
    """Some days' keys are not yet sealed to the new practice key. Go on with the exchange: `keepline keys rotate --as NAME`."""


class SheetStaysError(AccessError):
    """The exchange that was interrupted was begun without a new recovery sheet, and leaves the sheet as it is. Go on with it without `--new-sheet`
    and exchange once more with it, or drop it first: `keepline keys rotate --as NAME --drop`."""


class NewSheetError(AccessError):
    """The recovery sheet was used, so the practice key is exchanged together with it: say that a new sheet is wanted (`--new-sheet`)."""


class WrongSheetError(AccessError):
    """That is not this practice's recovery sheet. Compare it letter by letter; there is no b, i, o and no 1 in it but at its start."""


class ReasonError(AccessError):
    """Say in a sentence why the recovery sheet is used: ten letters at least, 600 at most. Every admin will read it; name no patient."""


class WrongClaimError(AccessError):
    """That is not this box's claim code. It stands on the box's label or console: eight letters and digits."""


class ClaimTooSoonError(TooSoonError):
    """That code was wrong several times. Wait half a minute, then try again."""


class FoundedError(AccessError):
    """This box belongs to a practice already. Its people can add others with `keepline people add`."""


class NotFoundedError(AccessError):
    """This box belongs to no practice yet. `keepline claim` shows the code to claim it with, and the page leads on."""


class CertificateError(AccessError):
    """The page's certificate cannot be made or renewed. Check that the daemon may write the folder `tls` of the store."""


class DecisionError(AccessError):
    """A decision needs a reason and the risk that is taken, each in a sentence of at most 600 letters."""


class SwitchedOffError(AccessError):
    """This is switched off. An admin can switch it on: on the page under Switches, or with `keepline switches set`."""

    def __init__(self, message: str = "", switch: str = "") -> None:
        super().__init__(message)
        self.switch = switch


class NotAgreedError(AccessError):
    """Nobody opens messages here before they have read the practice's policy sheet and agreed to it. Log in on the page, which shows it; then do this again."""


class PolicyTextError(AccessError):
    """That cannot be the policy sheet: a text is in English or Spanish and has at most 5000 letters."""


class PolicyChangedError(AccessError):
    """The policy sheet has changed meanwhile. Read it again."""


class StoreError(KeeplineError):
    """The sealed store cannot do what was asked."""

    exit_code = 4


class MessageNotFoundError(StoreError):
    """There is no such message. It may have been erased or purged."""


class MessageChangedError(StoreError):
    """Somebody changed this message in the meantime, so it was left as it is. Look at it again."""


class NoteOvertakenError(StoreError):
    """Somebody else wrote a note on this message in the same moment. Send yours again."""


class NoteRefusedError(StoreError):
    """This note was not kept: what was sent is none, or two clocks are at odds. Send it again."""


class MessageHeldError(StoreError):
    """This message is on hold, so it stays. An admin can lift the hold, on the message's page or with `keepline inbox release`."""


class HoldChangedError(StoreError):
    """Somebody else has put this message on hold, or lifted the hold, in the meantime. Nothing was changed; look at it again."""


class DamagedKeysError(StoreError):
    """Some keys cannot be opened, so the exchange stopped. Restore their files from the backup and go on, or go on without them: `--without KEY`, for each."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.names = names  # as their files are called, without the ending


class DamagedMessageError(StoreError):
    """This message does not match its seal: the file was damaged or exchanged. Run `keepline store check` to see what is whole."""


class BadStorageError(StoreError):
    """The memory card refused to keep what was written. No message is taken until it is replaced: exchange the card and restore."""


class StoreInUseError(StoreError):
    """Another Keepline daemon works on this store already. Look at it with `systemctl status keepline`; only one may run."""


class RecordError(StoreError):
    """The record cannot be read or written, so nothing is shown or changed. Look at the box's status page; it says what to do."""


class RecordKeyError(StoreError):
    """The key that names in the record are sealed to (keys/record.pub) is missing or damaged, so no message is taken and nothing told that would name anybody.
    Whoever opens the practice key makes it anew, at the box: `keepline keys mend --as NAME`."""


class NoRoomError(StoreError):
    """There is no room for another message. Erase messages or put in a larger card."""


class DecisionsDamagedError(StoreError):
    """The file of decisions (decisions.json) is damaged or was altered, so everything counts as switched off. Restore it, or take it away and decide anew."""


class SealError(StoreError):
    """The sealed file cannot be opened."""


class SealHeaderError(SealError):
    """The sealed file's header is damaged or not age v1."""


class SealKeyError(SealError):
    """None of the keys at hand opens this sealed file."""


class SealMacError(SealError):
    """The sealed file's header was changed after it was written."""


class SealPayloadError(SealError):
    """The sealed file's content is damaged or cut short."""


class KeyFormatError(SealError):
    """This is not an age key. A recovery key starts with AGE-SECRET-KEY-1, a public key with age1."""


class VoiceError(KeeplineError):
    """A call could not be handled."""

    exit_code = 5


class CallerGoneError(VoiceError):
    """The caller has hung up."""


class MessageRefusedError(VoiceError):
    """The inbox can take no message now, and the caller was told so. The status page says what to do."""


class BadCallError(VoiceError):
    """What came in does not speak the protocol it should. The connection was closed; other calls go on."""


class PromptError(VoiceError):
    """The spoken prompts are missing. Run `keepline prompts` to make them (it needs espeak-ng)."""


class FaxError(KeeplineError):
    """A fax could not be received or sent."""

    exit_code = 8


class PartialFaxError(FaxError):
    """Only a part of the fax came. What came is kept; ask the sender for the rest."""

    exit_code = 9


class ModemError(FaxError):
    """The fax modem does not do what it should. `keepline modem test --device D` says what works and what does not."""


class ModemSilentError(ModemError):
    """The modem does not answer AT commands. Check its power and its cable; if they are good, unplug it for ten seconds. `keepline modem test` says more."""


class ModemRefusedError(ModemError):
    """The modem refuses a command that every Class 1 fax modem knows. `AT+FCLASS=?` must list 1; a modem without it cannot be used."""


class BadFrameError(FaxError):
    """What came from the other fax is not T.30. Nothing needs to be done here; ask the sender to send again."""


class BadTurnError(FaxError):
    """The modem answered something else than it was asked. Power it off and on; if it happens again, use another modem."""


class LineGoneError(FaxError):
    """The call ended in the midst of a fax. Pages that came before are kept; ask the sender for the rest."""


class LineStoppedError(FaxError):
    """The box was shut down in the midst of a fax. Pages that came before are kept; ask the sender for the rest."""


class CallerHungUpError(FaxError):
    """The sending fax ended the call before it had said that it was done. Pages that came before are kept; ask the sender for the rest."""


class CallerSilentError(FaxError):
    """The sending fax fell silent in the midst of the call. Pages that came before are kept; ask the sender for the rest."""


class NoFaxError(FaxError):
    """Nobody who called spoke fax. It may have been a person, or a machine that gave up."""


class AnswererSilentError(FaxError):
    """The fax that was called does not answer, or no longer."""


class PollingRefusedError(FaxError):
    """The caller wanted to fetch a fax from this box. It has none to fetch; nothing was sent."""


class TermsError(FaxError):
    """The sending fax insists on something this box does not offer, such as a paper size. Ask the sender to send a plain page."""


class BlockLostError(FaxError):
    """A part of a page is missing and the sending fax went on without it. Pages that came before are kept; ask the sender for the rest."""


class BlockGivenUpError(FaxError):
    """The line was so bad that the sending fax gave up a part of a page. That page ends before the gap and is marked; ask the sender for it again."""


class TrainingFailedError(FaxError):
    """The line is too bad even for the slowest rate. Ask the sender to try again; if it happens often, have the line checked."""


class NotKeptError(FaxError):
    """A page came and could not be written, so it was not confirmed. Make room, or exchange the card; the sender's fax will say that it failed."""


class TranscriptError(FaxError):
    """This is not a transcript of a fax call, or of another version. A transcript's name ends in `.t30`."""


class CallNotFoundError(FaxError):
    """There is no record of that call. The last 100 calls are remembered; an older one is forgotten."""


class ReplayDiffersError(KeeplineError):
    """This version would act otherwise in that call: a line with `!` shows what it would do instead. Send the transcript along when you report a fault."""


class PictureError(FaxError):
    """The pages of this fax cannot be read: the file is damaged or none of ours. Ask the sender to send again."""


class ControlError(KeeplineError):
    """The daemon refused that or did not understand it."""

    exit_code = 6


class DaemonSilentError(ControlError):
    """The daemon does not answer. Look at it with `systemctl status keepline`, start it with `systemctl start keepline`."""


class MaterialsError(KeeplineError):
    """The list of parts is missing or damaged. `keepline parts --make` makes it anew, and so does `./install.sh install`."""


class PageError(KeeplineError):
    """The page cannot be served at its address. Look at `[page] host` and `port`: is another program there, and may this user have a port below 1024?"""


class BoardError(KeeplineError):
    """The panel's lamps and buttons cannot be reached. Check the ribbon cable and `hardware/pins.toml`."""

    exit_code = 7


class SerialError(KeeplineError):
    """The serial port cannot be used. Check that it is plugged in, that `[console] device` or `--device` names it, and that nobody else uses it."""

    exit_code = 7


class ModemHungError(SerialError):
    """The fax modem answered no more in the midst of a call. It is reset by itself; if it happens again, unplug it for ten seconds or use another modem."""
