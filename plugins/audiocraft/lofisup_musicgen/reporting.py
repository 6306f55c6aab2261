"""Tells the station how a request goes, and hears from it that it should end."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

from .failures import Cancelled
from .wire import Wire

SECONDS_BETWEEN = 1.0
HEARTBEAT_S = 15.0
# A step that has no progress of its own and takes longer than this hangs: the silence tells the station.
HEARTBEATS_MAX = 80


class Report:
    """The progress of one request. Lines are thinned out; `cancel` may come from any thread."""

    def __init__(self, wire: Wire, request: Any) -> None:
        self.request = request
        self._wire = wire
        self._cancelled = threading.Event()
        self._last = 0.0
        self._fraction = 0.0

    def cancel(self) -> None:
        self._cancelled.set()

    def check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def progress(self, fraction: float, words: str, *, now: bool = False) -> None:
        """A share between 0 and 1, never going back, and what is being done."""
        self._fraction = max(self._fraction, min(fraction, 1.0))
        moment = time.monotonic()
        if now or moment - self._last >= SECONDS_BETWEEN:
            self._last = moment
            params = {"request": self.request, "fraction": round(self._fraction, 4), "words": words}
            self._wire.notify("progress", params)

    @contextlib.contextmanager
    def during(self, words: str, fraction: float) -> Iterator[None]:
        """Says `words` at once and again and again while something works that cannot say so itself."""
        self.check()
        self.progress(fraction, words, now=True)
        over = threading.Event()

        def beat() -> None:
            for _ in range(HEARTBEATS_MAX):
                if over.wait(HEARTBEAT_S):
                    return
                self.progress(fraction, words, now=True)

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        self.check()
