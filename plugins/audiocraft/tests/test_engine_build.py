"""Compiling the kernels where they are used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import engine_models  # noqa: F401
import pytest

from lofisup_musicgen.engine import build

SOURCE = build.KERNELS / "pool.c"


def test_without_a_compiler_a_sentence_says_what_helps(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(build.NoKernels, match="install gcc or clang"):
        build.library("pool", [SOURCE], tmp_path / "cache")


def test_a_source_that_does_not_compile_is_told_and_leaves_nothing(tmp_path, capsys):
    broken = tmp_path / "broken.c"
    broken.write_text("int broken(void) { return }\n")
    with pytest.raises(build.NoKernels, match="error"):
        build.library("broken", [broken], tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
    assert "broken.c" in capsys.readouterr().err


def test_a_changed_source_gets_a_library_of_its_own(tmp_path):
    source = tmp_path / "number.c"
    for number in (1, 2, 1):
        source.write_text(f"int number(void) {{ return {number}; }}\n")
        assert build.library("number", [source], tmp_path / "cache").number() == number
    assert len(list((tmp_path / "cache").glob("number-*.so"))) == 2


def test_two_processes_may_build_at_once(tmp_path):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from pathlib import Path; from lofisup_musicgen.engine import build;"
        "print(build.library('pool', [build.KERNELS / 'pool.c'], Path(sys.argv[2])).pool_create is not None)"
    )
    package = str(Path(build.__file__).parents[2])
    command = [sys.executable, "-c", program, package, str(tmp_path / "cache")]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [run.communicate(timeout=60)[0].strip() for run in runs] == ["True"] * 3
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".so"]
