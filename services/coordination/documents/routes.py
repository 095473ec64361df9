"""HTTP of this area: path, status, one call."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from services.coordination.documents import repository, use_cases
from services.coordination.documents.download import send_file
from services.coordination.documents.kinds import DOCUMENT_SHARE_EXTERNAL, DOCUMENT_WRITE
from services.coordination.documents.repository import DOCUMENT_VERSIONS, DOCUMENTS
from services.coordination.documents.schemas import (
    DOCUMENT_UPLOAD,
    VERSION_UPLOAD,
    DocumentPatch,
    DocumentShape,
    DocumentVersionShape,
    NewDocument,
    NewVersion,
)
from services.coordination.documents.upload import Upload, receive_document, receive_version
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing

router = area_router("documents")
# They stand before the write in a route's signature: the file is received and stored before the transaction begins.
UploadedDocument = Annotated[Upload[NewDocument], Depends(receive_document, scope="function")]
UploadedVersion = Annotated[Upload[NewVersion], Depends(receive_version, scope="function")]


@router.post(
    "/v1/projects/{project_id}/documents",
    status_code=201,
    response_model=DocumentShape,
    openapi_extra={"requestBody": DOCUMENT_UPLOAD},
)
@acts(DOCUMENT_WRITE)
async def upload_document(project_id: UUID, upload: UploadedDocument, write: KeyedWriting) -> Response:
    """Upload a file as a new document. The same key again is the same document."""
    document = await use_cases.upload_document(write.session, project_id, upload)
    body = await DOCUMENTS.represent(write.session, document.id)
    return await write.answer(body, status=201, version=document.version, location=f"/v1/documents/{document.id}")


@router.get(
    "/v1/projects/{project_id}/documents",
    response_model=Listing[DocumentShape],
    openapi_extra={"parameters": DOCUMENTS.list_parameters()},
)
async def list_documents(project_id: UUID, read: Reading) -> Response:
    """The project's documents; a guest sees those that are shared."""
    return await DOCUMENTS.page(read, project_id)


@router.post("/v1/projects/{project_id}/documents/searches", response_model=Listing[DocumentShape])
async def search_documents(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The same list under a combination of conditions."""
    return await DOCUMENTS.search(read, query, project_id)


@router.get(
    "/v1/documents/{document_id}",
    response_model=DocumentShape,
    openapi_extra={"parameters": DOCUMENTS.object_parameters()},
)
async def get_document(document_id: UUID, read: Reading) -> Response:
    """One document with its current version."""
    return await DOCUMENTS.one(read, document_id)


@router.patch("/v1/documents/{document_id}", response_model=DocumentShape)
@acts(DOCUMENT_WRITE, DOCUMENT_SHARE_EXTERNAL)
async def change_document(document_id: UUID, patch: DocumentPatch, write: Writing) -> Response:
    """Rename or move the document, or share it with guests."""
    document = await use_cases.change_document(write.session, document_id, write.expected_version, patch)
    return await write.answer(await DOCUMENTS.represent(write.session, document_id), version=document.version)


@router.post(
    "/v1/documents/{document_id}/versions",
    status_code=201,
    response_model=DocumentVersionShape,
    openapi_extra={"requestBody": VERSION_UPLOAD, "x-if-match": "required"},
)
@acts(DOCUMENT_WRITE, DOCUMENT_SHARE_EXTERNAL)
async def add_version(document_id: UUID, upload: UploadedVersion, write: KeyedWriting) -> Response:
    """Upload a new version of the document that `If-Match` names; of two with one base, one gets 412."""
    _, version = await use_cases.add_version(write.session, document_id, write.expected_version, upload)
    body = await DOCUMENT_VERSIONS.represent(write.session, version.id)
    location = f"/v1/document-versions/{version.id}"
    return await write.answer(body, status=201, version=version.version, location=location)


@router.get(
    "/v1/documents/{document_id}/versions",
    response_model=Listing[DocumentVersionShape],
    openapi_extra={"parameters": DOCUMENT_VERSIONS.list_parameters()},
)
async def list_versions(document_id: UUID, read: Reading) -> Response:
    """All versions of a document."""
    return await DOCUMENT_VERSIONS.page(read, document_id)


@router.get(
    "/v1/document-versions/{document_version_id}",
    response_model=DocumentVersionShape,
    openapi_extra={"parameters": DOCUMENT_VERSIONS.object_parameters()},
)
async def get_document_version(document_version_id: UUID, read: Reading) -> Response:
    """One version: what it is, and its SHA-256."""
    return await DOCUMENT_VERSIONS.one(read, document_version_id)


@router.get(
    "/v1/document-versions/{document_version_id}/content",
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": {"*/*": {}}},
        206: {"description": "One range of the file."},
        416: {"description": "That range is not in the file."},
    },
)
async def get_content(document_version_id: UUID, read: Reading) -> Response:
    """The file itself, or the one range of it that `Range` asks for. Browsers save it and never run it."""
    file = await repository.visible_file(read.session, read.principal, document_version_id)
    return await send_file(read.context.service.resources.storage, file, read.request.headers)
