"""A file on its way in: read in pieces, stored first, and named by a row only afterwards.

The upload is received before the write's transaction begins, so that no database connection waits for a slow client.
If nothing comes of the write, the stored object is removed again; what a crash in between leaves is collected as an orphan.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.coordination.documents import repository
from services.coordination.documents.document import MOST_BYTES
from services.coordination.documents.form import FileForm
from services.coordination.documents.media_type import HEAD_BYTES, detect
from services.coordination.documents.schemas import NewDocument, NewVersion
from services.coordination.resources import Resources
from services.kernel.access import require_member
from services.kernel.downloads import clean_filename
from services.kernel.problems import Problem, TooLarge, Unavailable
from services.kernel.requests import context_of
from services.kernel.storage import ObjectTooLarge, Storage, StorageFailed, StoredObject
from services.kernel.write import SAID, Replayed

F = TypeVar("F", bound=BaseModel)
# Every spelling of a flag that the write itself accepts; by then it has refused all others.
_FLAG = TypeAdapter(bool)
# Besides the file a form holds a few short fields; this is room for them and for the form's own framing.
_FRAMING_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Upload(Generic[F]):
    """A stored file, what it is, and the fields that came with it."""

    stored: StoredObject
    filename: str
    media_type: str
    fields: F


async def receive_document(request: Request, project_id: UUID) -> AsyncIterator[Upload[NewDocument]]:
    """The upload of a new document by somebody who is on the project."""
    async with _received(request, project_id, None, NewDocument) as upload:
        yield upload


async def receive_version(request: Request, document_id: UUID) -> AsyncIterator[Upload[NewVersion]]:
    """The upload of a new version by somebody who is on the document's project."""
    async with _received(request, None, document_id, NewVersion) as upload:
        yield upload


@asynccontextmanager
async def _received(
    request: Request, project_id: UUID | None, document_id: UUID | None, fields: type[F]
) -> AsyncIterator[Upload[F]]:
    """Receive and store; remove the object again when the write is refused, replayed or only tried.

    Raises NotFound before a byte is read from a stranger; TooLarge, UnsupportedMediaType, ValidationFailed, Malformed
    and Unavailable.
    """
    context = context_of(request)
    principal = context.principal
    resources: Resources = context.service.resources
    await context.service.catch_up(request, principal)
    async with context.service.database.read(principal.tenant_id) as session:
        if project_id is None and document_id is not None:
            project_id = await repository.project_of_document(session, document_id)
        if project_id is not None:
            await require_member(session, principal, project_id)
    form = FileForm(request.headers.get("content-type", ""), _limited(request.stream()))
    upload = await _store(form, fields, resources.storage, principal.tenant_id)
    said = upload.fields.model_dump(mode="json") | {"filename": upload.filename, "sha256": upload.stored.sha256}
    request.scope[SAID] = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    try:
        yield upload
    except Unavailable:
        # The commit's fate is not known, and a row without its bytes would be worse than bytes without a row.
        raise
    except (Problem, Replayed, RequestValidationError):
        await resources.storage.discard(upload.stored.key)
        raise
    if _FLAG.validate_python(request.query_params.get("dry_run", "false")):
        await resources.storage.discard(upload.stored.key)


async def _store(form: FileForm, shape: type[F], storage: Storage, tenant_id: UUID) -> Upload[F]:
    """Store the form's file and check its fields. Nothing is left in the store when this raises."""
    filename = clean_filename(await form.open_file())
    head = bytearray()

    async def chunks() -> AsyncIterator[bytes]:
        async for chunk in form.chunks():
            if len(head) < HEAD_BYTES:
                head.extend(chunk[: HEAD_BYTES - len(head)])
            yield chunk

    try:
        stored = await storage.put(tenant_id, chunks(), limit=MOST_BYTES)
    except ObjectTooLarge as error:
        raise TooLarge(limit=error.limit) from error
    except StorageFailed as error:
        raise Unavailable from error
    try:
        await form.finish()
        return Upload(stored, filename, detect(bytes(head), filename), _checked(shape, form.fields))
    except (Problem, RequestValidationError):
        await storage.discard(stored.key)
        raise


def _checked(shape: type[F], fields: Mapping[str, str]) -> F:
    """The fields in their shape. Raises RequestValidationError with pointers to those that do not fit."""
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(
            [{**detail, "loc": ("body", *detail["loc"])} for detail in error.errors()]
        ) from error


async def _limited(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body, read no further than the largest file goes, whatever Content-Length promised."""
    taken = 0
    async for chunk in body:
        taken += len(chunk)
        if taken > MOST_BYTES + _FRAMING_BYTES:
            raise TooLarge(limit=MOST_BYTES)
        yield chunk
