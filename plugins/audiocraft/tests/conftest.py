"""Things that several tests share because they take seconds to make."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from lofisup_musicgen import checkpoint, surroundings  # noqa: E402
from plugin_process import Plugin, item  # noqa: E402

ENGINES = ("native", "stock")


@pytest.fixture(scope="session", autouse=True)
def audiocraft() -> None:
    """AudioCraft, imported as the plug-in imports it."""
    surroundings.prepare()
    checkpoint.import_libraries()
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plug-in's directory in which the debug model is converted and the usual prompt is read."""
    directory = tmp_path_factory.mktemp("prepared")
    with Plugin.musicgen("--model", "debug") as plugin:
        plugin.load(directory / "own")
        plugin.generate(directory / "out", item("a", turn="warm"))
    return directory / "own"


@pytest.fixture
def own(prepared: Path, tmp_path: Path) -> Path:
    """A directory of the plug-in's own for one test, without tails."""
    shutil.copytree(prepared, tmp_path / "own", ignore=shutil.ignore_patterns("*_*.npy"))
    return tmp_path / "own"


def _loaded(engine: str, prepared: Path, directory: Path) -> Iterator[Plugin]:
    shutil.copytree(prepared, directory, ignore=shutil.ignore_patterns("*_*.npy"))
    with Plugin.musicgen("--model", "debug", "--engine", engine) as plugin:
        plugin.load(directory)
        yield plugin


@pytest.fixture(scope="module")
def player(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """The debug model, loaded."""
    yield from _loaded("native", prepared, tmp_path_factory.mktemp("player") / "own")


@pytest.fixture(scope="module", params=ENGINES)
def any_player(
    request: pytest.FixtureRequest, prepared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Plugin]:
    """The debug model, once with each engine."""
    yield from _loaded(request.param, prepared, tmp_path_factory.mktemp("player") / "own")
