"""Files by URL, over obstore: a local folder or any S3-compatible bucket, written once and never changed.

An object becomes visible whole or not at all, under a random key that only this module makes. The database row that
names it is written afterwards, so there is no row without its bytes; bytes without a row are removed by `stored_files`.
"""

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from services.kernel.downloads import ByteRange

if TYPE_CHECKING:
    # obstore has these names for type checkers only.
    from obstore import GetOptions
    from obstore.store import S3Config

# Up to this size an object is written in one create-only call, and read and verified before its first byte is given out.
_SMALL_BYTES: Final = 8 * 1024 * 1024
_CHUNK_BYTES: Final = 256 * 1024
_PARTS_AT_ONCE: Final = 2

_KEY: Final = re.compile(r"[0-9a-f-]{36}/[0-9a-f]{2}/[0-9a-f]{40}")
# The local store writes beside the object first, under its key with this behind it.
_UNFINISHED: Final = re.compile(_KEY.pattern + r"#[0-9]+")
_PAGE_KEYS: Final = 500
_S3_OPTIONS: Final = frozenset({"region", "endpoint", "virtual_hosted_style_request"})


class StorageFailed(Exception):
    """The store did not do what was asked of it (unreachable, full, refused). Nothing new is visible in it."""


class ObjectTooLarge(Exception):
    """The stream went on after the limit; nothing of it was kept."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit: Final = limit


class ObjectMissing(Exception):
    """There is no object under this key."""


class ObjectDamaged(Exception):
    """The bytes are not those that were stored. What was read so far must not be taken for the object."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a row has to remember of an object: where it lies, how long it is (bytes) and what it must hash to (hex)."""

    key: str
    size: int
    sha256: str


