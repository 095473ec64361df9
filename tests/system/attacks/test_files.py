"""Group F for plans that are imported: bombs, entities, lies about size, and what a multipart body can be. Behind the gateway."""

import asyncio
import io
import time
import zipfile
from typing import Any

import pytest

from services.kernel.ids import new_id
from services.planning.imports.plan_import import MAXIMUM_FILE_BYTES
from tests.contract.inventory import Inventory
from tests.factories.imports import workbook
from tests.factories.system import Person

LAUGHS = b"".join(
    [
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "ha">',
        *(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)),
        b"]>",
    ]
)
FILE_ENTITY = b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
HTTP_ENTITY = b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd">%x;]>'
EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE p SYSTEM "http://127.0.0.1:1/x.dtd">'


def zipped(*parts: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return written.getvalue()


def sheet(content: bytes) -> bytes:
    return workbook([["Name"], ["A"]], {"xl/worksheets/sheet1.xml": content})


async def new_project(manager: Person) -> str:
    made = await manager.post(
        "/v1/projects", {"key": f"F{new_id().hex[-8:].upper()}", "name": "Files", "start": "2026-03-02T08:00:00"}
    )
    assert made.status_code == 201, made.text
    return f"/v1/projects/{made.json()['id']}"


async def upload(manager: Person, project: str, name: str, content: bytes, **options: Any) -> Any:
    return await manager.request("POST", f"{project}/imports", files={"file": (name, content, "x/y")}, **options)


async def refused(manager: Person, name: str, content: bytes) -> None:
    """A dry run is refused with the place, and so is the job, which leaves nothing."""
    project = await new_project(manager)
    answer = await upload(manager, project, name, content, params={"dry_run": "true"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_plan"), answer.text
    assert answer.json()["errors"][0]["pointer"]
    accepted = await upload(manager, project, name, content)
    assert accepted.status_code == 202, accepted.text
    async with asyncio.timeout(40):
        while (job := (await manager.get(accepted.headers["location"])).json())["state"] in ("queued", "running"):
            await asyncio.sleep(0.05)
    assert (job["state"], job["problem"]["code"]) == ("failed", "unreadable_plan")
    assert "root:" not in answer.text + str(job)
    for noun in ("tasks", "imports", "resources", "calendars"):
        assert (await manager.get(f"{project}/{noun}")).json()["data"] == []


@pytest.mark.parametrize(
    "content",
    [
        zipped(*((f"xl/{n}.xml", b"\0" * 90_000_000) for n in range(4))),
        zipped(*((f"xl/{n}.xml", b"") for n in range(20_000))),
        zipped(("xl/workbook.xml", b"<workbook/>"), ("xl/media/inner.zip", zipped(("a", b"\0" * 50_000_000)))),
    ],
    ids=["a gigabyte of nothing", "twenty thousand parts", "a zip in a zip"],
)
async def test_F04_a_bomb_of_a_workbook_is_refused(attacker: Inventory, content: bytes) -> None:
    await refused(attacker.tenant["manager"], "plan.xlsx", content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("file.xml", FILE_ENTITY + b"<Project><Name>&x;</Name></Project>"),
        ("http.xml", HTTP_ENTITY + b"<Project/>"),
        ("external.xml", EXTERNAL + b"<Project/>"),
        ("laughs.xml", LAUGHS + b"<Project><Name>&a9;</Name></Project>"),
        ("file.xlsx", sheet(FILE_ENTITY + b"<worksheet>&x;</worksheet>")),
        ("http.xlsx", sheet(HTTP_ENTITY + b"<worksheet/>")),
        ("laughs.xlsx", sheet(LAUGHS + b"<worksheet>&a9;</worksheet>")),
    ],
)
async def test_F05_an_entity_in_a_plan_reads_no_file_and_calls_nobody(
    attacker: Inventory, name: str, content: bytes
) -> None:
    await refused(attacker.tenant["manager"], name, content)


async def test_F07_a_file_beyond_the_limit_is_too_large_tried_or_meant(attacker: Inventory) -> None:
    manager = attacker.tenant["manager"]
    project = await new_project(manager)
    for query in ({}, {"dry_run": "true"}):
        answer = await upload(manager, project, "plan.csv", b"x" * (MAXIMUM_FILE_BYTES + 1), params=query)
        assert answer.status_code == 413, answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n" * 100_000,
        b"".join(b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n for n in range(20_000))
        + b"--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="'
        + b"a" * 1_000_000
        + b'"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.xml"\r\n\r\n<Project/>',
        b"",
    ],
    ids=["only boundaries", "many fields", "a long header", "no end", "nothing"],
)
async def test_F10_a_body_that_is_no_form_with_one_file_is_refused(attacker: Inventory, body: bytes) -> None:
    manager = attacker.tenant["manager"]
    project = await new_project(manager)
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    for query in ({}, {"dry_run": "true"}):
        answer = await manager.request("POST", f"{project}/imports", content=body, headers=headers, params=query)
        assert answer.status_code in (400, 413, 422), answer.text
    assert (await manager.get(f"{project}/imports")).json()["data"] == []


async def test_F04_others_are_answered_while_bombs_are_read(attacker: Inventory) -> None:
    manager = attacker.tenant["manager"]
    project = await new_project(manager)
    content = zipped(*((f"xl/{n}.xml", b"\0" * 80_000_000) for n in range(3)))
    bombs = [
        asyncio.create_task(upload(manager, project, "plan.xlsx", content, params={"dry_run": "true"}))
        for _ in range(4)
    ]
    waits = []
    while not all(bomb.done() for bomb in bombs):
        began = time.monotonic()
        assert (await attacker.tenant["member"].get("/v1/me")).status_code == 200
        waits.append(time.monotonic() - began)
        await asyncio.sleep(0.02)
    assert {(await bomb).status_code for bomb in bombs} == {422}
    assert sorted(waits)[len(waits) * 9 // 10] < 1, "a bystander waits no second for nine answers of ten"
