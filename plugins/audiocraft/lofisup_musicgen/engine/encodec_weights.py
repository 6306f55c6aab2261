"""The weights of EnCodec's decoder, from AudioCraft's or transformers' model, in the order the kernels read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

LANES = 16
GROUP = 32
BLOCKS_MAX = 8
LSTM_MAX = 4
STRIDE_MAX = 32


class UnsupportedCodec(ValueError):
    """The codec has parts that the kernels do not compute; torch does."""


@dataclass
class CodecWeights:
    """`numbers` are sizes, `arrays` what the kernels read, both by the names that `encodec.py` looks for."""

    numbers: dict[str, int] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def memory_bytes(self) -> int:
        return sum(array.nbytes for array in self.arrays.values())

    def save(self, path: Path) -> None:
        """Writes one file, atomically."""
        hidden = path.with_name(f".{path.name}.part")
        numbers = {f"number/{name}": np.int64(value) for name, value in self.numbers.items()}
        with open(hidden, "wb") as file:
            np.savez(file, **numbers, **self.arrays)
        hidden.replace(path)

    @staticmethod
    def load(path: Path) -> CodecWeights:
        """Raises ValueError or OSError for what `save` did not write."""
        found = CodecWeights()
        with np.load(path, allow_pickle=False) as stored:
            for name in stored.files:
                if name.startswith("number/"):
                    found.numbers[name.removeprefix("number/")] = int(stored[name])
                else:
                    found.arrays[name] = stored[name]
        return found


def pack(matrix: np.ndarray) -> np.ndarray:
    """[k, n] to panels [n/16][k][16], n padded with zeros to a multiple of 32."""
    k, n = matrix.shape
    wide = np.zeros((k, -(-n // GROUP) * GROUP), dtype=np.float32)
    wide[:, :n] = matrix
    return np.ascontiguousarray(wide.reshape(k, -1, LANES).transpose(1, 0, 2))


def _padded(bias: np.ndarray) -> np.ndarray:
    wide = np.zeros(-(-bias.shape[0] // GROUP) * GROUP, dtype=np.float32)
    wide[: bias.shape[0]] = bias
    return wide


def extract(codec: Any) -> CodecWeights:
    """From AudioCraft's EncodecModel, its stereo wrapper, or transformers' EncodecModel in AudioCraft's wrapper.

    Raises UnsupportedCodec with the reason.
    """
    made = CodecWeights()
    stereo = type(codec).__name__ == "InterleaveStereoCompressionModel"
    if stereo:
        _want(not codec.per_timestep, "its channels are interleaved in time")
        made.numbers["stereo"] = 1
        codec = codec.model
    kind = type(codec).__name__
    _want(kind in ("EncodecModel", "HFEncodecCompressionModel"), f"it is a {kind}")
    if kind == "HFEncodecCompressionModel":
        inner, layers = codec.model, list(codec.model.decoder.layers)
        config = inner.config
        _want(not config.normalize and not config.use_causal_conv, "it is causal or normalises")
        books = [layer.codebook.embed for layer in inner.quantizer.layers]
    else:
        inner, layers = codec, list(codec.decoder.model)
        _want(not codec.causal and not codec.renormalize, "it is causal or normalises")
        books = [layer._codebook.embed for layer in codec.quantizer.vq.layers]
        projections = [type(layer.project_out).__name__ for layer in codec.quantizer.vq.layers]
        _want(set(projections) == {"Identity"}, "its codebooks are projected")
    _want(codec.channels == 1, "it has more than one channel")
    tables = np.stack([_array(book) for book in books[: codec.num_codebooks]])
    made.arrays["tables"] = np.ascontiguousarray(tables)
    made.numbers.update(codebooks=tables.shape[0], bins=tables.shape[1], dimension=tables.shape[2])
    _decoder(layers, made)
    return made


def _want(holds: bool, reason: str) -> None:
    if not holds:
        raise UnsupportedCodec(f"this codec cannot be decoded by our own kernels: {reason}")


def _array(tensor: Any) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()


def _inner(module: Any, kind: str) -> Any:
    """torch's own layer inside the wrappers around it."""
    found = [each for each in module.modules() if type(each).__name__.endswith(kind)]
    layer = next((each for each in found if hasattr(each, "dilation")), None)
    _want(layer is not None, f"a layer is no {kind}")
    norms = {type(each).__name__ for each in module.modules()} & {"GroupNorm", "NormConvTranspose2d"}
    _want(not norms, "its layers are normalised as they run")
    return layer


def _weight(layer: Any) -> np.ndarray:
    if hasattr(layer, "weight_g"):  # Weight normalisation the old way: the weight is made at every call.
        import torch

        return _array(torch._weight_norm(layer.weight_v, layer.weight_g, 0))
    return _array(layer.weight)


def _bias(layer: Any, count: int) -> np.ndarray:
    return np.zeros(count, dtype=np.float32) if layer.bias is None else _array(layer.bias)


