"""The decoder in C gives what torch gives, piece by piece, in any company, with every instruction set."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
import torch
from lofisup_musicgen import checkpoint
from lofisup_musicgen.decoder import KernelDecoder, Piece
from lofisup_musicgen.engine import native
from lofisup_musicgen.engine.encodec import FIRST_MIN, CodecDecoder
from lofisup_musicgen.engine.encodec_weights import CodecWeights, UnsupportedCodec, extract
from made_models import SMALL, TINY, TINY_STEREO, configuration

TOLERANCE = 1e-4
SETS = [pytest.param(1, id="avx2"), pytest.param(2, id="avx512")]


def codec_of(kind: str) -> Any:
    """A codec with random weights, large enough that every layer is heard in what comes out."""
    codec = _codec_of(kind)
    with torch.no_grad():
        for name, parameter in codec.named_parameters():
            if "lstm" in name:
                parameter.mul_(4)
            elif name.endswith(("weight_g", "original0")):  # The length of a normalised weight, old and new.
                parameter.mul_(1.7)
    return codec


def _codec_of(kind: str) -> Any:
    from audiocraft.models import builders
    from audiocraft.models.encodec import HFEncodecCompressionModel
    from transformers import EncodecConfig, EncodecModel

    torch.manual_seed(3)
    if kind == "debug":
        return checkpoint.load_debug("cpu")[1]
    if kind == "transformers":
        # The settings of facebook/encodec_32khz, which MusicGen's stereo models use; narrower.
        config = EncodecConfig(
            target_bandwidths=[2.2], sampling_rate=32_000, audio_channels=1, normalize=False, num_filters=4,
            upsampling_ratios=[8, 5, 4, 4], codebook_size=2048, codebook_dim=128, use_causal_conv=False,
            use_conv_shortcut=False, hidden_size=128, pad_mode="reflect",
        )  # fmt: skip
        codec = HFEncodecCompressionModel(EncodecModel(config)).eval()
        for layer in codec.model.quantizer.layers:
            layer.codebook.embed.normal_()
        return codec
    config = configuration({"tiny": TINY, "stereo": TINY_STEREO, "full": SMALL}[kind])
    codec = builders.get_compression_model(config)
    for layer in codec.quantizer.vq.layers:
        layer._codebook.embed.normal_()
        layer._codebook.inited.fill_(True)
    return builders.get_wrapped_compression_model(codec, config).eval()


def tokens_for(codec: Any, frames: int) -> numpy.ndarray:
    return numpy.random.default_rng(1).integers(0, codec.cardinality, (codec.num_codebooks, frames)).astype(numpy.int16)


def by_torch(codec: Any, tokens: numpy.ndarray) -> numpy.ndarray:
    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
        return codec.decode(torch.from_numpy(tokens.astype(numpy.int64))[None], None)[0].numpy()


def piecewise(decoder: CodecDecoder, tokens: numpy.ndarray, cuts: list[int]) -> numpy.ndarray:
    stream, frames = decoder.stream(), tokens.shape[1]
    edges = [0, *cuts, frames]
    parts = [decoder.push([(stream, tokens[:, a:b], b == frames)])[0] for a, b in zip(edges, edges[1:], strict=False)]
    return numpy.concatenate(parts, axis=1)


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize(("kind", "frames"), [
    ("debug", 120), ("tiny", 120), ("stereo", 120), ("transformers", 120), ("full", 60),
])  # fmt: skip
def test_pieces_are_what_torch_makes_of_the_whole(kind: str, frames: int, isa: int) -> None:
    if isa > native.isa():
        pytest.skip("this processor has no AVX-512")
    codec = codec_of(kind)
    tokens = tokens_for(codec, frames)
    expected = by_torch(codec, tokens)
    decoder = CodecDecoder(extract(codec), threads=2, isa=isa)
    found = piecewise(decoder, tokens, [FIRST_MIN, FIRST_MIN + 1, 30, 31, 55])
    assert found.shape == expected.shape
    assert abs(found - expected).max() < TOLERANCE * abs(expected).max()


@pytest.mark.parametrize(
    "name", ["lstm1/hidden", "lstm0/bias", "block0/up/panels", "block3/second/panels", "head/bias"]
)
def test_a_weight_that_is_wrong_is_noticed(name: str) -> None:
    codec = codec_of("tiny")
    weights = extract(codec)
    weights.arrays[name] = weights.arrays[name] * 1.05
    tokens = tokens_for(codec, 60)
    found, expected = piecewise(CodecDecoder(weights, threads=1), tokens, []), by_torch(codec, tokens)
    assert abs(found - expected).max() > TOLERANCE * abs(expected).max()


def test_company_and_threads_change_nothing() -> None:
    codec = codec_of("tiny")
    tokens = tokens_for(codec, 100)
    weights = extract(codec)
    alone = piecewise(CodecDecoder(weights, threads=1), tokens, [])
    decoder = CodecDecoder(weights, threads=3)
    streams = [decoder.stream() for _ in range(20)]
    together = decoder.push([(stream, tokens[:, : 100 - 4 * n], True) for n, stream in enumerate(streams)])
    assert (together[0] == alone).all()
    again = decoder.push([(decoder.stream(), tokens[:, : 100 - 4 * 7], True)])
    assert (together[7] == again[0]).all()


def test_weights_are_the_same_after_a_file(tmp_path: Any) -> None:
    codec = codec_of("stereo")
    tokens = tokens_for(codec, 40)
    weights = extract(codec)
    weights.save(tmp_path / "codec.npz")
    again = CodecWeights.load(tmp_path / "codec.npz")
    first, second = (piecewise(CodecDecoder(each, threads=1), tokens, []) for each in (weights, again))
    assert first.shape[0] == 2 and (first == second).all()


def test_what_was_heard_before_and_what_comes_after_give_no_sound() -> None:
    codec = codec_of("tiny")
    tokens = tokens_for(codec, 140)
    decoder = KernelDecoder(CodecDecoder(extract(codec), threads=1))
    stream = decoder.stream(tokens[:, :60])
    parts = [
        decoder.push([Piece(stream, tokens[:, 60:62])])[0],
        decoder.push([Piece(stream, tokens[:, 62:135])])[0],
        decoder.push([Piece(stream, tokens[:, 135:], ends=True, beyond=5)])[0],
    ]
    found, expected = numpy.concatenate(parts, axis=1), by_torch(codec, tokens)[:, 60 * 640 : 135 * 640]
    assert found.shape == expected.shape
    assert abs(found - expected).max() < 1e-3 * abs(expected).max()


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_a_track_of_a_moment_has_its_length(frames: int) -> None:
    codec = codec_of("tiny")
    decoder = KernelDecoder(CodecDecoder(extract(codec), threads=1))
    piece = Piece(decoder.stream(tokens_for(codec, 0)), tokens_for(codec, frames), ends=True)
    assert decoder.push([piece])[0].shape == (1, frames * 640)


def test_a_codec_that_is_built_otherwise_is_left_to_torch() -> None:
    codec = codec_of("tiny")
    codec.decoder.model[-1].conv.conv.dilation = (2,)
    with pytest.raises(UnsupportedCodec):
        extract(codec)
