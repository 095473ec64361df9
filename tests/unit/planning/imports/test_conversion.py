"""Formats that only MPXJ reads: refused without it, converted apart with it, and what a converter that misbehaves can do."""

import os
from pathlib import Path

import pytest

from services.planning.imports import conversion
from services.planning.imports.conversion import converted
from services.planning.imports.file_plan import Reading
from services.planning.imports.formats import foreign_format
from services.planning.imports.reading import read_apart
from services.planning.imports.record_stream import UnreadableFile

PLAN = Path(__file__).parents[3] / "data" / "msproject" / "p34.xml"
MPP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500
MOST = 50_000_000


def make_java(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """A program of this name, first on the path; `$in` and `$out` in it are the files that it is given."""
    java = folder / "java"
    java.write_text(f'#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\nin="$1"; out="$2"\n{script}\n')
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (MPP, "mpp"),
        (b"ERMHDR\t19.12\t2026-01-01", "xer"),
        (b"MPX,Microsoft Project,4.0,ANSI\r\n", "mpx"),
        (b'<?xml version="1.0"?><APIBusinessObjects xmlns="x"/>', "pmxml"),
        (b"<Project/>", None),
        (b"", None),
    ],
)
def test_a_format_that_only_mpxj_reads_is_seen_by_its_first_bytes(content: bytes, kind: str | None) -> None:
    assert foreign_format(content) == kind


async def test_without_the_converter_the_answer_says_so() -> None:
    with pytest.raises(UnreadableFile) as refusal:
        await read_apart(MPP, "plan.mpp", Reading())
    assert refusal.value.code == "format_not_read"
    assert "MPXJ" in refusal.value.detail


async def test_what_the_converter_makes_is_read_like_any_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_java(monkeypatch, tmp_path, f'test -s "$in" && cp {PLAN} "$out"')
    file = await read_apart(MPP, "plan.mpp", Reading(), mpxj_lib="lib")
    assert (file.format, file.frame) == ("mpp", True)
    assert len(file.plan.tasks) > 50
    assert file.plan.report[-1].reason == "converted to MSPDI by MPXJ"


@pytest.mark.parametrize(
    "script", ["exit 1", "exit 0", 'mkdir "$out"', 'echo "<Project/>" > "$out"; truncate -s 60M "$out"']
)
async def test_a_converter_that_makes_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str
) -> None:
    make_java(monkeypatch, tmp_path, script)
    with pytest.raises(UnreadableFile) as refusal:
        await converted(MPP, "lib", MOST)
    assert refusal.value.code == "not_converted"


async def test_a_converter_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_java(monkeypatch, tmp_path, "sleep 60")
    monkeypatch.setattr(conversion, "_WALL_SECONDS", 0.2)
    with pytest.raises(UnreadableFile) as refusal:
        await converted(MPP, "lib", MOST)
    assert refusal.value.code == "too_much"


async def test_the_converter_learns_no_secret_and_has_limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TANDEM_INTERNAL_KEYS", "secret")
    make_java(monkeypatch, tmp_path, 'env > "$out"; ulimit -t >> "$out"; ulimit -v >> "$out"; pwd >> "$out"')
    told, kind = await converted(MPP, "lib", MOST)
    lines = told.decode().splitlines()
    assert kind == "mpp"
    assert "TANDEM" not in told.decode()
    assert lines[-3:-1] == [str(conversion.CPU_SECONDS), "1572864"]
    assert not os.path.exists(lines[-1]), "its folder is thrown away"  # noqa: ASYNC240, PTH110 -- the name alone
