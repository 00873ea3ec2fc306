"""Sentences that the box makes and somebody reads in their own language: an English template and what is put into it.

The English is the key by which the page finds its translation; console and command show it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping


def spoken(text: str) -> str:
    """`text` as it is: a mark for the catalogues of the page's languages, which name every text that is marked so."""
    return text


def put_together(text: str, values: Mapping[str, str]) -> str:
    """The template with its values: "%(share)s free." and {"share": "80%"} are "80% free."."""
    return text % values if values else text
