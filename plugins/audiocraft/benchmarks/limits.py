"""What a step of the language model cannot do without, and what this machine can do at most."""

from __future__ import annotations

from dataclasses import dataclass

from lofisup_musicgen.engine import LMShape, native

CACHE_BYTES = {"f32": 4.0, "f16": 2.0, "int8": 1.0 + 4 / 64}
WEIGHT_BYTES = {"fp32": 4.0, "int8": 1.0}


def products_per_position(shape: LMShape) -> tuple[int, int]:
    """Multiplications of the matrices for one position: with the condition, and of the null branch."""
    own = 4 * shape.dim**2 + 2 * shape.dim * shape.ff
    ends = shape.codebooks * shape.card * shape.dim
    null = shape.layers * own + ends
    return null + shape.layers * 2 * shape.dim**2, null


@dataclass(frozen=True)
class StepLimit:
    """Bytes that are read and multiplications that are made for one step of a batch."""

    weight_bytes: float
    cache_bytes: float
    products: float

    def seconds(self, read: float, products: float) -> float:
        """The least time: reading and multiplying at once, each at the machine's best."""
        return max((self.weight_bytes + self.cache_bytes) / read, self.products / products)


def step_limit(shape: LMShape, batch: int, position: float, weights: str, kv: str) -> StepLimit:
    with_condition, null = products_per_position(shape)
    cache = 2 * batch * position * shape.layers * 2 * shape.dim
    return StepLimit(
        weight_bytes=with_condition * WEIGHT_BYTES[weights],
        cache_bytes=cache * CACHE_BYTES[kv],
        products=batch * (with_condition + null) + cache,
    )


def machine(threads: int) -> tuple[float, dict[str, float]]:
    """Bytes read and multiplications made a second, by kind of weights."""
    library = native.library()
    kinds = {"fp32": 0, "int8": 1}
    products = {name: library.measure_products(threads, kind, native.isa()) for name, kind in kinds.items()}
    return library.measure_read(threads, 512), products
