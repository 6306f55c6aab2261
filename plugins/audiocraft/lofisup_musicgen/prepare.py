"""`python -m lofisup_musicgen.prepare`: what needs torch, in a process that ends. Started by the plug-in itself.

    prepare convert DIR MODEL-OPTIONS    writes the model for the C engine into DIR
    prepare listen DIR MODEL-OPTIONS     reads texts (JSON on standard input), writes DIR/0.npy, DIR/1.npy ...

What it refuses is one line on standard error, for the plug-in to read.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy

from . import checkpoint, names, options, surroundings, texts, weights
from .converted import CODE_PREFIX, CODEC_FILE, FACTS_FILE, LM_FILE
from .engine import encodec_weights, packing, shape
from .failures import Failure, UnsuitableModel, as_failure
from .names import ModelName


def main() -> int:
    task, directory, *rest = sys.argv[1:]
    surroundings.prepare()
    surroundings.end_with_the_parent()
    try:
        chosen = options.parse(rest)
        model = names.resolve(chosen)
        checkpoint.import_libraries()
        if task == "convert":
            convert(model, chosen.weights, Path(directory))
        else:
            listen(model, json.load(sys.stdin), Path(directory))
    except Exception as error:
        if not isinstance(error, Failure):
            import traceback

            traceback.print_exc()
        failure = as_failure(error, "preparing the model")
        print(CODE_PREFIX + json.dumps({"code": failure.code, "sentence": failure.sentence}), file=sys.stderr)
        return 1
    return 0


def convert(model: ModelName, kind: str, directory: Path) -> None:
    """Writes the language model, the decoder and what there is to know about both."""
    try:
        if model.is_debug:
            lm, codec = checkpoint.load_debug("cpu")
            state: Any = lm.state_dict()
            window_s = float(checkpoint.DEBUG_WINDOW_S)
        else:
            found = weights.find(model)
            lm, state = checkpoint.language_model_state(found)
            codec = checkpoint.load_codec(found, "cpu", lm.cfg)
            window_s = float(lm.cfg.dataset.segment_duration)
        checkpoint.check_fit(lm, codec)
        encodec_weights.extract(codec).save(directory / CODEC_FILE)
        facts = {"shape": dataclasses.asdict(checkpoint.shape_of(lm, codec, window_s)), "model": model.name}
        del codec
        packing.pack(state, shape.shape_of(lm), kind).save(directory / LM_FILE)
    except (shape.UnsupportedModel, encodec_weights.UnsupportedCodec) as error:
        raise UnsuitableModel(f"{error}; --engine stock plays it with AudioCraft's own code") from error
    (directory / FACTS_FILE).write_text(json.dumps(facts), encoding="utf-8")


def listen(model: ModelName, wanted: list[str], directory: Path) -> None:
    if model.is_debug:
        lm, _codec = checkpoint.load_debug("cpu")
        name = lm.fuser.fuse2cond["cross"][0]
        listener = texts.listen_with_table(lm.condition_provider.conditioners[name])
    else:
        listener = texts.listen_with_t5(weights.find(model))
    for index, heard in enumerate(listener(wanted, lambda: None)):
        numpy.save(directory / f"{index}.npy", heard.astype(numpy.float32))


if __name__ == "__main__":
    sys.exit(main())
