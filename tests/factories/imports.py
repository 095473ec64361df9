"""Files that are imported: uploaded in somebody's name, their job awaited, and documents of other tools in miniature."""

import asyncio
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from services.kernel.http_client import Response
from tests.factories.world import Caller, World


async def upload(world: World, caller: Caller, content: bytes, **options: Any) -> Response:
    """POST a file; `filename` and `query` say more."""
    files = {"file": (options.pop("filename", "plan.xml"), content, "application/octet-stream")}
    query = options.pop("query", "")
    path = f"/v1/projects/{world.project_id}/imports{query}"
    return await caller.request("POST", path, files=files, **options)


async def finished(world: World, answer: Response) -> dict[str, Any]:
    """The job once it has ended."""
    assert answer.status_code == 202, answer.text
    while True:
        job: dict[str, Any] = (await world["manager"].get(answer.headers["location"])).json()
        if job["state"] in ("succeeded", "failed", "cancelled"):
            return job
        await asyncio.sleep(0.05)


async def imported(world: World, content: bytes, **options: Any) -> dict[str, Any]:
    """The import that the manager made of a file."""
    job = await finished(world, await upload(world, world["manager"], content, **options))
    assert job["state"] == "succeeded", job
    found: dict[str, Any] = (await world["manager"].get(job["result_url"])).json()
    return found


async def tried(world: World, content: bytes, **options: Any) -> dict[str, Any]:
    """What a dry run shows to the manager."""
    query = options.pop("query", "?")
    joined = "&" if len(query) > 1 else ""
    answer = await upload(world, world["manager"], content, query=f"{query}{joined}dry_run=true", **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def everything(world: World, noun: str) -> list[dict[str, Any]]:
    """All objects of one kind in the project."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await world["manager"].get(f"/v1/projects/{world.project_id}/{noun}?limit=200{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["data"]
        if page["page"]["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['page']['next_cursor']}"


async def by_title(world: World) -> dict[str, dict[str, Any]]:
    """The project's tasks by their titles."""
    return {task["title"]: task for task in await everything(world, "tasks")}


def board(**members: Any) -> bytes:
    """A Trello board with two lists, three cards, a checklist and a member with an address."""
    lists = [
        {"id": f"{number:024x}", "name": name, "pos": number * 100, "closed": False}
        for number, name in ((2, "Doing"), (1, "To do"))
    ]
    document: dict[str, Any] = {
        "id": "b" * 24,
        "name": "Bridge",
        "url": "https://trello.com/b/x",
        "lists": lists,
        "labels": [{"id": "l1", "name": "steel", "color": "red"}, {"id": "l2", "name": "", "color": "green"}],
        "members": [
            {"id": "m1", "fullName": "Member", "username": "member", "email": "MEMBER@example.org"},
            {"id": "m2", "fullName": "Somebody Else", "username": "else"},
        ],
        "customFields": [
            {"id": "f1", "name": "Area", "type": "list", "options": [{"id": "o1", "value": {"text": "North"}}]}
        ],
        "checklists": [
            {
                "id": "k1",
                "idCard": f"{12:024x}",
                "name": "Steps",
                "pos": 1,
                "checkItems": [
                    {"id": "i2", "name": "Paint", "state": "incomplete", "pos": 2},
                    {"id": "i1", "name": "Weld", "state": "complete", "pos": 1},
                ],
            }
        ],
        "cards": [
            {
                "id": f"{11:024x}",
                "name": "Survey",
                "idList": f"{1:024x}",
                "pos": 2.5,
                "desc": "Cold & wet",
                "start": "2026-03-09T07:00:00.000Z",
                "due": "2026-03-13T22:30:00.000Z",
                "dueComplete": False,
                "closed": False,
                "idLabels": ["l1", "l2"],
                "idMembers": ["m1", "m2"],
                "url": "https://trello.com/c/11",
                "customFieldItems": [{"idCustomField": "f1", "idValue": "o1"}],
            },
            {
                "id": f"{12:024x}",
                "name": "Girders",
                "idList": f"{2:024x}",
                "pos": 1,
                "idMembers": ["m2"],
                "closed": False,
            },
            {"id": f"{13:024x}", "name": "Old idea", "idList": f"{1:024x}", "pos": 1, "closed": True},
        ],
        "actions": [
            {
                "type": "commentCard",
                "date": "2026-02-01T10:00:00Z",
                "data": {"text": "Ask the client", "card": {"id": f"{11:024x}"}},
                "memberCreator": {"fullName": "Member"},
            },
            {"type": "updateCard", "data": {}},
        ],
    }
    return orjson.dumps(document | members)


def workbook(rows: Sequence[Sequence[Any]], parts: Mapping[str, bytes] | None = None) -> bytes:
    """An XLSX file with one sheet; `parts` stand in it instead of its own, or besides them."""
    from openpyxl import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415 -- only few tests write workbooks

    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    written = io.BytesIO()
    book.save(written)
    if not parts:
        return written.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, parts.get(name, source.read(name)))
        for name in parts.keys() - set(source.namelist()):
            target.writestr(name, parts[name])
    return changed.getvalue()
