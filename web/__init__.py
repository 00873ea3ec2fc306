"""The page: what staff see and hear, as one Flask application made by `create_app`."""

from __future__ import annotations

from flask import Flask
from jinja2 import StrictUndefined

from web import (
    access,
    account,
    calls,
    choice,
    claim,
    drafting,
    emergency,
    factors,
    faxes,
    files,
    frame,
    gates,
    guard,
    health,
    holds,
    inbox,
    keys,
    languages,
    materials,
    people,
    policy,
    proving,
    record,
    refusals,
    requests,
    services,
    steps,
    switches,
    trust,
)
from web.services import PageServices


def create_app(page: PageServices) -> Flask:
    """The page on these services. Raises `web.guard.UndeclaredRouteError` when a route does not say who may use it."""
    app = Flask(__name__, static_folder=None)
    app.request_class = requests.SmallRequest
    services.put(app, page)
    languages.put(app)
    for blueprint in (
        files.files,
        access.access,
        inbox.inbox,
        holds.holds,
        faxes.faxes,
        health.health,
        calls.calls,
        claim.claim,
        emergency.door,
        people.staff,
        keys.keys,
        choice.choice,
        drafting.drafting,
        materials.materials,
        switches.switches,
        policy.sheets,
        steps.steps,
        factors.factors,
        account.account,
        proving.proving,
        trust.trust,
        record.record,
    ):
        app.register_blueprint(blueprint)
    guard.stand_before(app, page.settings.page, gates.GATES, proving.asked)
    refusals.put(app)
    app.after_request(drafting.settle)
    app.context_processor(frame.around)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    return app
