"""python -m lofisup_ray --token-file FILE --directory DIR -- PLUG-IN [ARGUMENTS]"""

import argparse
import os
import signal
import sys
import threading

import ray
from ray import serve

from .front import Front, read_token
from .renderer import Renderer


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lofisup_ray", description="Renderers on Ray, as lofisup's stations ask them.")
    parser.add_argument("--address", help="of a Ray cluster, as in ray.init; without one Ray runs on this machine alone")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8092)
    parser.add_argument("--token-file", required=True, help="mode 0600, one word of at least 16 characters")
    parser.add_argument("--directory", required=True, help="where jobs and tracks are kept, on the front's node")
    parser.add_argument("--replicas", type=int, default=1, help="at least")
    parser.add_argument("--replicas-max", type=int, default=4)
    parser.add_argument("--cpus-per-replica", type=float, default=1)
    parser.add_argument("--gpus-per-replica", type=float, default=0)
    parser.add_argument("--threads", type=int, help="a plug-in may compute with at the same time")
    parser.add_argument("--batch-max", type=int, default=1, help="what the plug-in's batch_max says")
    parser.add_argument("--queue-tracks-max", type=int, default=256)
    parser.add_argument("--keep-hours", type=float, default=48)
    parser.add_argument("--disk-bytes-max", type=int, default=20_000_000_000)
    parser.add_argument("--object-store-bytes", type=int, default=256 << 20, help="of a Ray that is started here")
    parser.add_argument("--front-resource", help="a custom resource of the one node that has the directory")
    parser.add_argument("command", nargs="+", metavar="PLUG-IN")
    return parser.parse_args()


def application(chosen: argparse.Namespace) -> serve.Application:
    """One front, and as many renderers as the queue wants."""
    renderers = serve.deployment(
        Renderer, name="renderer", max_ongoing_requests=max(1, chosen.batch_max), graceful_shutdown_timeout_s=5,
        autoscaling_config={"min_replicas": chosen.replicas, "max_replicas": max(chosen.replicas, chosen.replicas_max),
                            "target_ongoing_requests": max(1, chosen.batch_max), "upscale_delay_s": 10,
                            "downscale_delay_s": 300},
        ray_actor_options={"num_cpus": chosen.cpus_per_replica, "num_gpus": chosen.gpus_per_replica},
    ).bind(chosen.command, chosen.threads, chosen.batch_max)
    # One keeper of the jobs: its state is its directory, which the next life of it takes up.
    pinned = {chosen.front_resource: 0.001} if chosen.front_resource else {}
    return serve.deployment(
        Front, name="front", num_replicas=1, max_ongoing_requests=1000, graceful_shutdown_timeout_s=2,
        health_check_period_s=5, ray_actor_options={"num_cpus": 0.05, "resources": pinned},
    ).bind(renderers, os.path.abspath(chosen.token_file), os.path.abspath(chosen.directory), chosen.queue_tracks_max,
           chosen.keep_hours, chosen.disk_bytes_max)


def main() -> int:
    chosen = arguments()
    try:
        read_token(chosen.token_file)
    except (OSError, ValueError) as error:
        print(f"lofisup_ray: {error}", file=sys.stderr)
        return 78
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    if chosen.address:
        ray.init(address=chosen.address)
    else:
        ray.init(include_dashboard=False, object_store_memory=chosen.object_store_bytes)
    serve.start(http_options={"host": chosen.host, "port": chosen.port})
    serve.run(application(chosen), name="lofisup", route_prefix="/")
    print(f"listens on http://{chosen.host}:{chosen.port}", flush=True)
    stopped.wait()
    if not chosen.address:
        serve.shutdown()
        ray.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
