"""A plan file on its way in: stored before the write's transaction begins, removed again when the write is refused."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.types import Message, Receive

from services.kernel.access import require_member
from services.kernel.downloads import clean_filename
from services.kernel.problems import (
    Problem,
    TooLarge,
    Unavailable,
    UnknownReference,
    UnsupportedMediaType,
    ValidationFailed,
    error_at,
)
from services.kernel.requests import context_of
from services.kernel.storage import (
    ObjectDamaged,
    ObjectMissing,
    ObjectTooLarge,
    Storage,
    StorageFailed,
    StoredObject,
)
from services.kernel.write import SAID, Replayed
from services.planning.imports.file_plan import FilePlan, Reading
from services.planning.imports.plan_import import MAXIMUM_FILE_BYTES, StoreNotConfigured, UnreadablePlan
from services.planning.imports.reading import read_apart
from services.planning.imports.record_stream import UnreadableFile
from services.planning.imports.repository import mapping_document, reading_of
from services.planning.schedule.task import MAXIMUM_TASKS

# Every spelling of a flag that the write itself accepts; by then it has refused all others.
_FLAG = TypeAdapter(bool)
_FRAMING_BYTES = 64 * 1024
_CHUNK_BYTES = 256 * 1024
# The last boundary is at most 76 bytes, and hardly anybody writes an epilogue.
_END_BYTES = 1024


@dataclass(frozen=True, slots=True)
class PlanFile:
    """An uploaded file: where it lies and what its owner called it."""

    stored: StoredObject
    filename: str
    reading: Reading
    plan: FilePlan | None = None


MappingId = Annotated[
    UUID | None, Query(description="How a CSV or XLSX is to be read: an import-mapping of the same project.")
]


async def receive_plan(request: Request, project_id: UUID, mapping_id: MappingId = None) -> AsyncIterator[PlanFile]:
    """Receive and store the one file of a multipart form, and read it at once when that is all that is wanted.

    Raises NotFound before a byte is read from a stranger, and UnreadablePlan in a dry run.
    """
    context = context_of(request)
    principal = context.principal
    storage: Storage | None = context.service.resources
    await context.service.catch_up(request, principal)
    async with context.service.database.read(principal.tenant_id) as session:
        await require_member(session, principal, project_id)
        zone, minutes_per_day = await reading_of(session, project_id)
        mapping = None if mapping_id is None else await mapping_document(session, project_id, mapping_id)
    if mapping_id is not None and mapping is None:
        raise UnknownReference("mapping_id")
    reading = Reading(zone, minutes_per_day, MAXIMUM_TASKS, MAXIMUM_FILE_BYTES, mapping)
    if storage is None:
        raise StoreNotConfigured
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMediaType(expected="multipart/form-data")
    limited = Request(request.scope, _limited(request.receive, request.headers["content-type"]))
    async with limited.form(max_files=1, max_fields=1, max_part_size=_FRAMING_BYTES) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or len(form) != 1:
            raise ValidationFailed(errors=[error_at("/file", "missing", "the form holds one file of this name")])
        try:
            stored = await storage.put(principal.tenant_id, _chunks(file), limit=MAXIMUM_FILE_BYTES)
        except ObjectTooLarge as error:
            raise TooLarge(limit=error.limit) from error
        except StorageFailed as error:
            raise Unavailable from error
        upload = PlanFile(stored, clean_filename(file.filename or ""), reading)
    said = {"filename": upload.filename, "sha256": stored.sha256}
    request.scope[SAID] = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    dry_run = _is_dry(request)
    try:
        if dry_run:
            lib = context.service.settings.mpxj_lib
            # Before the transaction begins, which must not wait for a file to be read.
            upload = replace(upload, plan=await read_stored(storage, stored, upload.filename, reading, lib))
        yield upload
    except Unavailable:
        # Whether the write was committed is not known, and a job without its file would be worse than a file too many.
        raise
    except (Problem, Replayed, RequestValidationError):
        await storage.discard(stored.key)
        raise
    if dry_run:
        await storage.discard(stored.key)


async def read_stored(
    storage: Storage, stored: StoredObject, filename: str, reading: Reading, mpxj_lib: str | None
) -> FilePlan:
    """What the stored file holds. Raises UnreadablePlan with the place, Unavailable while the store is away."""
    try:
        content = b"".join([chunk async for chunk in await storage.open(stored)])
    except (ObjectMissing, ObjectDamaged) as error:
        reason = "the stored file is damaged; upload it again"
        raise UnreadablePlan.of(UnreadableFile("file_damaged", reason, 1, place="the file")) from error
    except StorageFailed as error:
        raise Unavailable from error
    try:
        return await read_apart(content, filename, reading, mpxj_lib=mpxj_lib)
    except UnreadableFile as error:
        raise UnreadablePlan.of(error) from error


def _is_dry(request: Request) -> bool:
    """As the write will read it; what it cannot read is refused there."""
    try:
        return _FLAG.validate_python(request.query_params.get("dry_run", "false"))
    except ValidationError:
        return False


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK_BYTES):
        yield chunk


def _limited(receive: Receive, content_type: str) -> Receive:
    """A receive that stops reading behind the largest file, whatever Content-Length promised, and refuses a form without
    an end: the reader of forms would take the half of it and keep its file open."""
    taken, tail = 0, b""
    end = b"--" + parse_options_header(content_type)[1].get(b"boundary", b"") + b"--"

    async def limited() -> Message:
        nonlocal taken, tail
        message = await receive()
        if message["type"] == "http.request":
            body = message.get("body", b"")
            taken += len(body)
            if taken > MAXIMUM_FILE_BYTES + _FRAMING_BYTES:
                raise TooLarge(limit=MAXIMUM_FILE_BYTES)
            tail = (tail + body)[-_END_BYTES:]
            if not message.get("more_body", False) and end not in tail:
                raise ValidationFailed(errors=[error_at("/file", "missing", "the form has no end")])
        return message

    return limited
