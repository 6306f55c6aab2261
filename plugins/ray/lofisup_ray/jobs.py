"""Jobs on disk: a directory each, with `job.json` and a file for every track. What was written survives a crash."""

import hashlib
import json
import os
import pathlib
import shutil
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from .rules import Item, is_name

OVER = ("done", "failed", "cancelled")


@dataclass
class Job:
    id: str
    order: int
    items: list[Item]
    version: int = 1
    tracks: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    ended_at: float | None = None
    begun: bool = False

    @property
    def open(self) -> list[Item]:
        known = {entry["id"] for entry in self.tracks + self.failed}
        return [item for item in self.items if item["id"] not in known]

    @property
    def state(self) -> str:
        if self.open:
            return "rendering" if self.begun else "queued"
        return "done" if self.tracks else "failed"

    @property
    def bytes_held(self) -> int:
        return sum(track["bytes"] for track in self.tracks) + sum(map(bytes_expected, self.open))

    def view(self) -> dict[str, Any]:
        known = len(self.items) - len(self.open)
        return {"id": self.id, "state": self.state, "progress": known / len(self.items), "version": self.version,
                "tracks": self.tracks, "failed": self.failed}


def bytes_expected(item: Item) -> int:
    """What a track takes as 44.1 kHz stereo floats."""
    return int(item["seconds"] * 44_100 * 8)


class JobStore:
    def __init__(self, directory: str):
        self._directory = pathlib.Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)

    def load(self) -> list[Job]:
        """Every job there is, by age; what cannot be read is removed."""
        jobs = []
        for place in self._directory.iterdir():
            try:
                job = Job(**json.loads((place / "job.json").read_bytes()))
                if job.id != place.name or not is_name(job.id):
                    raise ValueError("the job of another place")
            except (OSError, ValueError, TypeError):
                shutil.rmtree(place, ignore_errors=True)
                continue
            job.begun = False
            whole = [track for track in job.tracks if self._size(job.id, track["id"]) == track["bytes"]]
            if len(whole) < len(job.tracks):
                job.tracks, job.ended_at = whole, None
            jobs.append(job)
        return sorted(jobs, key=lambda job: job.order)

    def save(self, job: Job) -> None:
        place = self._directory / job.id
        place.mkdir(exist_ok=True)
        self._write(place / "job.json", json.dumps(asdict(job)).encode())

    def keep(self, job: Job, item: Item, sound: bytes) -> dict[str, Any]:
        """Writes a track; `save` makes it known. Returns the facts of it."""
        self._write(self.file(job.id, item["id"]), sound)
        return {"id": item["id"], "bytes": len(sound), "sha256": hashlib.sha256(sound).hexdigest(),
                "seconds": item["seconds"]}

    def file(self, job: str, item: str) -> pathlib.Path:
        return self._directory / job / f"{item}.track"

    def remove(self, job: str) -> None:
        (self._directory / job / "job.json").unlink(missing_ok=True)
        shutil.rmtree(self._directory / job, ignore_errors=True)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self._directory).free

    def _size(self, job: str, item: str) -> int:
        try:
            return self.file(job, item).stat().st_size
        except OSError:
            return -1

    @staticmethod
    def _write(path: pathlib.Path, data: bytes) -> None:
        hidden = path.with_name(f".{path.name}.part")
        with open(hidden, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def is_old(job: Job, keep_seconds: float) -> bool:
    return job.ended_at is not None and time.time() - job.ended_at > keep_seconds
