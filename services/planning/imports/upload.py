"""A plan file on its way in: stored before the write's transaction begins, removed again when the write is refused."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter
from starlette.datastructures import UploadFile
from starlette.types import Message, Receive

from services.kernel.access import require_member
from services.kernel.downloads import clean_filename
from services.kernel.problems import Problem, TooLarge, Unavailable, UnsupportedMediaType, ValidationFailed, error_at
from services.kernel.requests import context_of
from services.kernel.storage import ObjectTooLarge, Storage, StorageFailed, StoredObject
from services.kernel.write import SAID, Replayed
from services.planning.imports.plan_import import MAXIMUM_FILE_BYTES, StoreNotConfigured

# Every spelling of a flag that the write itself accepts; by then it has refused all others.
_FLAG = TypeAdapter(bool)
_FRAMING_BYTES = 64 * 1024
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class PlanFile:
    """An uploaded file: where it lies and what its owner called it."""

    stored: StoredObject
    filename: str


async def receive_plan(request: Request, project_id: UUID) -> AsyncIterator[PlanFile]:
    """Receive and store the one file of a multipart form. Raises NotFound before a byte is read from a stranger."""
    context = context_of(request)
    principal = context.principal
    storage: Storage | None = context.service.resources
    await context.service.catch_up(request, principal)
    async with context.service.database.read(principal.tenant_id) as session:
        await require_member(session, principal, project_id)
    if storage is None:
        raise StoreNotConfigured
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMediaType(expected="multipart/form-data")
    limited = Request(request.scope, _limited(request.receive))
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
        upload = PlanFile(stored, clean_filename(file.filename or ""))
    said = {"filename": upload.filename, "sha256": stored.sha256}
    request.scope[SAID] = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    try:
        yield upload
    except Unavailable:
        # Whether the write was committed is not known, and a job without its file would be worse than a file too many.
        raise
    except (Problem, Replayed, RequestValidationError):
        await storage.discard(stored.key)
        raise
    if _FLAG.validate_python(request.query_params.get("dry_run", "false")):
        await storage.discard(stored.key)


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK_BYTES):
        yield chunk


def _limited(receive: Receive) -> Receive:
    """A receive that stops reading behind the largest file, whatever Content-Length promised."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > MAXIMUM_FILE_BYTES + _FRAMING_BYTES:
                raise TooLarge(limit=MAXIMUM_FILE_BYTES)
        return message

    return limited
