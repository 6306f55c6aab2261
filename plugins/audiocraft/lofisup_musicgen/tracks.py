"""One track on its way: windows of tokens, then sound, then a file."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy

from .decoder import LEFT_FRAMES, RIGHT_FRAMES, Decoder, Stream
from .items import Item
from .tails import Tail
from .wavfile import WavFile
from .windows import Fragment, Shape, Window, window_seed

# Composed past a track's end: the decoder hears it ahead, and the next track begins with it.
AHEAD_FRAMES = RIGHT_FRAMES


class Track:
    """The tokens of one item. Asks for windows until it has what it wants; knows what the next track goes on from."""

    def __init__(
        self, item: Item, shape: Shape, text: numpy.ndarray, overlap_frames: int, before: Tail | None, continued: int | None
    ) -> None:
        self.item = item
        self.continued = continued
        self.share_s = 0.0  # of the batch's time at the engine
        self._shape = shape
        self._text = text
        self._overlap = overlap_frames
        self._index = 0
        self._frames = max(1, round(item.seconds * shape.frame_rate))
        start = before.tokens if before else numpy.zeros((shape.codebooks, 0), dtype=numpy.int16)
        self._recent = start  # what was composed last, bounded
        split = start.shape[1] - (before.ahead if before else 0)
        self.played_before = start[:, :split]  # of the track this one goes on from: what was heard last
        self.first_tokens = start[:, split:]  # composed along with that track and not played yet
        self._left = self._frames + AHEAD_FRAMES - self.first_tokens.shape[1]

    def next_window(self) -> Window | None:
        """What is to be composed next; None when the track is complete."""
        if self._left <= 0:
            return None
        context = self._recent[:, -self._overlap :]
        frames = min(self._left, self._shape.window_frames - context.shape[1])
        seed = window_seed(self.item.seed, self._index)
        self._index += 1
        return Window(self._text, context, frames, seed)

    def take(self, tokens: numpy.ndarray) -> None:
        self._left -= tokens.shape[1]
        keep = max(self._overlap, LEFT_FRAMES + AHEAD_FRAMES)
        self._recent = numpy.concatenate([self._recent, tokens], axis=1)[:, -keep:]

    @property
    def tail(self) -> Tail:
        return Tail(self._recent, AHEAD_FRAMES)

    @property
    def fraction(self) -> float:
        """How much of it is composed."""
        return 1 - max(self._left, 0) / (self._frames + AHEAD_FRAMES)


@dataclass(frozen=True)
class Pressed:
    """A track that became a file, or did not."""

    track: Track
    file: str
    error: Exception | None = None


class Press:
    """A thread that decodes tokens into files while the next ones are composed.

    What waits is bounded: `push` blocks until the thread has caught up. One life: push and end tracks, then `close`.
    """

    WAITING_MAX = 64

    def __init__(self, decoder: Decoder, shape: Shape, directory: Path, done: Callable[[Pressed], None]) -> None:
        self._decoder = decoder
        self._shape = shape
        self._directory = directory
        self._done = done
        self._jobs: queue.Queue[tuple[Track, numpy.ndarray | None]] = queue.Queue(self.WAITING_MAX)
        self._open: dict[Track, tuple[Stream, WavFile]] = {}
        self._failed: set[Track] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="press", daemon=True)
        self._thread.start()

    def push(self, track: Track, tokens: numpy.ndarray) -> None:
        self._put(track, tokens)

    def end(self, track: Track) -> None:
        """The track has all its tokens; `done` is called, on the press's thread, when its file is whole."""
        self._put(track, None)

    def _put(self, track: Track, tokens: numpy.ndarray | None) -> None:
        while not self._stop.is_set():
            try:
                return self._jobs.put((track, tokens), timeout=0.5)
            except queue.Full:
                continue

    def busy(self) -> bool:
        return self._jobs.unfinished_tasks > 0

    def close(self) -> None:
        """Ends the thread within a piece's decoding and takes unfinished files away."""
        self._stop.set()
        self._thread.join()
        for _stream, file in self._open.values():
            file.discard()
        self._open.clear()

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                track, tokens = self._jobs.get(timeout=0.1)
            except queue.Empty:
                continue
            try:
                if track not in self._failed:
                    self._press(track, tokens)
            except Exception as error:
                self._failed.add(track)
                opened = self._open.pop(track, None)
                if opened:
                    opened[1].discard()
                self._done(Pressed(track, "", error))
            finally:
                self._jobs.task_done()

    def _press(self, track: Track, tokens: numpy.ndarray | None) -> None:
        name = f"{track.item.id}.wav"
        opened = self._open.get(track)
        if opened is None:
            file = WavFile(self._directory / name, self._shape.sample_rate, self._shape.channels)
            opened = self._open[track] = (self._decoder.stream(track.played_before), file)
        stream, file = opened
        sound = stream.end(AHEAD_FRAMES) if tokens is None else stream.push(tokens)
        if sound.size:
            file.append(sound)
        if tokens is None:
            file.close()
            del self._open[track]
            self._done(Pressed(track, name))


def tokens_of(fragment: Fragment, shape: Shape) -> numpy.ndarray:
    """A fragment's tokens, checked: an engine that is wrong must not reach the decoder."""
    tokens = fragment.tokens
    if tokens.ndim != 2 or (tokens.size and tokens.shape[0] != shape.codebooks):
        raise ValueError(f"the engine gave tokens of shape {tokens.shape}")
    if tokens.size and (tokens.min() < 0 or tokens.max() >= shape.cardinality):
        raise ValueError("the engine gave tokens that are none")
    return tokens
