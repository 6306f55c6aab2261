"""One replica: a plug-in process, and the batches that come together for it."""

import asyncio
import shutil
import tempfile
import threading
from typing import Any

from ray import serve

from .plugin import CANCELLED, Plugin, PluginError, Track
from .rules import Item

OUT_OF_MEMORY = -32002
REQUEST_AT_FAULT = -32003
BATCH_WAIT_SECONDS = 0.2

Result = dict[str, Any]


class Renderer:
    """Renders items, each call one; Ray Serve puts the calls of many clients together into batches.

    A plug-in that fails is ended and started anew for the next batch. What is asked for is told to have failed, with
    `again` true where another try may go well.
    """

    def __init__(self, command: list[str], threads: int | None, batch_max: int):
        self._command = command
        self._threads = threads
        self._directory = tempfile.mkdtemp(prefix="lofisup-ray-")
        self._plugin: Plugin | None = None
        self._under_way: set[int] = set()
        self._wanted: set[int] = set()
        self._calls = 0
        # A plug-in answers one request at a time.
        self._turn = threading.Lock()
        self._memory_bytes = 0
        self._gather.set_max_batch_size(batch_max)
        self._start()

    async def describe(self) -> Result:
        """What the plug-in says of itself, with what it keeps in memory."""
        plugin = self._plugin
        return {**(plugin.description if plugin else {}), "memory_bytes": self._memory_bytes}

    async def render(self, item: Item) -> Result:
        self._calls += 1
        call = self._calls
        self._wanted.add(call)
        try:
            return await self._gather((call, item))
        finally:
            self._wanted.discard(call)
            self._end_what_nobody_wants()

    def _end_what_nobody_wants(self) -> None:
        """Callers may go at any moment, also before the plug-in has heard of the batch: asked with each progress, too."""
        plugin = self._plugin
        if self._under_way and not self._under_way & self._wanted and plugin is not None:
            try:
                plugin.cancel()
            except PluginError:
                pass

    @serve.batch(max_batch_size=1, batch_wait_timeout_s=BATCH_WAIT_SECONDS)
    async def _gather(self, asked: list[tuple[int, Item]]) -> list[Result]:
        # Ray may drop this wait when all callers went; the thread goes on until the plug-in has heard of it.
        return await asyncio.to_thread(self._render, asked)

    # On a thread of its own: the plug-in is waited for.

    def _render(self, asked: list[tuple[int, Item]]) -> list[Result]:
        with self._turn:
            wanted = [(call, item) for call, item in asked if call in self._wanted]
            self._under_way = {call for call, _ in wanted}
            try:
                made = self._generate([item for _, item in wanted]) if wanted else []
            finally:
                self._under_way = set()
        by_call = dict(zip((call for call, _ in wanted), made))
        return [by_call.get(call) or failure("nobody waits for it any more", again=False) for call, _ in asked]

    def _start(self) -> Plugin:
        if self._plugin is not None and self._plugin.process.poll() is None:
            return self._plugin
        self._stop()
        plugin = Plugin(self._command)
        try:
            plugin.describe()
            self._memory_bytes = int(plugin.load(self._directory, self._threads).get("memory_bytes") or 0)
        except PluginError:
            plugin.close()
            raise
        self._plugin = plugin
        return plugin

    def _stop(self) -> None:
        if self._plugin is not None:
            self._plugin.close()
            self._plugin = None

    def _generate(self, items: list[Item]) -> list[Result]:
        # Two clients may call their items alike. Replicas share no tails, so every track begins fresh.
        batch = [{**item, "id": str(place), "continues": []} for place, item in enumerate(items)]
        made: dict[str, Result] = {}
        directory = tempfile.mkdtemp(dir=self._directory)
        try:
            plugin = self._start()
            print(f"a batch of {len(batch)}", flush=True)
            failed = plugin.generate(batch, directory, lambda track: made.update({track.id: self._take(track)}),
                                     lambda _: self._end_what_nobody_wants())
            made.update({name: failure(why, again=False) for name, why in failed.items()})
        except (PluginError, OSError) as error:
            code = error.code if isinstance(error, PluginError) else None
            if code not in (CANCELLED, REQUEST_AT_FAULT):
                self._stop()
            rest = [place for place in range(len(items)) if str(place) not in made]
            if code == OUT_OF_MEMORY and len(rest) > 1:
                half = len(rest) // 2
                for part in (rest[:half], rest[half:]):
                    made.update(zip(map(str, part), self._generate([items[place] for place in part])))
            else:
                again = code not in (REQUEST_AT_FAULT, OUT_OF_MEMORY)
                made.update({str(place): failure(str(error), again) for place in rest})
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        return [made[str(place)] for place in range(len(items))]

    def _take(self, track: Track) -> Result:
        """The sound itself: another node may not see this one's files."""
        with open(track.file, "rb") as file:
            sound = file.read()
        description = self._plugin.description if self._plugin else {}
        return {"sound": sound, "title": track.title, "continued": None,
                "provenance": {"backend": description.get("name") or "plug-in", "model": description.get("model"),
                               "licence": description.get("licence"),
                               "non_commercial": bool(description.get("non_commercial")),
                               "render_seconds": track.render_seconds}}


def failure(why: str, again: bool) -> Result:
    return {"why": why, "again": again}
