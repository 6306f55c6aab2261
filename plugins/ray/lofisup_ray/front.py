"""The HTTP side: the contract of Sources/RenderServer/README.md, and the one keeper of the jobs."""

import asyncio
import hashlib
import hmac
import os
import re
import stat
import time
from collections.abc import AsyncIterator
from typing import Any

from ray.serve.handle import DeploymentHandle
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from .jobs import OVER, Job, JobStore, bytes_expected, is_old
from .rules import BODY_BYTES_MAX, Item, NoJob, is_name, items_of

WAIT_SECONDS_MAX = 30.0
JOBS_MAX = 5000
ATTEMPTS_MAX = 5
DISK_RESERVE_BYTES = 256 << 20


class Front:
    """Takes jobs, has their items rendered by whichever replica is free, and keeps the tracks until they are fetched.

    A replica that dies takes nothing with it but its work: its items are asked for again.
    """

    def __init__(self, renderers: DeploymentHandle, token_file: str, directory: str, queue_tracks_max: int,
                 keep_hours: float, disk_bytes_max: int):
        self._renderers = renderers
        self._token = hashlib.sha256(read_token(token_file).encode()).digest()
        self._queue_tracks_max = queue_tracks_max
        self._keep_seconds = keep_hours * 3600
        self._disk_bytes_max = disk_bytes_max
        self._store = JobStore(directory)
        self._jobs = {job.id: job for job in self._store.load()}
        self._order = max((job.order for job in self._jobs.values()), default=0)
        self._version = max((job.version for job in self._jobs.values()), default=0)
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}
        self._changed = asyncio.Condition()
        self._description: tuple[float, dict[str, Any]] = (0.0, {})
        self._trouble: str | None = None
        self._music_seconds = self._busy_seconds = 0.0
        self._busy_since: float | None = None

    # What comes in.

    async def check_health(self) -> None:
        """Ray asks every few seconds, the first time right after a start: jobs of an earlier life go on."""
        for job in list(self._jobs.values()):
            if is_old(job, self._keep_seconds):
                self._forget(job.id)
            elif job.open and job.id not in self._tasks:
                self._begin(job)

    async def __call__(self, request: Request) -> Response:
        await self.check_health()
        parts = request.url.path.split("/")[1:]
        shown = request.headers.get("authorization", "")
        scheme, _, token = shown.partition(" ")
        may = scheme.lower() == "bearer" and hmac.compare_digest(hashlib.sha256(token.encode()).digest(), self._token)
        reading = request.method in ("GET", "HEAD")
        if parts == ["v1", "health"]:
            return not_allowed("GET, HEAD") if not reading else JSONResponse(
                await self._health() if may else {"alive": True})
        if not may:
            return refuse(401, "the token is missing or wrong: send Authorization: Bearer TOKEN",
                          {"WWW-Authenticate": "Bearer"})
        if len(parts) == 3 and parts[:2] == ["v1", "jobs"] and is_name(parts[2]):
            if request.method == "PUT":
                return await self._put(parts[2], request)
            if request.method == "DELETE":
                return Response(status_code=204) if await self._delete(parts[2]) else no_such_job()
            return await self._look(parts[2], request) if reading else not_allowed("PUT, GET, HEAD, DELETE")
        if len(parts) == 5 and parts[:2] == ["v1", "jobs"] and parts[3] == "tracks":
            return self._track(parts[2], parts[4], request) if reading else not_allowed("GET, HEAD")
        return refuse(404, "there is no such address here")

    async def _health(self) -> dict[str, Any]:
        asked_at, description = self._description
        if not description or time.monotonic() - asked_at > 10:
            try:
                description = await asyncio.wait_for(self._renderers.describe.remote(), 5)
                self._description = (time.monotonic(), description)
            except Exception as error:  # whatever keeps the replicas from answering is their trouble, not the client's
                self._trouble = f"no replica answers: {error}"[:300]
        health: dict[str, Any] = {
            "alive": True, "backends": [], "batch_max": 0, "continues": False, "non_commercial": False,
            "queue_tracks": self._queued(), "queue_tracks_max": self._queue_tracks_max,
            "memory_bytes": resident_bytes() + int(description.get("memory_bytes") or 0)}
        if description:
            # The tails of a model lie with one replica, and the next track may go to another: no track goes on.
            backend = {"name": description.get("name", "plug-in"), "model": description.get("model", "unknown"),
                       "licence": description.get("licence"), "continues": False, "rest_seconds": 0,
                       "non_commercial": bool(description.get("non_commercial")),
                       "batch_max": int(description.get("batch_max") or 1), "why": self._trouble}
            health.update(backends=[backend], batch_max=backend["batch_max"], licence=backend["licence"],
                          non_commercial=backend["non_commercial"])
        busy = self._busy_seconds + (time.monotonic() - self._busy_since if self._busy_since else 0)
        if self._music_seconds:
            health["real_time_factor"] = self._music_seconds / max(busy, 0.001)
        return health

    async def _put(self, name: str, request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            if len(body) <= BODY_BYTES_MAX:
                body += piece
        if len(body) > BODY_BYTES_MAX:
            return refuse(413, f"a body has at most {BODY_BYTES_MAX} bytes here")
        try:
            items = items_of(body)
        except NoJob as why:
            return refuse(422, str(why))
        known = self._jobs.get(name)
        if known is None:
            if why_not := self._why_full(items):
                return refuse(429, why_not, {"Retry-After": "15"})
            self._order += 1
            known = Job(name, self._order, items)
            await self._change(known)
            self._jobs[name] = known
            self._begin(known)
        elif known.items != items:
            return refuse(409, f"there is a job {name} already, and it asks for something else")
        return JSONResponse(known.view(), status_code=202)

    async def _look(self, name: str, request: Request) -> Response:
        job = self._jobs.get(name)
        if job is None:
            return no_such_job()
        try:
            wait = min(float(request.query_params.get("wait", "0")), WAIT_SECONDS_MAX)
            seen = int(request.query_params.get("seen", job.version))
            if not wait >= 0:
                raise ValueError
        except ValueError:
            return refuse(400, "wait: must be seconds, and seen a version")

        def is_news() -> bool:
            now = self._jobs.get(name)
            return now is None or now.state in OVER or now.version != seen

        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(is_news), wait or 0.001)
            except TimeoutError:
                pass
        job = self._jobs.get(name)
        return JSONResponse(job.view()) if job else no_such_job()

    def _track(self, name: str, item: str, request: Request) -> Response:
        job = self._jobs.get(name)
        track = next((track for track in job.tracks if track["id"] == item), None) if job else None
        if track is None:
            return refuse(404, "there is no such track, or not yet")
        size, tag = track["bytes"], f'"{track["sha256"]}"'
        headers = {"ETag": tag, "Accept-Ranges": "bytes", "Cache-Control": "no-store"}
        wanted = request.headers.get("range") if request.headers.get("if-range", tag) == tag else None
        first, end, status = 0, size, 200
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted or "", re.ASCII)
        if match and any(match.groups()):
            low, high = match.groups()
            first = int(low) if low else max(0, size - int(high))
            end = min(int(high) + 1, size) if low and high else size
            if first >= size or (not low and int(high) == 0):
                return refuse(416, f"the track has {size} bytes", {"Content-Range": f"bytes */{size}"})
            if end > first:
                status = 206
                headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
            else:
                first, end = 0, size
        headers["Content-Length"] = str(end - first)
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers, media_type="application/octet-stream")
        return StreamingResponse(pieces(str(self._store.file(name, item)), first, end), status, headers,
                                 "application/octet-stream")

    async def _delete(self, name: str) -> bool:
        if name not in self._jobs:
            return False
        self._forget(name)
        async with self._changed:
            self._changed.notify_all()
        return True

    def _forget(self, name: str) -> None:
        for task in self._tasks.pop(name, set()):
            task.cancel()
        self._jobs.pop(name, None)
        self._store.remove(name)
        self._note_busy()

    # What goes on.

    def _begin(self, job: Job) -> None:
        self._tasks[job.id] = {asyncio.ensure_future(self._render(job, item)) for item in job.open}
        self._note_busy()

    async def _render(self, job: Job, item: Item) -> None:
        """One item, until it is a track or has failed for good."""
        why = ""
        for attempt in range(ATTEMPTS_MAX):
            if not job.begun:
                job.begun = True
                await self._change(job)
            response = self._renderers.render.remote(item)
            try:
                result = await response
            except asyncio.CancelledError:
                # Ray does not hear of it by itself.
                response.cancel()
                if self._jobs.get(job.id) is not job or asyncio.current_task().cancelling():
                    raise
                result = {"why": "the replica dropped it", "again": True}
            except Exception as error:  # the replica died, was replaced, or could not be reached
                result = {"why": f"{type(error).__name__}: {error}"[:500], "again": True}
            if self._jobs.get(job.id) is not job:
                return
            if "sound" in result:
                facts = await asyncio.to_thread(self._store.keep, job, item, result["sound"])
                if self._jobs.get(job.id) is not job:
                    self._store.remove(job.id)
                    return
                job.tracks.append({**facts, "title": result["title"], "continued": None,
                                   "provenance": result["provenance"]})
                self._music_seconds += item["seconds"]
                self._trouble = None
                return await self._settle(job)
            why = result["why"]
            self._trouble = why
            print(f"job {job.id}, item {item['id']}: {why}", flush=True)
            if not result["again"]:
                break
            await asyncio.sleep(min(0.5 * 2**attempt, 8))
        job.failed.append({"id": item["id"], "why": why})
        await self._settle(job)

    async def _settle(self, job: Job) -> None:
        if not job.open:
            job.ended_at = time.time()
            self._tasks.pop(job.id, None)
        self._note_busy()
        await self._change(job)

    async def _change(self, job: Job) -> None:
        self._version += 1
        job.version = self._version
        self._store.save(job)
        async with self._changed:
            self._changed.notify_all()

    # What there is.

    def _queued(self) -> int:
        return sum(len(job.open) for job in self._jobs.values())

    def _why_full(self, items: list[Item]) -> str | None:
        if self._queued() + len(items) > self._queue_tracks_max:
            return f"{self._queued()} of at most {self._queue_tracks_max} tracks wait already"
        if len(self._jobs) >= JOBS_MAX:
            return f"there are {JOBS_MAX} jobs already"
        expected = sum(map(bytes_expected, items))
        if sum(job.bytes_held for job in self._jobs.values()) + expected > self._disk_bytes_max:
            return "the tracks that wait to be fetched take what they may on disk; fetch and delete some"
        return "the disk is full" if self._store.free_bytes() < expected + DISK_RESERVE_BYTES else None

    def _note_busy(self) -> None:
        now, is_busy = time.monotonic(), bool(self._queued())
        if self._busy_since is not None:
            self._busy_seconds += now - self._busy_since
        self._busy_since = now if is_busy else None


async def pieces(path: str, first: int, end: int) -> AsyncIterator[bytes]:
    with open(path, "rb") as file:
        file.seek(first)
        while first < end and (piece := file.read(min(1 << 18, end - first))):
            first += len(piece)
            yield piece


def refuse(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)


def not_allowed(methods: str) -> Response:
    return refuse(405, f"only {methods}", {"Allow": methods})


def no_such_job() -> Response:
    return refuse(404, "there is no such job")


def read_token(path: str) -> str:
    """The one word of a file that nobody else may read."""
    if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionError(f"{path}: others may read this secret; run: chmod 600 '{path}'")
    with open(path, encoding="ascii") as file:
        words = file.read().split()
    if len(words) != 1 or not 16 <= len(words[0]) <= 512:
        raise ValueError(f"{path}: must hold one word of 16 to 512 characters; make one with: openssl rand -hex 32")
    return words[0]


def resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
