"""Orphaned files: what no row refers to goes after the grace period, and nothing else ever does."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.kernel import stored_files
from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.kernel.jobs import enqueue_job
from services.kernel.problems import Unavailable
from services.kernel.session import WriteSession
from services.kernel.storage import Storage, StoredObject, storage
from services.kernel.stored_files import OrphanCollection, keep_file, release_file
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

CONTENT = b"a drawing of the foundation"
NO_GRACE = timedelta(0)


@pytest.fixture
async def world(coordination: ServiceUnderTest) -> World:
    return await coordination.world(make_policy())


@pytest.fixture
def root(coordination: ServiceUnderTest) -> Path:
    url = coordination.service.settings.storage_url
    assert url is not None
    return Path(url.removeprefix("file://")) / "coordination"


def store_of(under_test: ServiceUnderTest) -> Storage:
    url = under_test.service.settings.storage_url
    assert url is not None
    return storage(url, under_test.service.name)


def collection(under_test: ServiceUnderTest, grace: timedelta = NO_GRACE) -> OrphanCollection:
    return OrphanCollection(under_test.service.database, store_of(under_test), grace)


async def put(under_test: ServiceUnderTest, tenant_id: UUID) -> StoredObject:
    async def content() -> AsyncIterator[bytes]:
        yield CONTENT

    return await store_of(under_test).put(tenant_id, content(), limit=1000)


async def upload(world: World, key: str) -> Any:
    return await world["member"].request(
        "POST",
        f"/v1/projects/{world.project_id}/documents",
        files={"file": ("foundation.pdf", CONTENT, "application/pdf")},
        headers={"Idempotency-Key": key},
    )


async def content_of(world: World, document: dict[str, Any]) -> bytes:
    answer = await world["member"].get(f"/v1/document-versions/{document['document_version_id']}/content")
    assert answer.status_code == 200, answer.text
    return bytes(answer.content)


def writing(world: World) -> Any:
    principal = Principal(world.tenant_id, world["member"].id)
    return world.under_test.service.database.write(principal)


async def commit_keeping(session: WriteSession, stored: StoredObject) -> None:
    await keep_file(session, stored)
    await session.commit()


async def test_a_file_that_a_row_refers_to_is_never_removed(world: World) -> None:
    document = (await upload(world, "kept")).json()
    for _ in range(2):
        await collection(world.under_test).run()
    assert await content_of(world, document) == CONTENT


async def test_a_file_of_a_tenant_that_the_database_does_not_know_is_left_alone(coordination: ServiceUnderTest) -> None:
    stored = await put(coordination, new_id())
    await collection(coordination).run()
    assert await store_of(coordination).exists(stored.key)


async def test_what_is_not_named_like_an_object_is_left_alone(world: World, root: Path) -> None:
    await put(world.under_test, world.tenant_id)
    note = root / str(world.tenant_id) / "read me.txt"
    note.write_text("put here by hand")
    await collection(world.under_test).run()
    assert note.exists()


async def test_an_orphan_is_removed_behind_the_grace_period_and_not_before(world: World, root: Path) -> None:
    stored = await put(world.under_test, world.tenant_id)
    patient = collection(world.under_test, timedelta(hours=72))
    await patient.run()
    assert await store_of(world.under_test).exists(stored.key)
    old = time.time() - timedelta(hours=72, minutes=1).total_seconds()
    os.utime(root / stored.key, (old, old))
    assert await patient.run() == 1
    assert not await store_of(world.under_test).exists(stored.key)


async def test_what_a_killed_process_left_half_written_goes_after_the_grace_period(world: World, root: Path) -> None:
    stored = await put(world.under_test, world.tenant_id)
    young, old = (root / f"{stored.key}#{number}" for number in (1, 2))
    for path in (young, old):
        path.write_bytes(b"half a file")
    then = time.time() - timedelta(hours=73).total_seconds()
    os.utime(old, (then, then))
    await collection(world.under_test, timedelta(hours=72)).run()
    assert (young.exists(), old.exists()) == (True, False)


@pytest.mark.parametrize("committed", [True, False])
async def test_a_collection_waits_for_an_upload_in_progress_and_takes_its_file_only_if_it_is_rolled_back(
    world: World, committed: bool
) -> None:
    stored = await put(world.under_test, world.tenant_id)
    async with writing(world) as session:
        await keep_file(session, stored)
        collecting = asyncio.create_task(collection(world.under_test).run())
        done, _ = await asyncio.wait({collecting}, timeout=0.5)
        assert not done, "it cannot know yet"
        if committed:
            await session.commit()
    await collecting
    assert await store_of(world.under_test).exists(stored.key) is committed


async def test_an_upload_whose_file_was_collected_meanwhile_is_to_be_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_at_once = Storage.put

    async def put_slowly(store: Storage, *arguments: Any, **options: Any) -> StoredObject:
        stored = await put_at_once(store, *arguments, **options)
        await collection(world.under_test).run()
        return stored

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", put_slowly)
        answer = await upload(world, "slow")
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    assert (await world["member"].get(f"/v1/projects/{world.project_id}/documents")).json()["data"] == []
    again = await upload(world, "slow")
    assert (again.status_code, await content_of(world, again.json())) == (201, CONTENT)


async def test_what_was_removed_is_never_referred_to(world: World) -> None:
    stored = await put(world.under_test, world.tenant_id)
    await collection(world.under_test).run()
    async with writing(world) as session:
        with pytest.raises(Unavailable):
            await keep_file(session, stored)


async def test_an_orphan_that_the_store_did_not_remove_is_removed_at_the_next_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await put(world.under_test, world.tenant_id)

    async def killed(store: Storage, key: str) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "delete", killed)
        with pytest.raises(asyncio.CancelledError):
            await collection(world.under_test).run()
    assert await store_of(world.under_test).exists(stored.key)
    await collection(world.under_test).run()
    assert not await store_of(world.under_test).exists(stored.key)


async def test_a_released_file_is_collected(world: World) -> None:
    stored = await put(world.under_test, world.tenant_id)
    async with writing(world) as session:
        await commit_keeping(session, stored)
    await collection(world.under_test).run()
    async with writing(world) as session:
        await release_file(session, stored.key)
        await session.commit()
    assert await store_of(world.under_test).exists(stored.key)
    await collection(world.under_test).run()
    assert not await store_of(world.under_test).exists(stored.key)


async def test_a_jobs_file_is_kept_while_the_job_waits_and_collected_when_it_is_cancelled(world: World) -> None:
    stored = await put(world.under_test, world.tenant_id)
    async with writing(world) as session:
        job_id = await enqueue_job(session, "never begun", {}, after=timedelta(hours=1))
        await keep_file(session, stored, job_id)
        await session.commit()
    await collection(world.under_test).run()
    assert await store_of(world.under_test).exists(stored.key)
    assert (await world["member"].delete(f"/v1/jobs/{job_id}")).status_code == 202
    await collection(world.under_test).run()
    assert not await store_of(world.under_test).exists(stored.key)


async def test_one_process_at_a_time_collects(world: World) -> None:
    stored = await put(world.under_test, world.tenant_id)
    async with world.under_test.service.database.background() as connection:
        await connection.execute("select pg_advisory_lock($1)", stored_files._LOCK)
        assert await collection(world.under_test).run() == 0
    assert await store_of(world.under_test).exists(stored.key)


async def test_the_housekeeping_collects_and_outlives_a_store_that_is_away(
    world: World, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    housekeeping = world.under_test.service._housekeeping
    stored = await put(world.under_test, world.tenant_id)
    old = datetime.now(UTC) - timedelta(hours=73)
    os.utime(root / stored.key, (old.timestamp(), old.timestamp()))
    with monkeypatch.context() as patch:
        patch.setattr("services.kernel.storage.obstore.list", _away)
        await housekeeping.collect_orphans()
    assert await store_of(world.under_test).exists(stored.key)
    await housekeeping.collect_orphans()
    assert not await store_of(world.under_test).exists(stored.key)


async def _away(*arguments: Any, **options: Any) -> AsyncIterator[list[Any]]:
    raise OSError("the store is away")
    yield []
