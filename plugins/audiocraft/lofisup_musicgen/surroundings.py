"""The process's surroundings, put in order before anything is imported that looks at them."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import warnings


def prepare() -> None:
    """Nothing a library does on its own account may reach the network, or print bars into the log."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # torch's threads wait for each other asleep: the processor is shared with an encoder that must not wait for them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # What libraries say to their own developers is not for the station's log.
    warnings.simplefilter("ignore", FutureWarning)
    warnings.simplefilter("ignore", UserWarning)
    logging.getLogger("audiocraft").setLevel(logging.ERROR)


def end_with_the_parent() -> None:
    """A plug-in that is killed takes this process along, wherever the system knows how."""
    set_parent_death_signal = 1
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
