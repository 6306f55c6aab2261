"""One track on its way: windows of tokens, then sound, then a file."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from .decoder import LEFT_FRAMES, RIGHT_FRAMES, Decoder, Piece
from .items import Item
from .tails import Tail
from .wavfile import WavFile
from .windows import Fragment, Shape, Window, window_seed

# Composed past a track's end: the decoder hears it ahead, and the next track begins with it.
AHEAD_FRAMES = RIGHT_FRAMES


class Track:
    """The tokens of one item. Asks for windows until it has what it wants; knows what the next track goes on from."""

    def __init__(
        self,
        item: Item,
        shape: Shape,
        text: numpy.ndarray,
        overlap_frames: int,
        before: Tail | None,
        continued: int | None,
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

    WAITING_MAX = 128

    def __init__(self, decoder: Decoder, shape: Shape, directory: Path, done: Callable[[Pressed], None]) -> None:
        self._decoder = decoder
        self._shape = shape
        self._directory = directory
        self._done = done
        self._jobs: queue.Queue[_Job] = queue.Queue(self.WAITING_MAX)
        self._open: dict[Track, tuple[Any, WavFile]] = {}
        self._failed: set[Track] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="press", daemon=True)
        self._thread.start()

    def push(self, track: Track, tokens: numpy.ndarray) -> None:
        self._put(_Job(track, tokens, ends=False))

    def end(self, track: Track) -> None:
        """The track has all its tokens; `done` is called, on the press's thread, when its file is whole."""
        self._put(_Job(track, numpy.zeros((self._shape.codebooks, 0), dtype=numpy.int16), ends=True))

    def _put(self, job: _Job) -> None:
        while not self._stop.is_set():
            try:
                return self._jobs.put(job, timeout=0.5)
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
                jobs = [self._jobs.get(timeout=0.1)]
            except queue.Empty:
                continue
            # What has gathered meanwhile is decoded together: tracks share the reading of the decoder's weights.
            with contextlib.suppress(queue.Empty):
                while len(jobs) < self.WAITING_MAX:
                    jobs.append(self._jobs.get_nowait())
            self._press(_by_track(jobs))
            for _job in jobs:
                self._jobs.task_done()

    def _press(self, jobs: list[_Job]) -> None:
        jobs = [job for job in jobs if self._opened(job)]
        pieces = [Piece(self._open[job.track][0], job.tokens, job.ends, AHEAD_FRAMES) for job in jobs]
        try:
            sounds = self._decoder.push(pieces) if pieces else []
        except Exception as error:
            for job in jobs:
                self._fail(job.track, error)
            return
        for job, sound in zip(jobs, sounds, strict=True):
            try:
                self._write(job, sound)
            except Exception as error:
                self._fail(job.track, error)

    def _opened(self, job: _Job) -> bool:
        if job.track in self._open or job.track in self._failed:
            return job.track not in self._failed
        try:
            stream = self._decoder.stream(job.track.played_before)
            path = self._directory / f"{job.track.item.id}.wav"
            self._open[job.track] = (stream, WavFile(path, self._shape.sample_rate, self._shape.channels))
        except Exception as error:
            self._fail(job.track, error)
        return job.track in self._open

    def _write(self, job: _Job, sound: numpy.ndarray) -> None:
        _stream, file = self._open[job.track]
        if sound.size:
            file.append(sound)
        if job.ends:
            file.close()
            del self._open[job.track]
            self._done(Pressed(job.track, file.path.name))

    def _fail(self, track: Track, error: Exception) -> None:
        self._failed.add(track)
        opened = self._open.pop(track, None)
        if opened:
            opened[1].discard()
        self._done(Pressed(track, "", error))


@dataclass(frozen=True)
class _Job:
    track: Track
    tokens: numpy.ndarray
    ends: bool


def _by_track(jobs: list[_Job]) -> list[_Job]:
    """One job a track, in order."""
    merged: dict[Track, _Job] = {}
    for job in jobs:
        before = merged.get(job.track)
        tokens = job.tokens if before is None else numpy.concatenate([before.tokens, job.tokens], axis=1)
        merged[job.track] = _Job(job.track, tokens, job.ends)
    return list(merged.values())


def tokens_of(fragment: Fragment, shape: Shape) -> numpy.ndarray:
    """A fragment's tokens, checked: an engine that is wrong must not reach the decoder."""
    tokens = fragment.tokens
    if tokens.ndim != 2 or (tokens.size and tokens.shape[0] != shape.codebooks):
        raise ValueError(f"the engine gave tokens of shape {tokens.shape}")
    if tokens.size and (tokens.min() < 0 or tokens.max() >= shape.cardinality):
        raise ValueError("the engine gave tokens that are none")
    return tokens
