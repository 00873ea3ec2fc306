"""schemathesis against the live page: the routes, methods and form fields as the application itself knows them, filled with whatever it thinks up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.core.result import Ok

from tests.rig.program import START
from tests.web.page_process import PageProcess, control_of
from tests.web.practice import NAME, Practice, babble
from tests.web.roles import questions

EXAMPLES = 6  # for each route, method and kind of person: bounded, and always the same
ENDS = {"/logout", "/lock"}  # would end the session that the others need
FIELD = re.compile(r'\.form(?:\.get|\.getlist)?[(\[]\s*"([a-z_-]+)"')  # how the page reads a form


def fields() -> list[str]:
    """Every name of a field that any module of the page reads."""
    texts = [file.read_text(encoding="utf-8") for file in sorted((Path(__file__).parents[2] / "web").glob("*.py"))]
    found = sorted({name for text in texts for name in FIELD.findall(text)} | {"name", "password", "heard", "search"})
    assert len(found) > 8
    return found


def document(app: Flask, ids: list[str]) -> dict[str, Any]:
    """The page as OpenAPI."""
    form = {name: {"type": "string", "maxLength": 200} for name in fields()}
    paths: dict[str, dict[str, Any]] = {}
    for question in questions(app):
        if question.method == "HEAD" or question.rule in ENDS or question.rule.startswith("/static"):
            continue
        path = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", question.rule)
        parameters: list[dict[str, Any]] = [
            {
                "name": part,
                "in": "path",
                "required": True,
                "schema": {"anyOf": [{"enum": [*ids, "ana", "sam", "1", "en"]}, {"type": "string", "minLength": 1}]},
            }
            for part in re.findall(r"\{([a-z_]+)\}", path)
        ]
        parameters += [
            {"name": name, "in": "query", "schema": {"type": "string"}} for name in ("page", "why", "width", "turn")
        ]
        told: dict[str, Any] = {"parameters": parameters, "responses": {"default": {"description": "in words"}}}
        if question.method == "POST":
            schema = {"type": "object", "properties": form}
            told["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}
        paths.setdefault(path, {})[question.method.lower()] = told
    return {"openapi": "3.1.0", "info": {"title": "Keepline's page", "version": "1"}, "paths": paths}


@pytest.fixture
def page(practice: Practice) -> Iterator[PageProcess]:
    practice.add_staff()
    control = control_of(practice)
    control.start()
    with PageProcess(practice) as running:
        yield running
    control.stop()


@pytest.mark.parametrize("who", ["a stranger", "an admin"])
def test_whatever_is_sent_is_answered_in_words_and_never_by_a_mistake_of_ours(
    practice: Practice, page: PageProcess, who: str
) -> None:
    ids = [practice.leave(babble(1), "5551234567", "Maria Lopez", at=practice.clock.now() - 60)]
    if who == "an admin":
        page.log_in()
        practice.agree(NAME)
    schema = schemathesis.openapi.from_dict(document(practice.app(), ids))
    wrong: list[str] = []
    asked = 0

    def look(case: Case[Any]) -> None:
        nonlocal asked
        asked += 1
        headers = {"Cookie": page.cookie, "Sec-Fetch-Site": "same-origin"}
        answer = case.call(
            base_url=f"https://localhost:{page.port}",
            headers=headers,
            verify=str(page.tls.ca_pem),
            allow_redirects=False,
            timeout=START,
        )
        told = {name.lower(): value for name, value in answer.headers.items()}
        where = f"{case.method} {case.formatted_path}: {answer.status_code}"
        if answer.status_code >= 500 and answer.status_code != 503:
            wrong.append(where)
        if answer.status_code not in {408, 413, 503, 400} and "content-security-policy" not in told:
            wrong.append(f"{where}, not dressed")
        if who == "a stranger" and b"Maria" in answer.content:
            wrong.append(f"{where}, a stranger read a name")

    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        run = given(found.ok().as_strategy())(look)
        settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(run)()
    assert wrong == []
    assert asked > 200
