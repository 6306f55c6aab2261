"""What the Ray application owes its clients when parts of it die."""

import os
import pathlib
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from client import Server, item
from conftest import ray_server

RENDERER = "ray::ServeReplica:lofisup:renderer"
FRONT = "ray::ServeReplica:lofisup:front"
PLUGIN = "/plugins/example/chimes"


class Ray:
    """A server of this test, and its processes."""

    def __init__(self, server: Server, mark: pathlib.Path, lines: list[str]):
        self.server, self.mark, self.lines = server, mark, lines

    def processes(self, name: str) -> set[int]:
        found = set()
        for place in pathlib.Path("/proc").iterdir():
            if not place.name.isdigit():
                continue
            try:
                line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                ours = f"LOFISUP_TEST_MARK={self.mark}\0".encode() in (place / "environ").read_bytes()
            except OSError:
                continue
            if ours and name in line and "lofisup_ray" not in line:
                found.add(int(place.name))
        return found


@pytest.fixture(scope="module")
def ray(tmp_path_factory) -> Iterator[Ray]:
    directory, lines = tmp_path_factory.mktemp("replicas"), []
    with ray_server(directory, "--batch-max", "3", lines=lines) as server:
        ray = Ray(server, directory, lines)
        eventually(60, "both replicas run", lambda: len(ray.processes(PLUGIN)) == 2)
        yield ray


def eventually(seconds: float, fact: str, is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {fact}"
        time.sleep(0.1)


def items(count: int, seconds: float) -> list[dict]:
    return [item(str(n), seed=str(n + 1), seconds=seconds) for n in range(count)]


def check_whole(server: Server, job: str, count: int) -> None:
    view = server.wait(job, seconds=120)
    assert view["failed"] == []
    assert sorted(int(track["id"]) for track in view["tracks"]) == list(range(count)), "each once"
    sounds = {server.fetch(job, track) for track in view["tracks"]}
    assert len(sounds) == count
    assert server.ask("DELETE", f"/v1/jobs/{job}").status == 204


def test_items_of_many_jobs_go_in_batches(ray: Ray):
    before = len(ray.lines)
    for n in range(9):
        assert ray.server.put(f"batch-{n}", item("1", seed=str(n))).status == 202
    for n in range(9):
        assert ray.server.wait(f"batch-{n}")["state"] == "done"
        ray.server.ask("DELETE", f"/v1/jobs/batch-{n}")
    eventually(10, "a batch of several is told of",
               lambda: any("a batch of 2" in line or "a batch of 3" in line for line in ray.lines[before:]))


def test_a_replica_that_is_killed_in_the_middle_of_a_batch_loses_and_doubles_nothing(ray: Ray):
    before = ray.processes(RENDERER)
    assert len(before) == 2
    ray.server.put("killed", *items(12, seconds=60))
    eventually(60, "something is done, and not all",
               lambda: 0 < len(ray.server.look("killed").json["tracks"]) < 12)
    assert len(ray.processes(PLUGIN)) == 2, "both are at work"
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    done_before = {track["id"]: track for track in ray.server.look("killed").json["tracks"]}
    assert len(done_before) < 12
    view = ray.server.wait("killed", seconds=150)
    # What was done stayed as it was.
    assert all(track in view["tracks"] for track in done_before.values())
    check_whole(ray.server, "killed", 12)
    eventually(60, "the dead one is replaced, and its plug-in is gone",
               lambda: len(ray.processes(RENDERER)) == 2 and len(ray.processes(PLUGIN)) == 2)
    assert victim not in ray.processes(RENDERER)


def test_a_plugin_that_is_killed_is_started_anew(ray: Ray):
    ray.server.put("crashed", *items(6, seconds=60))
    eventually(60, "it is under way", lambda: ray.server.look("crashed").json["state"] == "rendering")
    for victim in ray.processes(PLUGIN):
        os.kill(victim, signal.SIGKILL)
    check_whole(ray.server, "crashed", 6)


def test_the_front_is_killed_and_the_job_goes_on(ray: Ray):
    ray.server.put("front", *items(12, seconds=60))
    eventually(60, "something is done", lambda: len(ray.server.look("front").json["tracks"]) > 0)
    done_before = ray.server.look("front").json["tracks"]
    assert len(done_before) < 12
    (victim,) = ray.processes(FRONT)
    os.kill(victim, signal.SIGKILL)

    def is_back() -> bool:
        try:
            return ray.server.look("front").status == 200
        except OSError:
            return False

    eventually(60, "the front answers again", is_back)
    view = ray.server.wait("front", seconds=150)
    assert all(track in view["tracks"] for track in done_before), "what was done was not done again"
    check_whole(ray.server, "front", 12)


def test_what_is_deleted_leaves_nothing_under_way(ray: Ray):
    ray.server.put("deleted", *items(6, seconds=3600))
    eventually(60, "it is under way", lambda: ray.server.look("deleted").json["state"] == "rendering")
    plugins = ray.processes(PLUGIN)
    assert ray.server.ask("DELETE", "/v1/jobs/deleted").status == 204
    ray.server.put("next", *items(4, seconds=5))
    assert ray.server.wait("next", seconds=30)["state"] == "done"
    assert ray.processes(PLUGIN) == plugins, "they were told to stop, and not killed"
    ray.server.ask("DELETE", "/v1/jobs/next")
