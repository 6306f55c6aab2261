"""What Sources/RenderServer/README.md promises, of each server that does."""

import threading
import time

import pytest

from client import Server, item


def test_health_tells_a_stranger_only_that_it_is_alive(server: Server):
    assert server.ask("GET", "/v1/health", token=None).json == {"alive": True}
    assert server.ask("GET", "/v1/health", token="wrong-but-just-as-long-012").json == {"alive": True}


def test_health_tells_a_client_what_it_needs(server: Server):
    health = server.ask("GET", "/v1/health").json
    assert health["alive"] is True
    assert health["batch_max"] >= 1
    assert health["queue_tracks"] >= 0
    assert health["queue_tracks_max"] == server.queue_tracks_max
    assert health["non_commercial"] is False
    assert isinstance(health["continues"], bool)
    assert health["memory_bytes"] > 0
    assert [backend["name"] for backend in health["backends"]]
    assert all(backend["model"] for backend in health["backends"])


@pytest.mark.parametrize("token", [None, "wrong-but-just-as-long-012", "a-token-for-tests-012345678", "x" * 600])
def test_nothing_is_done_without_the_token(server: Server, token):
    for method, path in [("GET", "/v1/jobs/a"), ("PUT", "/v1/jobs/a"), ("DELETE", "/v1/jobs/a"),
                         ("GET", "/v1/jobs/a/tracks/b"), ("GET", "/v1/anything")]:
        answer = server.ask(method, path, body={"items": [item("1")]} if method == "PUT" else None, token=token)
        assert answer.status == 401
        assert answer.json["error"]
        assert answer.headers["www-authenticate"] == "Bearer"
    assert server.look("a").status == 404


def test_a_job_becomes_tracks_that_are_as_announced(server: Server, job: str):
    answer = server.put(job, item("1"), item("2", seed="18446744073709551615", position=1))
    assert answer.status == 202
    assert answer.json["id"] == job
    assert answer.json["state"] in ("queued", "rendering", "done")
    view = server.wait(job)
    assert (view["state"], view["failed"], view["progress"]) == ("done", [], 1)
    assert sorted(track["id"] for track in view["tracks"]) == ["1", "2"]
    for track in view["tracks"]:
        assert track["seconds"] == 5
        assert track["provenance"]["backend"] and track["provenance"]["model"]
        assert track["provenance"]["render_seconds"] > 0
        assert server.fetch(job, track).startswith(b"RIFF")
    assert len({track["sha256"] for track in view["tracks"]}) == 2


def test_the_same_again_is_the_same_job_and_is_not_rendered_again(server: Server, job: str):
    assert server.put(job, item("1")).status == 202
    first = server.wait(job)
    again = server.put(job, item("1"))
    assert again.status == 202
    assert again.json == first


def test_another_body_under_the_same_name_is_refused(server: Server, job: str):
    assert server.put(job, item("1")).status == 202
    answer = server.put(job, item("1", seed="2"))
    assert answer.status == 409
    assert job in answer.json["error"]


def test_a_download_can_be_gone_on_from(server: Server, job: str):
    server.put(job, item("1"))
    track = server.wait(job)["tracks"][0]
    path, size = f"/v1/jobs/{job}/tracks/1", track["bytes"]
    whole = server.fetch(job, track)
    head = server.ask("HEAD", path)
    assert (head.status, head.headers["content-length"], head.body) == (200, str(size), b"")
    tag = head.headers["etag"]
    assert tag == f'"{track["sha256"]}"'
    rest = server.ask("GET", path, Range="bytes=1000-", If_Range=tag)
    assert (rest.status, rest.headers["content-range"]) == (206, f"bytes 1000-{size - 1}/{size}")
    assert rest.body == whole[1000:]
    middle = server.ask("GET", path, Range="bytes=10-19")
    assert (middle.status, middle.body) == (206, whole[10:20])
    assert server.ask("GET", path, Range="bytes=-4").body == whole[-4:]
    beyond = server.ask("GET", path, Range=f"bytes={size}-")
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    assert server.ask("GET", path, Range="bytes=10-", If_Range='"another"').status == 200


@pytest.mark.parametrize("body, word", [
    (b"{", "JSON"), (b"[]", ""), (b"\xff\xfe", ""), ({}, "items"), ({"items": []}, "items"), ({"items": 3}, "items"),
    ({"items": [item("1"), item("1")]}, "id"), ({"items": [item("../../etc")]}, "id"),
    ({"items": [item("1", seconds=0)]}, "seconds"), ({"items": [item("1", seconds=1e9)]}, "seconds"),
    ({"items": [item("1", seconds="5")]}, "seconds"), ({"items": [item("1", seed="-1")]}, "seed"),
    ({"items": [item("1", seed="18446744073709551616")]}, "seed"), ({"items": [item("1", seed=5)]}, "seed"),
    ({"items": [item("1", prompt={"text": "  "})]}, "prompt"), ({"items": [item("1", prompt={})]}, "prompt"),
    ({"items": [item("1", prompt={"text": "a" * 20_000})]}, "prompt"),
    ({"items": [item("1", continues=[-1])]}, "continues"),
    ({"items": [item(str(n)) for n in range(65)]}, "items"),
], ids=lambda value: "")
def test_what_is_no_job_is_refused_with_a_sentence(server: Server, job: str, body, word: str):
    answer = server.ask("PUT", f"/v1/jobs/{job}", body)
    assert answer.status == 422
    assert word in answer.json["error"]
    assert server.look(job).status == 404


