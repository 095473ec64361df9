"""Files that are meant to do harm: each is refused with its place, leaves nothing behind, and lets others go on."""

import asyncio
import io
import random
import time
import zipfile
from typing import Any

import orjson
import pytest

from services.planning.imports import reading
from services.planning.imports.file_plan import Reading
from services.planning.imports.record_stream import UnreadableFile
from tests.factories.imports import board, everything, finished, tried, upload, workbook
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

NOUNS = ("tasks", "dependencies", "assignments", "resources", "calendars", "imports")
LAUGHS = b"".join(
    [
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "ha">',
        *(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)),
        b"]><Project>&a9;</Project>",
    ]
)
XXE = b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><Project><Name>&x;</Name></Project>'
PARAMETER = b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd">%x;]><Project/>'
EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE p SYSTEM "http://127.0.0.1:1/x.dtd"><Project/>'
SHEET_XXE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def zipped(*parts: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return written.getvalue()


def nested_bomb() -> bytes:
    """A zip in a zip in a zip, each of which unpacks to much more."""
    content = zipped(*((f"{n}", b"\0" * 10_000_000) for n in range(10)))
    for level in range(3):
        content = zipped(*((f"{level}-{n}.zip", content) for n in range(10)))
    return zipped(("xl/workbook.xml", b"<workbook/>"), ("xl/media/inner.zip", content))


def lying_bomb() -> bytes:
    """A part that says that it is small and is not."""
    content = bytearray(zipped(("xl/workbook.xml", b"\0" * 90_000_000)))
    central = content.rindex(b"PK\x01\x02")
    content[central + 24 : central + 28] = (100).to_bytes(4, "little")
    return bytes(content)


def deep_xml() -> bytes:
    return b"<Project>" + b"<Tasks>" * 50_000 + b"</Tasks>" * 50_000 + b"</Project>"


def cyclic_links() -> bytes:
    data = [{"gid": str(n), "name": f"T{n}", "dependencies": [{"gid": str((n + 1) % 50)}]} for n in range(50)]
    return orjson.dumps({"data": data})


HOSTILE = [
    ("xxe.xml", XXE, "forbidden_dtd"),
    ("parameter.xml", PARAMETER, "forbidden_dtd"),
    ("external.xml", EXTERNAL, "forbidden_dtd"),
    ("laughs.xml", LAUGHS, "forbidden_dtd"),
    ("deep.xml", deep_xml(), "too_deep"),
    ("random.xml", random.Random(7).randbytes(50_000), "not_xml"),
    ("random.json", b"{" + random.Random(8).randbytes(50_000), "not_json"),
    ("random.csv", random.Random(9).randbytes(50_000), "not_text"),
    ("random.xlsx", b"PK\x03\x04" + random.Random(10).randbytes(50_000), "not_xlsx"),
    ("image.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 500, "not_xml"),
    ("page.xml", b"<html><body>Not a plan</body></html>", "not_this_format"),
    ("cut.json", board()[: len(board()) // 2], "not_json"),
    ("cut.xlsx", workbook([["Name"], ["A"]])[:3_000], "not_xlsx"),
    ("deep.json", b'{"cards":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "too_deep"),
    ("huge-number.json", b'{"lists": [], "cards": [{"pos": ' + b"9" * 20_000 + b"}]}", "not_json"),
    ("many.json", b'{"cards": [' + b"[]," * 7_000_000 + b"0]}", "too_many_records"),
    ("bomb.xlsx", zipped(*((f"xl/{n}.xml", b"\0" * 90_000_000) for n in range(4))), "zip_bomb"),
    ("lying.xlsx", lying_bomb(), "not_xlsx"),
    ("nested.xlsx", nested_bomb(), "not_xlsx"),
    ("parts.xlsx", zipped(*((f"xl/{n}.xml", b"") for n in range(30_000))), "zip_bomb"),
    ("entity.xlsx", workbook([["Name"], ["A"]], {"xl/worksheets/sheet1.xml": SHEET_XXE}), "forbidden_dtd"),
    ("million.csv", b"Name\n" + b"A\n" * 1_000_000, "too_many_records"),
    ("wide.csv", b"Name" + b",x" * 100_000 + b"\nA\n", "too_many_columns"),
    ("nul.csv", b"Name\nA\x00B\n", "not_text"),
    ("project.mpp", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000, "format_not_read"),
    (
        "cycle.json",
        orjson.dumps({"data": [{"gid": "1", "parent": {"gid": "2"}}, {"gid": "2", "parent": {"gid": "1"}}]}),
        "parent_cycle",
    ),
]


@pytest.mark.parametrize(("name", "content", "code"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
async def test_a_hostile_file_fails_with_its_place_and_leaves_nothing(
    world: World, name: str, content: bytes, code: str
) -> None:
    began = time.monotonic()
    answer = await upload(world, world["manager"], content, filename=name, query="?dry_run=true")
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_plan"), answer.text
    assert answer.json()["reason_code"] == code, answer.text
    assert answer.json()["errors"][0]["pointer"]
    assert "root:" not in answer.text
    assert time.monotonic() - began < 20
    job = await finished(world, await upload(world, world["manager"], content, filename=name))
    assert (job["state"], job["problem"]["reason_code"]) == ("failed", code)
    for noun in NOUNS:
        assert await everything(world, noun) == []


async def test_links_that_go_round_in_a_circle_name_the_tasks(world: World) -> None:
    job = await finished(world, await upload(world, world["manager"], cyclic_links(), filename="circle.json"))
    assert (job["state"], job["problem"]["code"]) == ("failed", "dependency_cycle")
    assert "T49 → T48" in job["problem"]["detail"]
    for noun in NOUNS:
        assert await everything(world, noun) == []


async def test_cells_with_formulas_and_letters_that_cannot_be_stored_are_texts(world: World) -> None:
    text = 'Name,Notes\n=1+1,@SUM(A1)\n"=HYPERLINK(""http://x"")",+1\n'
    result = (await tried(world, text.encode(), filename="cells.csv"))["result"]
    assert [row["title"] for row in result["rows"]] == ["=1+1", '=HYPERLINK("http://x")']
    cards = b'{"lists": [], "cards": [{"id": "1", "name": "a\\u0000b\\ud800c", "desc": "\\u0000"}]}'
    job = await finished(world, await upload(world, world["manager"], cards, filename="letters.json"))
    assert job["state"] == "succeeded", job
    (task,) = await everything(world, "tasks")
    assert (task["title"], task["notes"]) == ("abc", "")


async def test_a_file_that_takes_too_much_ends_its_own_process_only() -> None:
    limited: list[dict[str, Any]] = [{"memory_bytes": 300_000_000}, {"cpu_seconds": 1}]
    for limits in limited:
        content = b'{"lists": [], "cards": [' + b'{"a": [1, 2]},' * 1_400_000 + b"{}]}"
        with pytest.raises(UnreadableFile) as refusal:
            await reading.read_apart(content, "large.json", Reading(), **limits)
        assert refusal.value.code == "too_much"


async def test_others_are_answered_while_a_hostile_file_is_read(world: World) -> None:
    content = b'{"lists": [], "cards": [' + b'{"a": [1, 2]},' * 1_400_000 + b"{}]}"
    hostile = asyncio.create_task(
        upload(world, world["manager"], content, filename="large.json", query="?dry_run=true")
    )
    waits = []
    while not hostile.done():
        began = time.monotonic()
        assert (await world["member"].get(f"/v1/projects/{world.project_id}")).status_code == 200
        waits.append(time.monotonic() - began)
        await asyncio.sleep(0.02)
    assert (await hostile).status_code == 422
    waits.sort()
    assert waits[len(waits) * 9 // 10] < 1, "a bystander waits no second for nine answers of ten"
