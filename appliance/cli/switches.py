"""`keepline switches`: what the practice has switched on, who decided it, and why."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from zoneinfo import ZoneInfo

from appliance.access.roles import Permission
from appliance.cli import asking, output, verbs
from appliance.cli.verbs import Verb
from appliance.errors import UsageError
from appliance.settings import Settings


def show(given: Namespace, settings: Settings) -> None:
    """`keepline switches list`: every switch and the decision that counts."""
    from appliance.access import decisions

    made = decisions.read(settings.store.folder)
    latest = [(feature, decisions.last(made, feature.switch)) for feature in decisions.FEATURES]
    if given.json:
        output.as_json(
            [
                {"switch": feature.switch, "title": feature.title, "on": bool(last and last.on), "decision": last}
                for feature, last in latest
            ]
        )
        return
    rows = [
        (
            feature.switch.value,
            feature.title,
            "on" if last and last.on else "off",
            f"{last.by}, {output.moment(last.at, settings)}" if last else "nobody yet",
            last.why if last else "",
            last.risk if last else "",
        )
        for feature, last in latest
    ]
    output.table("", ("Switch", "What it is", "Now", "Decided", "Why", "Risk taken"), rows, "")


def put(given: Namespace, settings: Settings) -> None:
    """`keepline switches set`: decide."""
    from appliance.access import decisions
    from appliance.control.client import Client

    try:
        switch = decisions.Switch(given.switch)
    except ValueError:
        raise UsageError(f'There is no switch "{given.switch}". `keepline switches list` shows them.') from None
    for text in (given.why, given.risk):
        decisions.check_text(text)
    unlocked = asking.unlock(given, settings, Permission.RUN_SWITCHES)
    unlocked.wipe()
    choice = decisions.Choice(switch, given.state == "on", unlocked.person.name, given.why, given.risk)
    Client(settings.control.path).decide(choice)
    output.say(f"{decisions.BY_SWITCH[choice.switch].title}: switched {given.state}. The decision is kept.")


def export(given: Namespace, settings: Settings) -> None:
    """`keepline switches export`: every decision that was ever made."""
    from appliance.access import decisions

    made = decisions.read(settings.store.folder)
    if given.json:
        output.as_json(decisions.as_rows(made))
    else:
        print(decisions.as_csv(made, ZoneInfo(settings.practice.zone)), end="")


def _set(parser: ArgumentParser) -> None:
    parser.add_argument("switch", help="which one, as `keepline switches list` shows it")
    parser.add_argument("state", choices=("on", "off"), help="what it shall be")
    parser.add_argument("--why", metavar="TEXT", required=True, help="the reason, in a sentence")
    parser.add_argument("--risk", metavar="TEXT", required=True, help="the risk that is taken, in a sentence")
    verbs.who(parser)


VERBS = (
    Verb(("switches", "list"), "list what can be switched on, who decided it, and why", show, verbs.as_json),
    Verb(("switches", "set"), "switch something on or off; the decision is kept", put, _set),
    Verb(("switches", "export"), "write every decision as CSV, or as JSON", export, verbs.as_json),
)
