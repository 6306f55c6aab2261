"""What the station asks for, read carefully."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .failures import RequestAtFault

ID = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
SECONDS_MAX = 4 * 3600
TEXT_MAX = 4000
ITEMS_MAX = 1024


@dataclass(frozen=True)
class Item:
    id: str
    text: str
    seconds: float
    seed: int
    turn: str
    position: int
    continues: tuple[int, ...]


def read_batch(params: dict[str, Any]) -> tuple[list[Item], list[dict[str, str]]]:
    """The items that make sense, and a `failed` entry for each that has a name and does not."""
    given = params.get("items")
    if not isinstance(given, list) or len(given) > ITEMS_MAX:
        raise RequestAtFault(f"generate wants `items`, a list of at most {ITEMS_MAX}")
    items: list[Item] = []
    failed: list[dict[str, str]] = []
    seen: set[str] = set()
    for entry in given:
        name = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not ID.match(name) or name in seen:
            raise RequestAtFault("every item wants an id of its own, of letters, digits, - and _")
        seen.add(name)
        try:
            items.append(_item(name, entry))
        except RequestAtFault as fault:
            failed.append({"id": name, "why": fault.sentence})
    return items, failed


def _whole(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or (isinstance(value, str) and len(value) > 24):
        raise RequestAtFault(f"{what} is no whole number")
    try:
        return int(value)
    except ValueError:
        raise RequestAtFault(f"{what} is no whole number") from None


def _item(name: str, entry: dict[str, Any]) -> Item:
    prompt = entry.get("prompt")
    text = prompt.get("text") if isinstance(prompt, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise RequestAtFault("the prompt has no text")
    if len(text) > TEXT_MAX:
        raise RequestAtFault(f"the prompt's text is longer than {TEXT_MAX} characters")
    seconds = entry.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0.1 <= seconds <= SECONDS_MAX:
        raise RequestAtFault(f"seconds must be between 0.1 and {SECONDS_MAX}")
    seed = _whole(entry.get("seed", "0"), "the seed")
    if not 0 <= seed < 1 << 64:
        raise RequestAtFault("the seed must be a whole number below 2^64")
    continues = entry.get("continues") or []
    if not isinstance(continues, list):
        raise RequestAtFault("continues must be a list of positions")
    return Item(
        id=name,
        text=text.strip(),
        seconds=float(seconds),
        seed=seed,
        turn=str(entry.get("turn", "")),
        position=_whole(entry.get("position", 0), "the position"),
        continues=tuple(_whole(position, "a position in continues") for position in continues[:64]),
    )
