"""The protocol: what the station asks, and who answers."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import VERSION, failures, items, memory, names, player
from .failures import Failure, NotInstalled, RequestAtFault, as_failure
from .options import Options
from .reporting import Report
from .tracks import Pressed
from .wire import Garbage, Message, Wire

PROTOCOL = 1
GOODBYE_S = 3.0
log = logging.getLogger("lofisup_musicgen")

class Service:
    """Answers until the station is gone. Requests are worked off one after the other; a thread of its own reads."""

    def __init__(self, wire: Wire, options: Options) -> None:
        self._wire = wire
        self._options = options
        self._queue: queue.Queue[Message | None] = queue.Queue()
        self._reports: dict[Any, Report] = {}
        self._reports_lock = threading.Lock()
        self._threads = options.threads or player.default_threads()
        self._threads_in_force = 0
        self._player: player.Player | None = None
        self._methods: dict[str, Callable[[Message, Report], Message]] = {
            "describe": self._describe,
            "load": self._load,
            "generate": self._generate,
            "unload": self._unload,
        }

    def run(self) -> None:
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        while (request := self._queue.get()) is not None:
            self._answer(request)

    # Reading: cancel and tune are dealt with at once, the rest waits its turn.

    def _read(self) -> None:
        for message in self._wire.lines():
            if isinstance(message, Garbage):
                self._wire.refuse(None, failures.PARSE, str(message))
            else:
                self._receive(message)
        with self._reports_lock:
            for report in self._reports.values():
                report.cancel()
        self._queue.put(None)
        # What does not hear the cancellation must not keep the process.
        time.sleep(GOODBYE_S)
        os._exit(0)

    def _receive(self, message: Message) -> None:
        method, request = message.get("method"), message.get("id")
        params = message.get("params", {})
        if not isinstance(method, str) or not isinstance(params, dict) or isinstance(request, dict | list):
            if method is not None or request is None:
                self._wire.refuse(request, failures.NOT_A_REQUEST, "this is no request: it wants a method and params")
            return
        if method == "tune":
            self._tune(params)
        elif method == "cancel":
            with self._reports_lock:
                report = self._reports.get(_key(params.get("request")))
            if report is not None:
                report.cancel()
            if request is not None:
                self._wire.answer(request, {})
        elif method not in self._methods:
            if request is not None:
                self._wire.refuse(request, failures.UNKNOWN_METHOD, f"there is no method {method[:60]}")
        elif request is not None:
            with self._reports_lock:
                self._reports[_key(request)] = Report(self._wire, request)
            self._queue.put(message)

    def _tune(self, params: Message) -> None:
        threads = params.get("threads")
        whole = isinstance(threads, int) and not isinstance(threads, bool)
        if whole and threads >= 1 and self._options.threads is None:
            self._threads = threads  # Taken up by the working thread at its next step.

    # Working.

    def _answer(self, message: Message) -> None:
        request, method = message["id"], message["method"]
        report = self._reports[_key(request)]
        try:
            report.check()
            result = self._methods[method](message.get("params", {}), report)
        except Exception as error:
            failure = as_failure(error, method)
            if not isinstance(error, Failure):
                log.error("%s failed", method, exc_info=error)
            del error
            if failure.code == failures.OUT_OF_MEMORY:
                memory.give_back()
            self._wire.refuse(request, failure.code, failure.sentence)
        else:
            self._wire.answer(request, result)
        finally:
            with self._reports_lock:
                self._reports.pop(_key(request), None)

    def _describe(self, _params: Message, _report: Report) -> Message:
        try:
            model = names.resolve(self._options)
        except NotInstalled:
            # load says what is wrong with the name; here it is only a name.
            model = names.ModelName(self._options.model, None, names.META_LICENCE, True)
        return {
            "protocol": PROTOCOL,
            "name": "audiocraft",
            "version": VERSION,
            "model": "audiocraft debug" if model.is_debug else model.name,
            "licence": model.licence,
            "non_commercial": model.non_commercial,
            "batch_max": self._player.batch_max if self._player else 1,
            "continues": True,
            # On a GPU a track's company changes its rounding, and once in a while a token.
            "repeatable": self._options.engine != "torch" and self._options.device in ("auto", "cpu"),
        }

    def _load(self, params: Message, report: Report) -> Message:
        directory = _directory(params)
        threads, most = params.get("threads"), params.get("memory_bytes_max")
        if isinstance(threads, int) and threads >= 1 and self._options.threads is None:
            self._threads = threads
        if self._player is None:
            model = names.resolve(self._options)
            bound = int(most) if isinstance(most, int | float) and most > 0 else None
            self._player = player.Loader(self._options, model, directory, self._threads, bound, report).load()
            self._threads_in_force = self._threads
        return {"memory_bytes": memory.resident_bytes(), "batch_max": self._player.batch_max}

    def _generate(self, params: Message, report: Report) -> Message:
        if self._player is None:
            raise Failure("nothing is loaded: call load first")
        directory = _directory(params)
        wanted, failed = items.read_batch(params)
        self._take_up_threads()
        batch = self._player.render(wanted, directory, report, _BatchListener(self, self._wire, report))
        return {"done": batch.done, "failed": failed + batch.failed, "memory_bytes": memory.resident_bytes()}

    def _unload(self, _params: Message, _report: Report) -> Message:
        if self._player is not None:
            self._player.close()
        self._player = None
        memory.give_back()
        return {"memory_bytes": memory.resident_bytes()}

    def _take_up_threads(self) -> None:
        if self._player is not None and self._threads != self._threads_in_force:
            self._threads_in_force = self._threads
            self._player.set_threads(self._threads)

class _BatchListener:
    def __init__(self, service: Service, wire: Wire, report: Report) -> None:
        self._service = service
        self._wire = wire
        self._report = report

    def check(self) -> None:
        self._report.check()
        self._service._take_up_threads()

    def progress(self, fraction: float, words: str) -> None:
        self._report.progress(fraction, words)

    def track(self, pressed: Pressed) -> None:
        track = pressed.track
        self._wire.notify(
            "track",
            {
                "request": self._report.request,
                "id": track.item.id,
                "file": pressed.file,
                "render_seconds": round(track.share_s, 3),
                "continued": track.continued,
                "title": None,
            },
        )

def _key(request: Any) -> Any:
    # 1 and true are one key to a dictionary and two ids to JSON.
    return (type(request).__name__, request) if isinstance(request, str | int | float | bool) else None

def _directory(params: Message) -> Path:
    given = params.get("directory")
    if not isinstance(given, str) or not Path(given).is_dir():
        raise RequestAtFault(f"directory must name a directory that exists: {given!r}"[:300])
    return Path(given)

