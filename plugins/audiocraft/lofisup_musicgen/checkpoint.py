"""Loads MusicGen's parts with AudioCraft: the language model without T5, and the codec."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import standins, weights
from .failures import Failure, NotInstalled
from .names import ModelName
from .windows import Shape

# The test model has random weights; the same ones in every process, so that a seed means one sound.
DEBUG_SEED = 20230608
DEBUG_WINDOW_S = 30


def import_libraries() -> list[str]:
    """Imports torch and AudioCraft; NotInstalled where that cannot be. Returns what was stood in for."""
    try:
        import torch  # noqa: F401

        return standins.import_audiocraft()
    except (ImportError, OSError) as error:
        raise NotInstalled(
            f"AudioCraft cannot be imported in this Python ({error}): install it with the plug-in's install.sh, "
            "or see `python -m lofisup_musicgen.doctor`"
        ) from error


@contextlib.contextmanager
def _without_t5() -> Iterator[None]:
    """T5 is 110 M parameters that only a new prompt needs: the model is built without."""
    from audiocraft.modules import conditioners

    class Nothing:
        @classmethod
        def from_pretrained(cls, *_arguments: Any, **_named: Any) -> Nothing:
            return cls()

        def train(self, mode: bool = True) -> Nothing:
            return self

        def to(self, *_arguments: Any) -> Nothing:
            return self

    before = conditioners.T5Tokenizer, conditioners.T5EncoderModel
    conditioners.T5Tokenizer = conditioners.T5EncoderModel = Nothing
    try:
        yield
    finally:
        conditioners.T5Tokenizer, conditioners.T5EncoderModel = before


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint as torch stored it; its tensors are read from the file as they are used."""
    import torch

    try:
        return torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    except RuntimeError as error:
        if "mmap" not in str(error):
            raise
        return torch.load(path, map_location="cpu", weights_only=True)  # Stored in the old format.


def configuration(package: dict[str, Any]) -> Any:
    """The training configuration that travels with a language model, checked for what this plug-in can play."""
    from omegaconf import OmegaConf

    config = OmegaConf.create(package["xp.cfg"])
    texts = [str(name) for name in config.conditioners if name != "args"]
    crossed = list(config.fuser.cross)
    others = [name for method in ("sum", "prepend", "input_interpolate") for name in config.fuser[method]]
    if texts != crossed or len(texts) != 1 or others or config.conditioners[texts[0]].model != "t5":
        raise Failure("this model listens to more than a text (a melody?): only MusicGen's text models can be played")
    return config


def load_language_model(found: weights.Weights, device: str) -> Any:
    """AudioCraft's LM without its T5; half precision on a GPU, as AudioCraft does it."""
    package = read_checkpoint(found.lm)
    model = _built(package, device)
    model.load_state_dict(package["best_state"])
    return model


def _built(package: dict[str, Any], device: str) -> Any:
    from audiocraft.models import builders, loaders
    from omegaconf import OmegaConf

    config = configuration(package)
    OmegaConf.set_struct(config, False)
    config.device = device
    config.dtype = "float16" if device.startswith("cuda") else "float32"
    for name in ("merge_text_conditions_p", "drop_desc_p"):
        loaders._delete_param(config, f"conditioners.args.{name}")
    for name in config.fuser.cross:
        config.conditioners[name].t5.autocast_dtype = None  # There is no T5 in there; "meta" knows no autocast.
    with _without_t5():
        model = builders.get_lm_model(config)
    model.cfg = config
    return model.eval()


def language_model_state(found: weights.Weights) -> tuple[Any, Any]:
    """AudioCraft's LM as a plan without memory, and its state, which is read from the file as it is used."""
    package = read_checkpoint(found.lm)
    return _built(package, "meta"), package["best_state"]


def load_codec(found: weights.Weights, device: str, lm_config: Any) -> Any:
    """AudioCraft's compression model, wrapped for stereo where the language model's configuration says so."""
    from audiocraft.models import builders
    from audiocraft.models.encodec import HFEncodecCompressionModel
    from omegaconf import OmegaConf
    from transformers import EncodecModel

    package = read_checkpoint(found.compression)
    if "pretrained" in package:
        folder = weights.find_encodec(str(package["pretrained"]), found.model)
        codec = HFEncodecCompressionModel(EncodecModel.from_pretrained(str(folder), local_files_only=True)).to(device)
    else:
        config = OmegaConf.create(package["xp.cfg"])
        config.device = device
        codec = builders.get_compression_model(config)
        codec.load_state_dict(package["best_state"])
    return builders.get_wrapped_compression_model(codec, lm_config).eval()


def load_debug(device: str) -> tuple[Any, Any]:
    """AudioCraft's own test model: (language model, codec)."""
    import torch
    from audiocraft.models import MusicGen

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(DEBUG_SEED)
        model = MusicGen.get_pretrained("debug", device=device)
    return model.lm, model.compression_model


def load(model: ModelName, device: str) -> tuple[Any, Any, Shape]:
    """(language model, codec, shape), both in AudioCraft's classes."""
    if model.is_debug:
        lm, codec = load_debug(device)
        window_s = float(DEBUG_WINDOW_S)
    else:
        found = weights.find(model)
        lm = load_language_model(found, device)
        codec = load_codec(found, device, lm.cfg)
        window_s = float(lm.cfg.dataset.segment_duration)
    check_fit(lm, codec)
    return lm, codec, shape_of(lm, codec, window_s)


def check_fit(lm: Any, codec: Any) -> None:
    if codec.num_codebooks != lm.n_q or codec.cardinality != lm.card:
        raise Failure("the model's two files do not belong together: their codebooks differ")


def shape_of(lm: Any, codec: Any, window_s: float) -> Shape:
    return Shape(
        codebooks=lm.n_q,
        cardinality=lm.card,
        frame_rate=float(codec.frame_rate),
        window_frames=int(window_s * codec.frame_rate),
        sample_rate=int(codec.sample_rate),
        channels=int(codec.channels),
    )
