"""What can go wrong, by the protocol's codes. Every sentence is for the operator: what is wrong and what to do."""

from __future__ import annotations

CANCELLED = -32800
NOT_INSTALLED = -32001
OUT_OF_MEMORY = -32002
REQUEST_AT_FAULT = -32003
FAILED = -32000
UNSUITABLE_MODEL = -32010
PARSE = -32700
NOT_A_REQUEST = -32600
UNKNOWN_METHOD = -32601

OUT_OF_MEMORY_SIGNS = (
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "out of memory",
    "bad_alloc",
    "can't start new thread",
)


class Failure(Exception):
    """Ends a request with a code and a sentence."""

    code = FAILED

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Cancelled(Failure):
    code = CANCELLED

    def __init__(self) -> None:
        super().__init__("cancelled")


class NotInstalled(Failure):
    """Weights or packages are missing."""

    code = NOT_INSTALLED


class OutOfMemory(Failure):
    code = OUT_OF_MEMORY


class UnsuitableModel(Failure):
    """Our own engine does not compute this model; AudioCraft's does."""

    code = UNSUITABLE_MODEL


class RequestAtFault(Failure):
    code = REQUEST_AT_FAULT


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory was not to be had; torch says it in words."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    words = str(error).lower()
    return any(sign in words for sign in OUT_OF_MEMORY_SIGNS)


def as_failure(error: BaseException, doing: str) -> Failure:
    """The protocol's view of any exception."""
    if isinstance(error, Failure):
        return error
    if ran_out_of_memory(error):
        return OutOfMemory(f"memory ran out while {doing}: lower the batch, allow more memory or use a smaller model")
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        return Failure(f"{doing} failed: {error.strerror}{where}")
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
    return Failure(f"{doing} failed: {type(error).__name__}: {first_line}")


def from_code(code: int, sentence: str) -> Failure:
    """What another process was refused, as if it had happened here."""
    kinds: dict[int, type[Failure]] = {
        each.code: each for each in (NotInstalled, OutOfMemory, UnsuitableModel, RequestAtFault)
    }
    return kinds.get(code, Failure)(sentence)
