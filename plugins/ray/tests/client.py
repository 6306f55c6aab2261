"""A plain HTTP client that shows everything it is answered."""

import hashlib
import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    url: str
    token: str
    queue_tracks_max: int

    def ask(self, method: str, path: str, body: Any = None, token: str | None = "", timeout: float = 60,
            **headers: str) -> Answer:
        """`token` None sends none, "" the right one. Underscores in `headers` become dashes."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = "Bearer " + (token or self.token)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def put(self, job: str, *items: dict[str, Any]) -> Answer:
        return self.ask("PUT", f"/v1/jobs/{job}", {"items": list(items)})

    def look(self, job: str, query: str = "") -> Answer:
        return self.ask("GET", f"/v1/jobs/{job}{query}")

    def wait(self, job: str, seconds: float = 90) -> dict[str, Any]:
        """The job once it is over."""
        deadline = time.monotonic() + seconds
        while True:
            view = self.look(job, "?wait=5").json
            if view["state"] in ("done", "failed", "cancelled"):
                return view
            assert time.monotonic() < deadline, f"the job is not over after {seconds} s: {view}"

    def fetch(self, job: str, track: dict[str, Any]) -> bytes:
        """A track, whole and as it was announced."""
        answer = self.ask("GET", f"/v1/jobs/{job}/tracks/{track['id']}")
        assert answer.status == 200
        assert len(answer.body) == track["bytes"]
        assert hashlib.sha256(answer.body).hexdigest() == track["sha256"]
        return answer.body


def item(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "prompt": {"index": 3, "name": "Monsoon", "text": "slow rain, bansuri"}, "seconds": 5,
            "seed": "9007199254740993", "turn": "t-37", "position": 0, "continues": [], **more}