class Storage:
    """One store. `root` is its folder where it is a local one, and None otherwise."""

    def __init__(self, store: ObjectStore, root: Path | None = None) -> None:
        self._store = store
        self._root = root

    async def put(self, tenant_id: UUID, stream: AsyncIterable[bytes], *, limit: int) -> StoredObject:
        """Store what the stream gives, hashing it on the way, and return when it is durable.

        At most 16 MiB or so are held in memory. Raises ObjectTooLarge as soon as `limit` bytes are exceeded,
        StorageFailed, and whatever the stream raises; after any of these, or a cancellation, nothing is visible.
        """
        meter = _Meter(stream, limit)
        token = secrets.token_hex(20)
        key = f"{tenant_id}/{token[:2]}/{token}"
        head = bytearray()
        async for chunk in meter:
            head += chunk
            if len(head) > _SMALL_BYTES:
                await self._put_large(key, bytes(head), meter)
                break
        else:
            with _typed_failures():
                await obstore.put_async(self._store, key, bytes(head), mode="create")
        if self._root is not None:
            # The local store renames without a sync, and a row must not outlive its bytes in a power failure.
            await asyncio.to_thread(_sync_to_disk, self._root, key)
        return StoredObject(key, meter.size, meter.sha256)

    async def _put_large(self, key: str, head: bytes, rest: "_Meter") -> None:
        """Write in parts that become visible together. The key's 160 random bits are what keeps it from overwriting."""

        async def parts() -> AsyncIterator[bytes]:
            yield head
            async for chunk in rest:
                yield chunk

        try:
            with _typed_failures():
                await obstore.put_async(
                    self._store,
                    key,
                    parts(),
                    chunk_size=_SMALL_BYTES,
                    max_concurrency=_PARTS_AT_ONCE,
                    use_multipart=True,
                )
        except (StorageFailed, ObjectMissing):
            if rest.failure is not None:
                # The store hands the stream's own error through; a client that went away is no failure of the store.
                raise rest.failure from None
            raise

    async def open(self, stored: StoredObject, byte_range: ByteRange | None = None) -> AsyncIterator[bytes]:
        """The object's bytes, or those of one range of it.

        A whole read is verified: up to 8 MiB before this returns, larger ones while they stream, holding back the last
        chunk until the hash is right, so that a damaged object never arrives complete. A range is only checked for the
        object's size; `verify` first where that is not enough.

        Raises ObjectMissing, ObjectDamaged and StorageFailed, from here or from the iterator.
        """
        key = _checked(stored.key)
        with _typed_failures():
            # A range is asked for only once the size is known to be right: stores answer a range beyond the end
            # each in its own way.
            meta = await obstore.head_async(self._store, key)
            if meta["size"] != stored.size:
                raise ObjectDamaged(key)
            options: GetOptions = {} if byte_range is None else {"range": (byte_range.start, byte_range.end)}
            result = await obstore.get_async(self._store, key, options=options)
        chunks = _typed(result.stream(min_chunk_size=_CHUNK_BYTES))
        if byte_range is not None:
            return chunks
        verified = _verified(chunks, stored)
        if stored.size > _SMALL_BYTES:
            return verified
        return _replayed([chunk async for chunk in verified])

    async def verify(self, stored: StoredObject) -> None:
        """Read the whole object and compare. Raises ObjectMissing, ObjectDamaged and StorageFailed."""
        async for _ in await self.open(stored):
            pass

    async def exists(self, key: str) -> bool:
        """Whether there is an object under this key."""
        try:
            with _typed_failures():
                await obstore.head_async(self._store, _checked(key))
        except ObjectMissing:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Remove the object; removing what is not there is no error."""
        with suppress(ObjectMissing), _typed_failures():
            await obstore.delete_async(self._store, _checked(key))

    async def discard(self, key: str) -> None:
        """Remove what nothing came to refer to. A store that is away keeps it until the orphans are collected."""
        with suppress(StorageFailed):
            await self.delete(key)

    async def keys(self, stored_before: datetime) -> AsyncIterator[Sequence[str]]:
        """The keys of all objects that were stored before an instant, in pages. Raises StorageFailed from the iterator.

        What is not named like an object of ours is left out, so that nobody takes it for one.
        """
        with _typed_failures():
            async for page in obstore.list(self._store, chunk_size=_PAGE_KEYS):
                yield [
                    meta["path"]
                    for meta in page
                    if meta["last_modified"] < stored_before and _KEY.fullmatch(meta["path"])
                ]

    async def remove_unfinished(self, begun_before: datetime) -> int:
        """Remove what killed processes have left of uploads that never became objects; answers how many there were.

        A folder has them as files beside the objects. A bucket has a rule of its own for them (AbortIncompleteMultipartUpload).
        """
        if self._root is None:
            return 0
        with _typed_failures():
            return await asyncio.to_thread(_remove_unfinished, self._root, begun_before)


class _Meter:
    """Counts and hashes a stream while it passes, and stops it at the limit."""

    def __init__(self, stream: AsyncIterable[bytes], limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._hash = hashlib.sha256()
        self._chunks = self._metered()
        self.size = 0
        self.failure: Exception | None = None

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def _metered(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                self.size += len(chunk)
                if self.size > self._limit:
                    raise ObjectTooLarge(self._limit)
                self._hash.update(chunk)
                yield chunk
        except Exception as error:
            self.failure = error
            raise


@contextmanager
def _typed_failures() -> Iterator[None]:
    """Turn the store's errors into this module's."""
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing from error
    except (BaseError, OSError) as error:
        raise StorageFailed(type(error).__name__) from error


async def _typed(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with _typed_failures():
        async for chunk in chunks:
            yield bytes(chunk)


async def _verified(chunks: AsyncIterator[bytes], stored: StoredObject) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    held_back = b""
    async for chunk in chunks:
        digest.update(chunk)
        if held_back:
            yield held_back
        held_back = chunk
    if digest.hexdigest() != stored.sha256:
        raise ObjectDamaged(stored.key)
    if held_back:
        yield held_back


async def _replayed(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key of this store: {key!r}")
    return key


def _sync_to_disk(root: Path, key: str) -> None:
    """Make the object and the folders that lead to it survive a power failure."""
    path = root / key
    for entry in (path, *list(path.parents)[: len(Path(key).parts)]):
        descriptor = os.open(entry, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_unfinished(root: Path, begun_before: datetime) -> int:
    removed = 0
    for path in root.rglob("*#*"):
        if not _UNFINISHED.fullmatch(path.relative_to(root).as_posix()):
            continue
        with suppress(FileNotFoundError):
            # It is written to until it is finished, so that its last change tells of an upload that goes on.
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < begun_before:
                path.unlink()
                removed += 1
    return removed


def storage(url: str, service: str) -> Storage:
    """A service's own part of the store that a setting names. Raises ValueError for anything else.

    Nothing but the service's rows tells which of its objects are wanted, so no two services share a part.

    - `file:///absolute/folder` (made where it does not exist)
    - `s3://bucket/prefix?region=…&endpoint=…&virtual_hosted_style_request=true`; credentials and what is not said
      here come from the usual AWS_… variables of the environment
    - `memory://` for tests
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.scheme == "memory" and not options:
        return Storage(MemoryStore())
    if parts.scheme == "file" and not parts.netloc and not options:
        folder = Path(unquote(parts.path))
        if folder.is_absolute() and folder != Path("/"):
            root = folder / service
            root.mkdir(parents=True, exist_ok=True)
            return Storage(LocalStore(root), root)
    if parts.scheme == "s3" and parts.hostname and options.keys() <= _S3_OPTIONS:
        prefix = f"{unquote(parts.path).strip('/')}/{service}".lstrip("/")
        return Storage(_bucket(parts.netloc, prefix, options))
    raise ValueError("files go to file:///absolute/folder or s3://bucket/prefix?region=…&endpoint=…")


def _bucket(bucket: str, prefix: str, options: dict[str, str]) -> S3Store:
    return S3Store(
        bucket,
        prefix=prefix,
        config=cast("S3Config", options),
        client_options={
            "allow_http": options.get("endpoint", "").startswith("http://"),
            "connect_timeout": "2s",
            # The library counts the reading of the whole body in, so this is the bound for the largest download.
            "timeout": "600s",
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
    )
