"""Models with random weights in AudioCraft's layout, of any size: what is loaded is loaded by the real code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Size:
    """A MusicGen. `t5` names the text model, whose width AudioCraft knows by the name."""

    dim: int
    heads: int
    layers: int
    filters: int
    lstm: int
    card: int = 2048
    ratios: tuple[int, ...] = (8, 5, 4, 4)
    t5: str = "t5-base"
    t5_layers: int = 12
    window_s: int = 30
    stereo: bool = False


SMALL = Size(dim=1024, heads=16, layers=24, filters=64, lstm=2)
TINY = Size(dim=32, heads=2, layers=2, filters=4, lstm=2, card=64, t5="t5-small", t5_layers=1, window_s=4)
TINY_STEREO = Size(
    dim=32, heads=2, layers=2, filters=4, lstm=2, card=64, t5="t5-small", t5_layers=1, window_s=4, stereo=True
)
T5_WIDTH = {"t5-small": 512, "t5-base": 768}
SAMPLE_RATE = 32_000


def configuration(size: Size) -> Any:
    """The part of MusicGen's training configuration that loading reads."""
    from omegaconf import OmegaConf

    books = 8 if size.stereo else 4
    hop = 1
    for ratio in size.ratios:
        hop *= ratio
    delays = [0, 0, 1, 1, 2, 2, 3, 3] if size.stereo else [0, 1, 2, 3]
    return OmegaConf.create({
        "device": "cpu", "dtype": "float16", "lm_model": "transformer_lm", "compression_model": "encodec",
        "dataset": {"segment_duration": size.window_s}, "sample_rate": SAMPLE_RATE,
        "interleave_stereo_codebooks": {"use": size.stereo, "per_timestep": False},
        "compression_model_n_q": None,
        "transformer_lm": {
            "n_q": books, "card": size.card, "dim": size.dim, "num_heads": size.heads, "num_layers": size.layers,
            "hidden_scale": 4, "dropout": 0.0, "emb_lr": None, "activation": "gelu", "norm_first": True,
            "bias_ff": False, "bias_attn": False, "bias_proj": False, "past_context": None, "causal": True,
            "custom": False, "memory_efficient": True, "attention_as_float32": False, "layer_scale": None,
            "positional_embedding": "sin", "xpos": False, "checkpointing": "none", "weight_init": "gaussian",
            "depthwise_init": "current", "zero_bias_init": True, "norm": "layer_norm", "cross_attention": False,
            "qk_layer_norm": False, "qk_layer_norm_cross": False, "attention_dropout": None, "kv_repeat": 1,
            "two_step_cfg": False,
        },
        "codebooks_pattern": {
            "modeling": "delay", "delay": {"delays": delays, "flatten_first": 0, "empty_initial": 0},
        },
        "attribute_dropout": {}, "classifier_free_guidance": {"training_dropout": 0.3, "inference_coef": 3.0},
        "conditioners": {
            "args": {"merge_text_conditions_p": 0.25, "drop_desc_p": 0.5},
            "description": {"model": "t5", "t5": {
                "name": size.t5, "finetune": False, "word_dropout": 0.2, "normalize_text": False,
            }},
        },
        "fuser": {
            "cross_attention_pos_emb": False, "cross_attention_pos_emb_scale": 1, "sum": [], "prepend": [],
            "cross": ["description"], "input_interpolate": [],
        },
        "seanet": {
            "dimension": 128, "channels": 1, "causal": False, "n_filters": size.filters, "n_residual_layers": 1,
            "ratios": list(size.ratios), "activation": "ELU", "activation_params": {"alpha": 1.0},
            "norm": "weight_norm", "norm_params": {}, "kernel_size": 7, "residual_kernel_size": 3,
            "last_kernel_size": 7, "dilation_base": 2, "pad_mode": "reflect", "true_skip": True, "compress": 2,
            "lstm": size.lstm, "disable_norm_outer_blocks": 0, "encoder": {},
            "decoder": {"trim_right_ratio": 1.0, "final_activation": None, "final_activation_params": None},
        },
        "encodec": {
            "autoencoder": "seanet", "quantizer": "rvq", "sample_rate": SAMPLE_RATE, "channels": 1, "causal": False,
            "renormalize": False,
        },
        "rvq": {"n_q": 4, "bins": size.card, "kmeans_init": False},
        "frame_rate": SAMPLE_RATE // hop,
    })  # fmt: skip


def write_model(directory: Path, size: Size, seed: int = 1) -> None:
    """state_dict.bin and compression_state_dict.bin, in half precision as Meta's are, and the text model beside."""
    import torch
    from audiocraft.models import builders
    from lofisup_musicgen import checkpoint
    from omegaconf import OmegaConf

    directory.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    config = configuration(size)
    config.dtype = "float32"
    with checkpoint._without_t5():
        lm = builders.get_lm_model(config)
    codec = builders.get_compression_model(config)
    for layer in codec.quantizer.vq.layers:
        layer._codebook.embed.normal_()
        layer._codebook.inited.fill_(True)
    text = OmegaConf.to_yaml(config)
    half = {name: value.half() if value.is_floating_point() else value for name, value in lm.state_dict().items()}
    torch.save({"xp.cfg": text, "best_state": half, "version": "1", "exported": True}, directory / "state_dict.bin")
    packed = {"xp.cfg": text, "best_state": codec.state_dict(), "version": "1", "exported": True}
    torch.save(packed, directory / "compression_state_dict.bin")
    write_t5(directory / size.t5, size)


def write_t5(directory: Path, size: Size) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

    letters = [chr(code) for code in range(33, 127)]
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((letter, -3.0) for letter in letters)]
    pieces += [("▁lofi", -1.0), ("▁tabla", -1.0), ("▁sitar", -1.0), ("▁night", -1.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", extra_ids=0
    )
    fast.save_pretrained(directory)
    width = T5_WIDTH[size.t5]
    config = T5Config(
        vocab_size=len(pieces), d_model=width, d_kv=64, d_ff=4 * width if size.t5_layers > 1 else 64,
        num_layers=size.t5_layers, num_heads=width // 64, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    T5EncoderModel(config).save_pretrained(directory)
