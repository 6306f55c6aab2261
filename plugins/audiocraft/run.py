#!/usr/bin/env python3
"""Starts the plug-in with whatever Python runs this file: `PYTHON run.py --model small`."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
# For the processes that the plug-in starts itself.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH")]))

from lofisup_musicgen.__main__ import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
