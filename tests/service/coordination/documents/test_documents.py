"""Documents: who uploads, who sees, and that what comes out is what went in."""

import asyncio
import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from services.coordination.documents import upload as uploads
from services.kernel.ids import new_id
from services.kernel.storage import Storage, StorageFailed
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World
from tests.service.coordination.recorded import facts_of

CONTENT = b"%PDF-1.7 foundation drawings, revision A"


async def upload(caller: Caller, world: World, content: bytes = CONTENT, **options: Any) -> Any:
    options.setdefault("filename", "foundation.pdf")
    files = {"file": (options.pop("filename"), content, options.pop("media_type", "application/pdf"))}
    fields = options.pop("fields", {"title": "Foundation"})
    return await caller.request(
        "POST", f"/v1/projects/{world.project_id}/documents", files=files, data=fields, **options
    )


async def add_version(caller: Caller, document: dict[str, Any], content: bytes, **options: Any) -> Any:
    headers = {"If-Match": f'"{document["version"]}"', "Idempotency-Key": str(new_id())} | options.pop("headers", {})
    files = {"file": ("foundation.pdf", content, "application/pdf")}
    return await caller.request("POST", f"/v1/documents/{document['id']}/versions", files=files, headers=headers)


async def content_of(caller: Caller, document: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    return await caller.get(f"/v1/document-versions/{document['document_version_id']}/content", headers=headers)


async def stored_files(coordination: ServiceUnderTest, world: World) -> list[Path]:
    storage_url = coordination.service.settings.storage_url
    assert storage_url is not None
    folder = Path(storage_url.removeprefix("file://")) / "coordination" / str(world.tenant_id)
    return await asyncio.to_thread(lambda: sorted(path for path in folder.rglob("*") if path.is_file()))


async def test_an_upload_needs_an_identity(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    answer = await coordination.http.post(f"/v1/projects/{world.project_id}/documents", files={"file": ("a", b"a")})
    assert answer.status_code == 401


async def test_strangers_guests_and_other_tenants_upload_nothing_and_leave_no_bytes(
    coordination: ServiceUnderTest,
) -> None:
    world = await coordination.world(make_policy())
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await upload(caller, world)).status_code == 404
    assert (await upload(world["auditor"], world)).status_code == 403
    assert await stored_files(coordination, world) == []


async def test_an_upload_needs_a_key(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    answer = await upload(world["member"], world, headers={"Idempotency-Key": None})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    unusable = await upload(world["member"], world, headers={"Idempotency-Key": "two words"})
    assert (unusable.status_code, unusable.json()["code"]) == (400, "malformed")
    assert await stored_files(coordination, world) == []


async def test_a_form_without_a_file_or_with_unknown_fields_is_refused(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    path = f"/v1/projects/{world.project_id}/documents"
    without = await world["member"].request("POST", path, files={"other": ("a.txt", b"a")})
    assert (without.status_code, without.json()["errors"][0]["pointer"]) == (422, "/file")
    unknown = await upload(world["member"], world, fields={"title": "T", "tenant_id": str(new_id())})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/tenant_id")
    as_json = await world["member"].post(path, {"title": "T"})
    assert as_json.status_code == 415
    assert await stored_files(coordination, world) == []


async def test_a_file_above_the_limit_is_refused_while_it_is_read(
    coordination: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await coordination.world(make_policy())
    monkeypatch.setattr(uploads, "MOST_BYTES", 100_000)
    assert (await upload(world["member"], world, bytes(100_000))).status_code == 201
    for size in (100_001, 100_000 + 128 * 1024 + 1, 1_000_000):
        answer = await upload(world["member"], world, bytes(size))
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert len(await stored_files(coordination, world)) == 1


async def test_a_store_that_fails_leaves_no_document(
    coordination: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await coordination.world(make_policy())

    async def fail(*arguments: object, **options: object) -> None:
        raise StorageFailed

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", fail)
        answer = await upload(world["member"], world, headers={"Idempotency-Key": "again"})
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    assert (await world["member"].get(f"/v1/projects/{world.project_id}/documents")).json()["data"] == []
    assert (await upload(world["member"], world, headers={"Idempotency-Key": "again"})).status_code == 201


async def test_a_refusal_stays_one_when_the_store_goes_away_during_the_clean_up(
    coordination: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await coordination.world(make_policy())

    async def away(store: Storage, key: str) -> None:
        raise StorageFailed

    monkeypatch.setattr(Storage, "delete", away)
    unknown = await upload(world["member"], world, fields={"color": "red"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/color")
    assert (await upload(world["auditor"], world)).status_code == 403
    path = f"/v1/projects/{world.project_id}/documents"
    tried = await world["member"].request("POST", f"{path}?dry_run=true", files={"file": ("a.pdf", CONTENT)})
    assert tried.status_code == 200
    assert (await world["member"].get(path)).json()["data"] == []


async def test_what_comes_out_is_what_went_in(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    answer = await upload(world["member"], world)
    assert answer.status_code == 201, answer.text
    document = answer.json()
    sha256 = hashlib.sha256(CONTENT)
    assert answer.headers["location"] == f"/v1/documents/{document['id']}"
    assert (document["number"], document["size"], document["sha256"]) == (1, len(CONTENT), sha256.hexdigest())
    assert (document["media_type"], document["shared_with_guests"]) == ("application/pdf", False)
    assert "storage_key" not in document
    download = await content_of(world["stakeholder"], document)
    assert (download.status_code, download.content) == (200, CONTENT)
    digest = f"sha-256=:{base64.b64encode(sha256.digest()).decode()}:"
    assert download.headers["repr-digest"] == download.headers["content-digest"] == digest
    assert download.headers["etag"] == f'"{sha256.hexdigest()}"'
    assert download.headers["content-disposition"].startswith("attachment;")
    assert download.headers["x-content-type-options"] == "nosniff"
    known = await content_of(world["member"], document, {"If-None-Match": download.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


async def test_the_same_key_is_the_same_document_and_another_file_is_refused(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    headers = {"Idempotency-Key": "once"}
    first, again = [await upload(world["member"], world, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    other = await upload(world["member"], world, b"something else", headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len((await world["member"].get(f"/v1/projects/{world.project_id}/documents")).json()["data"]) == 1
    assert len(await stored_files(coordination, world)) == 1


async def test_a_dry_run_leaves_neither_row_nor_bytes(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    path = f"/v1/projects/{world.project_id}/documents"
    for flag in ("true", "1"):
        answer = await world["member"].request("POST", f"{path}?dry_run={flag}", files={"file": ("a.pdf", CONTENT)})
        assert (answer.status_code, answer.headers["tandem-effect"]) == (200, "none")
    assert (await world["member"].get(path)).json()["data"] == []
    assert await stored_files(coordination, world) == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/shadow", "shadow"),
        ("CON", "_CON"),
        ("report.pdf...", "report.pdf"),
        ("innocent\u202efdp.exe", "innocentfdp.exe"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("a;b=c.pdf", "a;b=c.pdf"),
        ("møte.pdf", "møte.pdf"),
    ],
)
async def test_a_hostile_name_becomes_a_plain_one_and_one_header(
    coordination: ServiceUnderTest, sent: str, shown: str
) -> None:
    world = await coordination.world(make_policy())
    answer = await upload(world["member"], world, filename=sent, fields={})
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert (document["filename"], document["title"]) == (shown, shown)
    download = await content_of(world["member"], document)
    assert len(download.headers.get_list("content-disposition")) == 1
    assert "\n" not in download.headers["content-disposition"]
    (file,) = await stored_files(coordination, world)
    assert file.name.isalnum()
    assert len(file.name) == 40


@pytest.mark.parametrize(
    ("filename", "content", "media_type"),
    [
        ("page.html", b"<html><script>alert(1)</script>", "application/octet-stream"),
        ("notes.txt", b"<html><script>alert(1)</script>", "application/octet-stream"),
        ("image.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "application/octet-stream"),
        ("picture.html", b"\x89PNG\r\n\x1a\n<script>", "image/png"),
        ("notes.txt", b"only words\n", "text/plain"),
        (
            "plan.docx",
            b"PK\x03\x04 an archive",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    ],
)
async def test_the_type_is_what_the_bytes_say_and_never_one_that_runs(
    coordination: ServiceUnderTest, filename: str, content: bytes, media_type: str
) -> None:
    world = await coordination.world(make_policy())
    document = (await upload(world["member"], world, content, filename=filename, media_type="text/html")).json()
    assert document["media_type"] == media_type
    download = await content_of(world["member"], document)
    assert download.headers["content-type"] == media_type
    assert download.headers["content-security-policy"] == "default-src 'none'; sandbox"


async def test_of_two_versions_with_one_base_one_is_refused(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    document = (await upload(world["member"], world)).json()
    unnamed = await world["member"].request(
        "POST", f"/v1/documents/{document['id']}/versions", files={"file": ("a", b"a")}
    )
    assert unnamed.status_code == 428
    answers = await asyncio.gather(
        *(add_version(world["member"], document, f"revision {n}".encode()) for n in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 412]
    current = (await world["member"].get(f"/v1/documents/{document['id']}")).json()
    assert current["number"] == 2
    versions = (await world["member"].get(f"/v1/documents/{document['id']}/versions")).json()["data"]
    assert [version["number"] for version in versions] == [1, 2]
    assert versions[1]["sha256"] == current["sha256"]
    assert (await content_of(world["member"], document)).content == CONTENT
    assert len(await stored_files(coordination, world)) == 2


async def test_a_range_is_one_range_or_none(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    document = (await upload(world["member"], world)).json()
    part = await content_of(world["member"], document, {"Range": "bytes=5-8"})
    assert (part.status_code, part.content) == (206, CONTENT[5:9])
    assert part.headers["content-range"] == f"bytes 5-8/{len(CONTENT)}"
    assert "content-digest" not in part.headers
    for asked in ("bytes=9999-", "bytes=0-1,3-4", "bytes=" + "0-1," * 10_000, "bytes=8-5"):
        refused = await content_of(world["member"], document, {"Range": asked})
        assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")
    other = await content_of(world["member"], document, {"Range": "bytes=5-8", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, CONTENT)


async def test_damaged_bytes_never_leave(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    document = (await upload(world["member"], world)).json()
    (file,) = await stored_files(coordination, world)
    await asyncio.to_thread(file.write_bytes, CONTENT[:-1] + b"B")
    for headers in ({}, {"Range": "bytes=0-3"}):
        answer = await content_of(world["member"], document, headers)
        assert (answer.status_code, answer.json()["code"]) == (500, "document_damaged")
    await asyncio.to_thread(file.unlink)
    assert (await content_of(world["member"], document)).json()["code"] == "document_damaged"


async def test_guests_see_only_what_is_shared_with_them(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    shared, kept = [(await upload(world["member"], world)).json() for _ in range(2)]
    path = f"/v1/projects/{world.project_id}/documents"
    assert (await world["guest"].get(path)).json()["data"] == []
    answer = await world["manager"].patch(f"/v1/documents/{shared['id']}", {"shared_with_guests": True}, 1)
    assert answer.status_code == 200, answer.text
    seen = (await world["guest"].get(path)).json()["data"]
    assert [document["id"] for document in seen] == [shared["id"]]
    assert (await world["guest"].get(f"/v1/documents/{shared['id']}")).status_code == 200
    assert (await world["guest"].get(f"/v1/documents/{shared['id']}/versions")).status_code == 200
    assert (await content_of(world["guest"], shared)).content == CONTENT
    for hidden in (
        f"/v1/documents/{kept['id']}",
        f"/v1/documents/{kept['id']}/versions",
        f"/v1/document-versions/{kept['document_version_id']}",
        f"/v1/document-versions/{kept['document_version_id']}/content",
    ):
        for caller in (world["guest"], world["stranger"], world.foreigner()):
            assert (await caller.get(hidden)).status_code == 404
    assert (
        await world["manager"].patch(f"/v1/documents/{shared['id']}", {"shared_with_guests": False}, 2)
    ).status_code == 200
    assert (await content_of(world["guest"], shared)).status_code == 404
    facts = await facts_of(coordination, world)
    assert [(fact["type"].rpartition(".")[2], fact["audience"]) for fact in facts] == [
        ("uploaded", "members"),
        ("uploaded", "members"),
        ("shared", "guests"),
        ("unshared", "guests"),
    ]


async def test_sharing_is_not_a_coordinators_to_decide(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    document = (await upload(world["coordinator"], world)).json()
    path = f"/v1/documents/{document['id']}"
    refused = await world["coordinator"].patch(path, {"shared_with_guests": True}, 1)
    assert (refused.status_code, refused.json()["code"]) == (403, "authority_required")
    assert refused.json()["kinds"] == ["document.write", "document.share_external"]
    renamed = await world["coordinator"].patch(path, {"title": "Renamed", "folder": "Drawings/2026"}, 1)
    assert (renamed.status_code, renamed.json()["folder"]) == (200, "Drawings/2026")
    shared = await world["manager"].patch(path, {"shared_with_guests": True}, 2)
    version = await add_version(world["coordinator"], shared.json(), b"what guests would see at once")
    assert (version.status_code, version.json()["code"]) == (403, "authority_required")
    assert version.json()["proposable"] is False
    assert (await world["coordinator"].patch(path, {"shared_with_guests": False}, 3)).status_code == 200


def part(disposition: str, content: bytes = b"x") -> bytes:
    return f"--b\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"


FILE_PART = part('form-data; name="file"; filename="a.pdf"', CONTENT)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        FILE_PART[:60],
        FILE_PART[:-10],
        FILE_PART,
        FILE_PART + part('form-data; name="title"'),
        FILE_PART + FILE_PART + b"--b--\r\n",
        part('form-data; name="file"') + b"--b--\r\n",
        part("form-data") + FILE_PART + b"--b--\r\n",
        part('form-data; name="title"', b"\x00") + FILE_PART + b"--b--\r\n",
        part('form-data; name="title"', b"\xff") + FILE_PART + b"--b--\r\n",
        FILE_PART + part('form-data; name="title"', bytes(100_000)) + b"--b--\r\n",
        b"".join(part(f'form-data; name="f{n}"') for n in range(1000)) + FILE_PART + b"--b--\r\n",
        part("form-data; " + "x" * 1_000_000) + FILE_PART + b"--b--\r\n",
    ],
)
async def test_a_broken_form_is_malformed_and_leaves_nothing(coordination: ServiceUnderTest, body: bytes) -> None:
    world = await coordination.world(make_policy())
    path = f"/v1/projects/{world.project_id}/documents"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await world["member"].request("POST", path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert await stored_files(coordination, world) == []
    assert (await world["member"].get(path)).json()["data"] == []


async def test_fields_may_stand_behind_the_file(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    path = f"/v1/projects/{world.project_id}/documents"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = FILE_PART + part('form-data; name="title"', "Møte".encode()) + b"--b--\r\n"
    answer = await world["member"].request("POST", path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["title"], answer.json()["size"]) == (201, "Møte", len(CONTENT))


async def test_a_large_file_passes_through_in_pieces(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    content = bytes(range(256)) * 40_000
    document = (await upload(world["member"], world, content, filename="scan.bin")).json()
    assert (document["size"], document["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert (await content_of(world["member"], document)).content == content
    middle = await content_of(world["member"], document, {"Range": "bytes=9000000-9000099"})
    assert middle.content == content[9_000_000:9_000_100]
