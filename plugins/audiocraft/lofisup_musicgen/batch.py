"""A batch of items on their way through engine and press: who is next, who waits for whom."""

from __future__ import annotations

import threading
import time

from pathlib import Path
from typing import Protocol

import numpy

from .decoder import Decoder
from .failures import Failure, as_failure, ran_out_of_memory
from .items import Item
from .tails import Tail, Tails
from .tracks import AHEAD_FRAMES, Press, Pressed, Track, tokens_of
from .windows import Engine, Fragment, Window

SLEEP_S = 0.05

class Listener(Protocol):
    """Who wants to know how a batch goes. Called on the batch's own thread."""

    def check(self) -> None:
        """Raises Cancelled when the batch is to end; applies what was tuned."""

    def progress(self, fraction: float, words: str) -> None: ...

    def track(self, pressed: Pressed) -> None: ...

class Batch:
    """Renders items once. Items that go on from one another follow one another; the rest run side by side."""

    def __init__(
        self,
        items: list[Item],
        texts: dict[str, numpy.ndarray],
        engine: Engine,
        decoder: Decoder,
        tails: Tails,
        directory: Path,
        overlap_frames: int,
        listener: Listener,
    ) -> None:
        self._waiting = list(items)
        self._texts = texts
        self._engine = engine
        self._tails = tails
        self._overlap = overlap_frames
        self._listener = listener
        self._running: dict[Window, Track] = {}
        self._composed: dict[tuple[str, int], Tail] = {}
        self._names = {(item.turn, item.position): item.id for item in items}
        self._total_s = sum(item.seconds for item in items) or 1.0
        self._composed_s = 0.0
        self._partial_s = 0.0  # composed by windows still at work, as the pulse tells
        self._pressed: list[Pressed] = []
        self._pressing = threading.Lock()
        self._press = Press(decoder, engine.shape, directory, self._on_pressed)
        self.done: list[str] = []
        self.failed: list[dict[str, str]] = []

    def run(self) -> None:
        """Until every item is done or failed. Raises Cancelled, and OutOfMemory for the batch as a whole."""
        try:
            while self._waiting or self._running or self._press.busy():
                self._listener.check()
                self._start_who_is_ready()
                if self._running:
                    self._advance()
                else:
                    time.sleep(SLEEP_S)
                self._hand_over()
            self._hand_over()
        finally:
            self._engine.drop()
            self._press.close()

    # Who is next.

    def _start_who_is_ready(self) -> None:
        while len(self._running) < self._engine.rows_max:
            item = next((item for item in self._waiting if not self._waits(item)), None)
            if item is None and not self._running and self._waiting:
                item = self._waiting[0]  # They wait for each other in a ring: somebody has to begin.
            if item is None:
                return
            self._waiting.remove(item)
            tail, continued = self._before(item)
            track = Track(item, self._engine.shape, self._texts[item.text], self._overlap, tail, continued)
            if track.first_tokens.size:
                self._press.push(track, track.first_tokens)
            self._go_on(track)

    def _waits(self, item: Item) -> bool:
        """Whether a track that this one would rather go on from is still being composed."""
        composing = {track.item.id for track in self._running.values()} | {other.id for other in self._waiting}
        for position in item.continues:
            place = (item.turn, position)
            if place in self._composed:
                return False
            name = self._names.get(place)
            if name is not None and name != item.id and name in composing:
                return True
            if self._tails.get(*place) is not None:
                return False
        return False

    def _before(self, item: Item) -> tuple[Tail | None, int | None]:
        for position in item.continues:
            place = (item.turn, position)
            tail = self._composed.get(place) or self._tails.get(*place)
            if tail is not None:
                return tail.last(max(self._overlap, AHEAD_FRAMES)), position
        return None, None

    # Composing.

    def _go_on(self, track: Track) -> None:
        window = track.next_window()
        if window is not None:
            self._engine.admit(window)
            self._running[window] = track
            return
        self._composed[track.item.turn, track.item.position] = track.tail
        self._composed_s += track.item.seconds
        self._press.end(track)

    def _advance(self) -> None:
        began = time.monotonic()
        active = list(self._running.values())
        fragments = self._engine.advance(self._pulse)
        share = (time.monotonic() - began) / len(active)
        for track in active:
            track.share_s += share
        self._partial_s = 0.0
        for fragment in fragments:
            self._take(fragment)
        self._tell()

    def _take(self, fragment: Fragment) -> None:
        track = self._running[fragment.window]
        error = fragment.error
        if error is None:
            try:
                tokens = tokens_of(fragment, self._engine.shape)
            except ValueError as wrong:
                error = wrong
        if error is not None:
            del self._running[fragment.window]
            self._fail(track.item, error)
            return
        if tokens.size:
            track.take(tokens)
            self._press.push(track, tokens)
        if fragment.last:
            del self._running[fragment.window]
            self._go_on(track)

    def _pulse(self, frames: float) -> None:
        self._listener.check()
        self._partial_s += frames / self._engine.shape.frame_rate
        self._hand_over()
        self._tell()

    def _tell(self) -> None:
        running = sum(track.fraction * track.item.seconds for track in self._running.values())
        fraction = min((self._composed_s + running + self._partial_s) / self._total_s, 1.0)
        names = ", ".join(track.item.id for track in self._running.values())
        self._listener.progress(fraction, f"composing {names}" if names else "decoding")

    # Handing over.

    def _on_pressed(self, pressed: Pressed) -> None:
        with self._pressing:
            self._pressed.append(pressed)

    def _hand_over(self) -> None:
        with self._pressing:
            pressed, self._pressed = self._pressed, []
        for each in pressed:
            item = each.track.item
            if each.error is not None:
                if ran_out_of_memory(each.error):
                    raise each.error
                self._fail(item, each.error)
                continue
            self._tails.put(item.turn, item.position, each.track.tail)
            self.done.append(item.id)
            self._listener.track(each)

    def _fail(self, item: Item, error: Exception) -> None:
        failure: Failure = as_failure(error, f"rendering {item.id}")
        self.failed.append({"id": item.id, "why": failure.sentence})

