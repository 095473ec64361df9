"""Documents in a bucket of an S3 server: whole, verified, and none the worse for a server that was away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import LocalStack
from services.kernel.storage import StorageFailed, StoredObject, storage
from services.kernel.stored_files import OrphanCollection
from tests.conftest import running
from tests.factories.object_store import ObjectStore, running_object_store
from tests.factories.policies import make_policy
from tests.factories.world import World

CONTENT = b"%PDF-1.7 foundation drawings, revision A"
LARGE = bytes(range(256)) * 4 * 1024 * 10


@pytest.fixture
async def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ObjectStore]:
    async with running_object_store(tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
async def world(servers: LocalStack, bucket: ObjectStore) -> AsyncIterator[World]:
    # Without workers, since relay and jobs belong to the instance that the other tests share.
    settings = {"TANDEM_STORAGE_URL": bucket.url, "TANDEM_RUN_WORKERS": "false"}
    async with running("coordination", servers, {}, **settings) as under_test:
        yield await under_test.world(make_policy())


async def upload(world: World, content: bytes, key: str) -> Any:
    return await world["member"].request(
        "POST",
        f"/v1/projects/{world.project_id}/documents",
        files={"file": ("foundation.pdf", content, "application/pdf")},
        headers={"Idempotency-Key": key},
    )


async def content_of(world: World, document: dict[str, Any], **headers: str) -> Any:
    return await world["member"].get(
        f"/v1/document-versions/{document['document_version_id']}/content", headers=headers
    )


async def content_as_soon_as_there(world: World, document: dict[str, Any]) -> Any:
    """The download, once the server has found its volumes again."""
    async with asyncio.timeout(30):
        while (answer := await content_of(world, document)).status_code == 503:
            await asyncio.sleep(0.5)
    return answer


async def object_of(world: World) -> StoredObject:
    async with world.under_test.service.database.read(world.tenant_id) as session:
        row = await session.row("select key, size, sha256 from stored_files where tenant_id = $1", world.tenant_id)
    assert row is not None
    return StoredObject(**row)


async def test_a_bucket_takes_gives_and_verifies_documents_and_loses_its_orphans(
    world: World, bucket: ObjectStore
) -> None:
    answer = await upload(world, LARGE, "large")
    assert answer.status_code == 201, answer.text
    document = answer.json()
    whole = await content_of(world, document)
    assert (whole.status_code, whole.content == LARGE) == (200, True)
    part = await content_of(world, document, Range="bytes=1000-1255")
    assert (part.status_code, part.content) == (206, LARGE[1000:1256]), "a part is given once the whole is verified"
    store = storage(bucket.url, "coordination")
    await store.verify(await object_of(world))

    async def stream() -> AsyncIterator[bytes]:
        yield CONTENT

    orphan = await store.put(world.tenant_id, stream(), limit=1000)
    foreign = await storage(bucket.url, "planning").put(world.tenant_id, stream(), limit=1000)
    # A bucket dates its objects to the second.
    await asyncio.sleep(1.1)
    assert await OrphanCollection(world.under_test.service.database, store, timedelta(0)).run() == 1
    assert not await store.exists(orphan.key)
    assert await storage(bucket.url, "planning").exists(foreign.key), "another service's files are none of ours"
    assert (await content_of(world, document)).content == LARGE


async def test_a_bucket_that_is_away_is_503_and_nothing_is_lost(world: World, bucket: ObjectStore) -> None:
    document = (await upload(world, CONTENT, "kept")).json()
    await bucket.stop()
    for answer in (await upload(world, b"a second file", "again"), await content_of(world, document)):
        assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    with pytest.raises(StorageFailed):
        await OrphanCollection(
            world.under_test.service.database, storage(bucket.url, "coordination"), timedelta(0)
        ).run()
    listed = await world["member"].get(f"/v1/projects/{world.project_id}/documents")
    assert [each["id"] for each in listed.json()["data"]] == [document["id"]]

    await bucket.start()
    assert (await content_as_soon_as_there(world, document)).content == CONTENT
    again = await upload(world, b"a second file", "again")
    assert again.status_code == 201, again.text
    assert (await content_of(world, again.json())).content == b"a second file"
