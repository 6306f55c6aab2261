"""What a job may ask for: the same as `lofisup render-server` takes."""

import json
import re
from typing import Any

BODY_BYTES_MAX = 1 << 20
ITEMS_MAX = 64
TEXT_BYTES_MAX = 16 << 10
NUMBER_MAX = 1_000_000
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

Item = dict[str, Any]


class NoJob(ValueError):
    """Why something is no job, as a sentence for whoever sent it."""


def is_name(text: Any) -> bool:
    return isinstance(text, str) and NAME.fullmatch(text) is not None


def items_of(body: bytes) -> list[Item]:
    """The items of a body, with nothing in them but what the plug-in protocol has."""
    try:
        request = json.loads(body)
    except ValueError as error:
        raise NoJob("the body is no JSON") from error
    if not isinstance(request, dict) or not isinstance(request.get("items"), list):
        raise NoJob("items: is missing, or no list")
    items = request["items"]
    if not 1 <= len(items) <= ITEMS_MAX:
        raise NoJob(f"items: a job has 1 to {ITEMS_MAX}, this one has {len(items)}")
    checked = [_item(item, f"items[{place}]") for place, item in enumerate(items)]
    if len({item["id"] for item in checked}) < len(checked):
        raise NoJob("items: each needs an id of its own")
    return checked


def _item(item: Any, path: str) -> Item:
    if not isinstance(item, dict):
        raise NoJob(f"{path}: is no object")
    prompt = item.get("prompt")
    if not isinstance(prompt, dict) or not isinstance(prompt.get("text"), str):
        raise NoJob(f"{path}.prompt.text: is missing, or no text")
    if not prompt["text"].strip() or len(prompt["text"].encode(errors="replace")) > TEXT_BYTES_MAX:
        raise NoJob(f"{path}.prompt.text: has 1 to {TEXT_BYTES_MAX} bytes, not all of them spaces")
    name = prompt.get("name") or ""
    if not isinstance(name, str) or len(name.encode(errors="replace")) > 1024:
        raise NoJob(f"{path}.prompt.name: has at most 1024 bytes")
    seconds = item.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 1 <= seconds <= 3600:
        raise NoJob(f"{path}.seconds: must be from 1 to 3600")
    seed = item.get("seed")
    if not isinstance(seed, str) or not re.fullmatch(r"[0-9]{1,20}", seed, re.ASCII) or int(seed) >= 1 << 64:
        raise NoJob(f"{path}.seed: must be a whole number below 2^64, as a string")
    if not is_name(item.get("id")):
        raise NoJob(f"{path}.id: must be 1 to 64 letters, digits, - or _")
    turn = item.get("turn") or f"item {item['id']} {seed}"
    if not isinstance(turn, str) or len(turn.encode(errors="replace")) > 256:
        raise NoJob(f"{path}.turn: has 1 to 256 bytes")
    continues = item.get("continues") or []
    if not isinstance(continues, list) or len(continues) > 64 or not all(map(_is_number, continues)):
        raise NoJob(f"{path}.continues: has at most 64 positions, each from 0 to {NUMBER_MAX}")
    for what, value in (("prompt.index", prompt.get("index") or 0), ("position", item.get("position") or 0)):
        if not _is_number(value):
            raise NoJob(f"{path}.{what}: must be from 0 to {NUMBER_MAX}")
    return {"id": item["id"], "prompt": {"index": prompt.get("index") or 0, "name": name, "text": prompt["text"]},
            "seconds": seconds, "seed": seed, "turn": turn, "position": item.get("position") or 0,
            "continues": continues}


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= NUMBER_MAX
