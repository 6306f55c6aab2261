"""`python -m lofisup_musicgen --model NAME`, started by the station."""

from __future__ import annotations

import logging
import os
import sys

from . import options, surroundings
from .service import Service
from .wire import Wire

USAGE = 64


def main() -> int:
    chosen = options.parse()
    given = os.environ.get("LOFISUP_PLUGIN_FD", "")
    if not given.isdigit():
        print("LOFISUP_PLUGIN_FD is not set: lofisup starts this program (see plugins/README.md)", file=sys.stderr)
        return USAGE
    surroundings.prepare()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    Service(Wire.from_descriptor(int(given)), chosen).run()
    # Not through the interpreter's end: threads of torch are of no use any more and take their time.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
