"""What people do with documents. Each function loads, decides, records the fact and leaves the commit to the kernel."""

from typing import Any
from uuid import UUID

from services.coordination.documents.document import Document, DocumentVersion
from services.coordination.documents.events import (
    DOCUMENT_CHANGED,
    DOCUMENT_SHARED,
    DOCUMENT_UNSHARED,
    DOCUMENT_UPLOADED,
    DOCUMENT_VERSION_ADDED,
)
from services.coordination.documents.repository import DOCUMENTS, current_file, guests_of, load_document
from services.coordination.documents.schemas import DocumentPatch, NewDocument, NewVersion
from services.coordination.documents.upload import Upload
from services.kernel.access import require_authority, require_member
from services.kernel.events import Audience, FactType
from services.kernel.problems import AuthorityRequired
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.kernel.stored_files import keep_file


async def upload_document(session: WriteSession, project_id: UUID, upload: Upload[NewDocument]) -> Document:
    """A document with its first version, which lies in the store already."""
    await require_member(session, session.principal, project_id)
    values = upload.fields.model_dump() | {"title": upload.fields.title or upload.filename}
    document = Document(project_id=project_id, shared_with_guests=False, **values)
    session.add(document)
    await session.flush()
    await keep_file(session, upload.stored)
    session.add(_version(document, 1, upload))
    await session.flush()
    await _require_authority_to_upload(session, project_id, ["document.write"])
    await _record(session, DOCUMENT_UPLOADED, document)
    return document


async def add_version(
    session: WriteSession, document_id: UUID, expected_version: int, upload: Upload[NewVersion]
) -> tuple[Document, DocumentVersion]:
    """A new current version. Of a shared document guests see it at once, so it takes authority over sharing too."""
    document = await load_document(session, document_id)
    await require_member(session, session.principal, document.project_id)
    await DOCUMENTS.check_version(session, document.id, document.version, expected_version)
    document.number += 1
    await session.flush()
    await keep_file(session, upload.stored)
    version = _version(document, document.number, upload)
    session.add(version)
    await session.flush()
    sharing = ["document.share_external"] if document.shared_with_guests else []
    await _require_authority_to_upload(session, document.project_id, ["document.write", *sharing])
    await _record(session, DOCUMENT_VERSION_ADDED, document)
    return document, version


async def change_document(
    session: WriteSession, document_id: UUID, expected_version: int, patch: DocumentPatch
) -> Document:
    """Change title, folder or phase, or share with guests, which takes authority of its own; taking back does not."""
    document = await load_document(session, document_id)
    await require_member(session, session.principal, document.project_id)
    await DOCUMENTS.check_version(session, document.id, document.version, expected_version)
    was_shared = document.shared_with_guests
    changes = merged(patch)
    for name, value in changes.items():
        setattr(document, name, value)
    await session.flush()
    shared = document.shared_with_guests
    kinds = ["document.write", *(["document.share_external"] if shared and not was_shared else [])]
    subject = {"type": "document", "id": str(document.id), "title": document.title}
    readers = await guests_of(session, document.project_id) if len(kinds) > 1 else 0
    await require_authority(session, document.project_id, kinds, {"external_readers": readers}, {"subject": subject})
    if changes.keys() - {"shared_with_guests"}:
        await _record(session, DOCUMENT_CHANGED, document)
    if shared != was_shared:
        await _record(session, DOCUMENT_SHARED if shared else DOCUMENT_UNSHARED, document, for_guests=True)
    return document


async def _require_authority_to_upload(session: WriteSession, project_id: UUID, kinds: list[str]) -> None:
    """A file is too much to be kept as a proposal: whoever may only propose is told who may decide instead."""
    try:
        readers = await guests_of(session, project_id) if len(kinds) > 1 else 0
        await require_authority(session, project_id, kinds, {"external_readers": readers})
    except AuthorityRequired as refusal:
        refusal.values["proposable"] = False
        raise


def _version(document: Document, number: int, upload: Upload[Any]) -> DocumentVersion:
    return DocumentVersion(
        project_id=document.project_id,
        document_id=document.id,
        number=number,
        filename=upload.filename,
        media_type=upload.media_type,
        size=upload.stored.size,
        sha256=upload.stored.sha256,
        storage_key=upload.stored.key,
    )


async def _record(session: WriteSession, fact_type: FactType, document: Document, *, for_guests: bool = False) -> None:
    file = await current_file(session, document.id)
    data = {
        "title": document.title,
        "folder": document.folder,
        "filename": file["filename"],
        "number": document.number,
        "sha256": file["sha256"],
        "size": file["size"],
        "media_type": file["media_type"],
        "shared_with_guests": document.shared_with_guests,
    }
    audience: Audience = "guests" if for_guests or document.shared_with_guests else "members"
    session.record(fact_type, "document", document.id, data, project_id=document.project_id, audience=audience)
