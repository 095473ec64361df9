"""Storage (F07, F11, F12): an object is there whole, as it was given, or not at all."""

import asyncio
import contextlib
import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.kernel.downloads import ByteRange
from services.kernel.ids import new_id
from services.kernel.storage import (
    ObjectDamaged,
    ObjectMissing,
    ObjectTooLarge,
    Storage,
    StorageFailed,
    StoredObject,
    storage,
)
from tests.factories.object_store import ObjectStore, running_object_store

TENANT = UUID("0190a5f0-0000-7000-8000-000000000001")
MIB = 1024 * 1024
LARGE = 20 * MIB
SMALL = 3 * MIB


@pytest.fixture(scope="session")
async def object_store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ObjectStore]:
    async with running_object_store(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["folder", "memory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    if request.param != "bucket":
        return storage(f"file://{tmp_path}/files%20here" if request.param == "folder" else "memory://", "planning")
    return bucket(request.getfixturevalue("object_store"), monkeypatch)


def bucket(server: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Storage:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return storage(server.url, "planning")


@pytest.fixture
def folder(tmp_path: Path) -> Storage:
    return storage(f"file://{tmp_path}", "planning")


async def chunks(size: int, *, fails_at: int | None = None) -> AsyncIterator[bytes]:
    """`size` bytes of which no two mebibytes are the same."""
    for number in range(0, size, MIB):
        if fails_at is not None and number >= fails_at:
            raise ConnectionResetError("the client is gone")
        yield bytes([number // MIB % 251]) * min(MIB, size - number)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def read(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in stream])


@pytest.mark.parametrize("size", [0, 1, SMALL, 8 * MIB, 8 * MIB + 1, LARGE])
async def test_what_was_put_is_read_back_and_known_by_size_and_hash(store: Storage, size: int) -> None:
    stored = await store.put(TENANT, chunks(size), limit=LARGE)

    content = await read(chunks(size))
    assert stored.size == size
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.key.startswith(f"{TENANT}/")
    assert await read(await store.open(stored)) == content
    assert await store.exists(stored.key)


async def test_the_same_bytes_twice_are_two_objects(store: Storage) -> None:
    first = await store.put(TENANT, chunks(10), limit=10)
    second = await store.put(TENANT, chunks(10), limit=10)

    assert first.sha256 == second.sha256
    assert first.key != second.key


@pytest.mark.parametrize("limit", [SMALL - 1, LARGE - 1])
async def test_one_byte_over_the_limit_leaves_nothing(folder: Storage, tmp_path: Path, limit: int) -> None:
    with pytest.raises(ObjectTooLarge) as refusal:
        await folder.put(TENANT, chunks(limit + 1), limit=limit)

    assert refusal.value.limit == limit
    assert files_in(tmp_path) == []


async def test_an_endless_stream_is_not_read_beyond_the_limit(folder: Storage) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += MIB
            yield b"x" * MIB

    with pytest.raises(ObjectTooLarge):
        await folder.put(TENANT, endless(), limit=10 * MIB)
    assert taken == 11 * MIB


@pytest.mark.parametrize("fails_at", [0, MIB, LARGE - MIB])
async def test_an_upload_cut_off_leaves_nothing_and_says_why(folder: Storage, tmp_path: Path, fails_at: int) -> None:
    with pytest.raises(ConnectionResetError):
        await folder.put(TENANT, chunks(LARGE, fails_at=fails_at), limit=LARGE)

    assert files_in(tmp_path) == []


async def test_a_cancelled_upload_leaves_nothing(folder: Storage, tmp_path: Path) -> None:
    half_way = asyncio.Event()

    async def stalls() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b"x" * MIB
        half_way.set()
        await asyncio.Event().wait()

    putting = asyncio.ensure_future(folder.put(TENANT, stalls(), limit=LARGE))
    await asyncio.wait_for(half_way.wait(), 10)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting

    async with asyncio.timeout(5):
        # The library's own threads let go of the unfinished file a moment after the cancellation.
        while files_in(tmp_path):
            await asyncio.sleep(0.01)


async def test_a_process_killed_in_the_middle_of_an_upload_leaves_no_visible_object(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from uuid import UUID
from services.kernel.storage import storage

async def stalls():
    for _ in range(12):
        yield b"x" * {MIB}
    print("half way", flush=True)
    await asyncio.Event().wait()

asyncio.run(storage(sys.argv[1], "planning").put(UUID("{TENANT}"), stalls(), limit={LARGE}))
"""
    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, f"file://{tmp_path}", stdout=asyncio.subprocess.PIPE, cwd=root
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 20) == b"half way\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()

    leftovers = [str(path.relative_to(tmp_path / "planning")) for path in files_in(tmp_path)]
    store = storage(f"file://{tmp_path}", "planning")
    for name in leftovers:
        assert "#" in name, "only the library's staging name, which no key can have"
        assert not await store.exists(name.partition("#")[0])
    assert await store.remove_unfinished(datetime.now(UTC) - timedelta(hours=1)) == 0, "it might be an upload under way"
    assert await store.remove_unfinished(datetime.now(UTC)) == len(leftovers)
    assert files_in(tmp_path) == []
    assert await read(await store.open(await store.put(TENANT, chunks(10), limit=10)))


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_flipped_byte_is_found_and_the_object_never_arrives_whole(
    folder: Storage, tmp_path: Path, size: int
) -> None:
    stored = await folder.put(TENANT, chunks(size), limit=size)
    path = tmp_path / "planning" / stored.key
    content = bytearray(path.read_bytes())
    content[size // 2] ^= 1
    path.write_bytes(content)

    received = bytearray()

    async def download() -> None:
        async for chunk in await folder.open(stored):
            received.extend(chunk)

    with pytest.raises(ObjectDamaged):
        await download()
    assert len(received) < size
    with pytest.raises(ObjectDamaged):
        await folder.verify(stored)


async def test_a_small_damaged_object_gives_out_no_byte_at_all(folder: Storage, tmp_path: Path) -> None:
    stored = await folder.put(TENANT, chunks(SMALL), limit=SMALL)
    (tmp_path / "planning" / stored.key).write_bytes(b"y" * SMALL)

    with pytest.raises(ObjectDamaged):
        await folder.open(stored)


async def test_a_shortened_object_is_damaged_for_a_range_too(folder: Storage, tmp_path: Path) -> None:
    stored = await folder.put(TENANT, chunks(SMALL), limit=SMALL)
    os.truncate(tmp_path / "planning" / stored.key, 100)

    for byte_range in (None, ByteRange(0, 10), ByteRange(1000, 2000)):
        with pytest.raises(ObjectDamaged):
            await folder.open(stored, byte_range)


async def test_a_range_gives_its_bytes_and_no_others(store: Storage) -> None:
    stored = await store.put(TENANT, chunks(SMALL), limit=SMALL)
    content = await read(chunks(SMALL))

    for byte_range in (ByteRange(0, 1), ByteRange(MIB - 5, MIB + 5), ByteRange(SMALL - 1, SMALL)):
        part = await read(await store.open(stored, byte_range))
        assert part == content[byte_range.start : byte_range.end]


async def test_a_deleted_object_is_missing_and_may_be_deleted_again(store: Storage) -> None:
    stored = await store.put(TENANT, chunks(10), limit=10)

    await store.delete(stored.key)
    await store.delete(stored.key)

    assert not await store.exists(stored.key)
    with pytest.raises(ObjectMissing):
        await store.open(stored)


async def test_the_objects_that_were_stored_before_an_instant_are_listed(
    store: Storage,
) -> None:
    tenant_id = new_id()
    stored = [await store.put(tenant_id, chunks(10), limit=10) for _ in range(3)]
    await asyncio.sleep(1.1)  # a bucket dates its objects to the second

    async def listed(before: datetime) -> set[str]:
        return {key async for page in store.keys(before) for key in page if key.startswith(str(tenant_id))}

    now = datetime.now(UTC)
    assert await listed(now) == {each.key for each in stored}
    assert await listed(now - timedelta(hours=1)) == set()
    await store.delete(stored[0].key)
    assert await listed(now) == {each.key for each in stored[1:]}


@pytest.mark.parametrize("key", ["", "../x", "a/b", f"{TENANT}/../../etc/passwd", f"{TENANT}/aa/" + "g" * 40])
async def test_a_key_that_this_store_never_made_is_not_looked_for(store: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await store.exists(key)
    with pytest.raises(ValueError, match="not a key"):
        await store.delete(key)
    with pytest.raises(ValueError, match="not a key"):
        await store.open(StoredObject(key, 1, ""))


async def test_a_store_that_cannot_be_written_fails_typed(tmp_path: Path) -> None:
    store = storage(f"file://{tmp_path}", "planning")
    (tmp_path / "planning").rmdir()
    (tmp_path / "planning").write_bytes(b"not a folder")

    with pytest.raises(StorageFailed):
        await store.put(TENANT, chunks(10), limit=10)


async def test_a_bucket_that_cannot_be_reached_fails_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()
    store = storage(f"s3://bucket/files?region=eu-north-1&endpoint={endpoint}", "planning")

    with pytest.raises(StorageFailed):
        await asyncio.wait_for(store.put(TENANT, chunks(10), limit=10), 60)


async def opened(store: Storage, kept: StoredObject) -> AsyncIterator[bytes]:
    """The object, as soon as the server has found its volumes again."""
    for _ in range(20):
        with contextlib.suppress(StorageFailed, ObjectMissing):
            return await store.open(kept)
        await asyncio.sleep(0.5)
    return await store.open(kept)


async def test_a_bucket_keeps_what_was_put_when_its_server_goes_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_object_store(tmp_path) as server:
        store = bucket(server, monkeypatch)
        kept = await store.put(TENANT, chunks(LARGE), limit=LARGE)
        await server.stop()
        with pytest.raises(StorageFailed):
            await asyncio.wait_for(store.put(TENANT, chunks(10), limit=10), 60)
        await server.start()
        assert await read(await opened(store, kept)) == await read(chunks(LARGE))


async def test_an_upload_into_a_bucket_that_is_cut_off_is_no_object(
    object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = bucket(object_store, monkeypatch)
    with pytest.raises(ConnectionResetError):
        await store.put(TENANT, chunks(LARGE, fails_at=LARGE - MIB), limit=LARGE)
    with pytest.raises(ObjectTooLarge):
        await store.put(TENANT, chunks(LARGE), limit=LARGE - 1)


@pytest.mark.parametrize(
    "url",
    ["", "/srv/files", "file://", "file:///", "file://host/x", "file:///x?y=z", "s3://", "s3://b?color=red", "ftp://x"],
)
def test_a_setting_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="files go to"):
        storage(url, "planning")