def _decoder(layers: list[Any], made: CodecWeights) -> None:
    queue = list(layers)
    made.numbers["reflect"] = _padding(queue[0])
    _conv(queue.pop(0), "head", made)
    made.numbers["width"] = made.numbers["head/out"]
    made.numbers["lstm_layers"] = 0
    if "LSTM" in type(queue[0]).__name__:
        _lstm(queue.pop(0), made)
    blocks = 0
    while len(queue) > 2:
        _want(len(queue) >= 3, "it ends in the middle of a block")
        _elu(queue.pop(0))
        _up(queue.pop(0), f"block{blocks}", made)
        _residual(queue.pop(0), f"block{blocks}", made)
        blocks += 1
    _want(0 < blocks <= BLOCKS_MAX and len(queue) == 2, "its blocks are unusual")
    made.numbers["blocks"] = blocks
    _elu(queue.pop(0))
    layer = _conv(queue.pop(0), "tail", made)
    _want(layer.out_channels == 1, "it has more than one channel")
    # One column only: no panels, the taps in a row.
    made.arrays["tail/panels"] = np.ascontiguousarray(_weight(layer)[0].T.reshape(-1))


def _padding(module: Any) -> int:
    mode = getattr(module, "pad_mode", None)
    _want(mode in ("reflect", "constant"), f"its padding is {mode}")
    return 1 if mode == "reflect" else 0


def _elu(module: Any) -> None:
    plain = type(module).__name__ == "ELU" and module.alpha == 1.0
    _want(plain, "its activation is not ELU, or its layers are unusual")


def _conv(module: Any, name: str, made: CodecWeights) -> Any:
    layer = _inner(module, "Conv1d")
    plain = (layer.stride, layer.dilation, layer.groups) == ((1,), (1,), 1)
    _want(plain and layer.kernel_size[0] % 2 == 1, "a convolution has a stride, a dilation or groups")
    _want(_padding(module) == made.numbers["reflect"], "its layers are padded in different ways")
    matrix = _weight(layer).transpose(2, 1, 0).reshape(-1, layer.out_channels)
    made.arrays[f"{name}/panels"] = pack(matrix)
    made.arrays[f"{name}/bias"] = _padded(_bias(layer, layer.out_channels))
    made.numbers.update({
        f"{name}/taps": layer.kernel_size[0], f"{name}/in": layer.in_channels, f"{name}/out": layer.out_channels,
    })  # fmt: skip
    return layer


def _lstm(module: Any, made: CodecWeights) -> None:
    lstm = module.lstm
    width = made.numbers["width"]
    same = lstm.input_size == lstm.hidden_size == width and width % 8 == 0 and getattr(module, "skip", True)
    plain = not lstm.bidirectional and lstm.bias and lstm.proj_size == 0 and lstm.num_layers <= LSTM_MAX
    _want(same and plain, "its LSTM is unusual")
    # Eight units' input, forget, cell and output gates stand side by side.
    order = np.arange(4 * width).reshape(4, width // 8, 8).transpose(1, 0, 2).reshape(-1)
    for index in range(lstm.num_layers):
        made.arrays[f"lstm{index}/input"] = pack(_array(getattr(lstm, f"weight_ih_l{index}"))[order].T)
        made.arrays[f"lstm{index}/hidden"] = pack(_array(getattr(lstm, f"weight_hh_l{index}"))[order].T)
        bias = _array(getattr(lstm, f"bias_ih_l{index}")) + _array(getattr(lstm, f"bias_hh_l{index}"))
        made.arrays[f"lstm{index}/bias"] = np.ascontiguousarray(bias[order])
    made.numbers["lstm_layers"] = lstm.num_layers


def _up(module: Any, name: str, made: CodecWeights) -> None:
    layer = _inner(module, "ConvTranspose1d")
    stride = layer.stride[0]
    plain = layer.kernel_size[0] == 2 * stride and layer.dilation == (1,) and layer.groups == 1
    _want(plain and 1 < stride <= STRIDE_MAX and not getattr(module, "causal", False), "its upsampling is unusual")
    weight = _weight(layer)  # [in, out, kernel]
    before, now = weight[:, :, stride:], weight[:, :, :stride]
    matrix = np.concatenate([part.transpose(0, 2, 1).reshape(layer.in_channels, -1) for part in (before, now)])
    made.arrays[f"{name}/up/panels"] = pack(matrix)
    made.arrays[f"{name}/up/bias"] = _padded(np.tile(_bias(layer, layer.out_channels), stride))
    made.numbers.update({
        f"{name}/up/stride": stride, f"{name}/up/in": layer.in_channels, f"{name}/up/out": layer.out_channels,
    })  # fmt: skip


def _residual(module: Any, name: str, made: CodecWeights) -> None:
    _want(type(module.shortcut).__name__ == "Identity", "its shortcuts are convolutions")
    steps = list(module.block)
    _want(len(steps) == 4, "its residual blocks are unusual")
    _elu(steps[0])
    _conv(steps[1], f"{name}/first", made)
    _elu(steps[2])
    _conv(steps[3], f"{name}/second", made)
    _want(made.numbers[f"{name}/second/taps"] == 1, "its residual blocks are unusual")
