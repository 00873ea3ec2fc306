"""The recovery sheet on a screen: read off, and two of its groups typed back."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def groups_on(page: Page) -> list[str]:
    """All of its groups, once the whole sheet is there."""
    expect(page.get_by_role("button", name="I have it on paper")).to_be_visible()  # it stands below them
    return page.locator(".paper-groups .words").all_inner_texts()


def type_back(page: Page, groups: list[str]) -> None:
    """The two that the page asks for."""
    for field, label in (("#first", "label[for=first]"), ("#second", "label[for=second]")):
        number = re.search(r"\d+", page.locator(label).inner_text())
        assert number
        page.locator(field).fill(groups[int(number[0]) - 1])