def test_unknown_members_are_ignored(server: Server, job: str):
    answer = server.ask("PUT", f"/v1/jobs/{job}", {"items": [item("1", mood="new")], "priority": 3})
    assert answer.status == 202


def test_a_body_that_is_too_large_is_refused(server: Server, job: str):
    answer = server.ask("PUT", f"/v1/jobs/{job}", {"items": [item("1")], "more": "a" * (1 << 20)})
    assert answer.status == 413
    assert server.look(job).status == 404


def test_more_than_the_queue_takes_is_turned_away_for_a_while(server: Server, job: str):
    answer = server.put(job, *[item(str(n)) for n in range(server.queue_tracks_max + 1)])
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json["error"]
    assert server.look(job).status == 404


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/v1/jobs/none", 404), ("GET", "/v1/jobs/none/tracks/1", 404), ("DELETE", "/v1/jobs/none", 404),
    ("GET", "/", 404), ("GET", "/v2/health", 404), ("GET", "/v1/jobs/..%2f..", 404), ("POST", "/v1/jobs/a", 405),
    ("POST", "/v1/health", 405), ("PUT", "/v1/jobs/a/tracks/1", 405)])
def test_what_is_not_there_is_said_so(server: Server, method: str, path: str, status: int):
    answer = server.ask(method, path)
    assert answer.status == status
    assert answer.json["error"]


def test_tracks_are_to_be_had_before_the_job_is_done(server: Server, job: str):
    server.put(job, *[item(str(n), seed=str(n + 1), seconds=20) for n in range(6)])
    deadline, version = time.monotonic() + 90, -1
    while True:
        view = server.look(job, f"?wait=5&seen={version}").json
        version = view["version"]
        assert view["state"] != "failed"
        assert view["state"] != "done", "all came at once"
        if view["tracks"]:
            server.fetch(job, view["tracks"][0])
            break
        assert time.monotonic() < deadline


def test_a_long_poll_answers_with_the_end_and_not_long_after_its_time(server: Server, job: str):
    server.put(job, item("1", seconds=5))
    began = time.monotonic()
    while (view := server.look(job, "?wait=20").json)["state"] not in ("done", "failed"):
        assert time.monotonic() - began < 60
    assert view["state"] == "done"
    began = time.monotonic()
    assert server.look(job, "?wait=20").json["state"] == "done"
    assert time.monotonic() - began < 5, "what is over is answered at once"
    assert server.look(job, "?wait=soon").status == 400


def test_a_long_poll_ends_when_its_time_is_up(server: Server, job: str):
    server.put(job, *[item(str(n), seconds=120, seed=str(n)) for n in range(8)])
    version = server.look(job).json["version"]
    began = time.monotonic()
    server.look(job, f"?wait=2&seen={version}")
    assert time.monotonic() - began < 8


def test_a_job_that_is_deleted_is_forgotten(server: Server, job: str):
    server.put(job, item("1"))
    server.wait(job)
    assert server.ask("DELETE", f"/v1/jobs/{job}").status == 204
    assert server.look(job).status == 404
    assert server.ask("GET", f"/v1/jobs/{job}/tracks/1").status == 404


def test_deleting_a_long_job_makes_room_for_the_next_soon(server: Server, job: str):
    server.put(job, *[item(str(n), seconds=900, seed=str(n)) for n in range(6)])
    deadline = time.monotonic() + 30
    while server.look(job).json["state"] == "queued":
        assert time.monotonic() < deadline
    assert server.ask("DELETE", f"/v1/jobs/{job}").status == 204
    next_job = job + "-next"
    try:
        server.put(next_job, item("1"))
        assert server.wait(next_job, seconds=30)["state"] == "done"
    finally:
        server.ask("DELETE", f"/v1/jobs/{next_job}")


def test_many_clients_at_once_get_each_their_own(server: Server, job: str):
    views: dict[str, dict] = {}
    names = [f"{job}-{n}" for n in range(10)]

    def client(name: str, seed: int) -> None:
        assert server.put(name, item("1", seed=str(seed))).status == 202
        view = server.wait(name)
        server.fetch(name, view["tracks"][0])
        views[name] = view

    threads = [threading.Thread(target=client, args=(name, seed)) for seed, name in enumerate(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for name in names:
        server.ask("DELETE", f"/v1/jobs/{name}")
    assert sorted(views) == names
    assert len({view["tracks"][0]["sha256"] for view in views.values()}) == len(names)
