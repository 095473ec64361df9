"""Every SQL statement of this area."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.coordination.documents.document import Document
from services.kernel.access import knows_project, sees_project
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.identity import Principal
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession


def _sees_document(project: str, person: str) -> str:
    """The project's people see its documents, guests those that are shared with them. The document is `d`."""
    return f"({sees_project(project, person)} or (d.shared_with_guests and {knows_project(project, person)}))"


def _sees_some_document(document_id: str, person: str) -> str:
    return (
        "exists (select from documents d where d.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and d.id = {document_id} and {_sees_document('d.project_id', person)})"
    )


_FILE = ("filename", "media_type", "size", "sha256")

DOCUMENTS = Collection(
    noun="document",
    source=(
        "documents t cross join lateral (select t.shared_with_guests) d join document_versions v"
        " on v.tenant_id = t.tenant_id and v.document_id = t.id and v.number = t.number"
    ),
    visible=_sees_document,
    list_visible=knows_project,
    columns=object_columns("document")
    | {name: f"t.{name}" for name in ("project_id", "title", "folder", "phase", "shared_with_guests", "number")}
    | {"document_version_id": "v.id"}
    | {name: f"v.{name}" for name in _FILE},
    filters={
        "title": Filter("t.title", "text"),
        "folder": Filter("t.folder", "text"),
        "phase": Filter("t.phase", "text"),
        "shared_with_guests": Filter("t.shared_with_guests", "boolean"),
        "media_type": Filter("v.media_type", "text"),
        "sha256": Filter("v.sha256", "text"),
    },
    sorts={
        "title": Sort("t.title", "text", nullable=False, by_language=True),
        "folder": Sort("t.folder", "text", nullable=False, by_language=True),
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "updated_at": Sort("t.updated_at", "instant", nullable=False),
        "size": Sort("v.size", "integer", nullable=False),
    },
    searched=("t.title", "v.filename"),
    viewer_kinds={"update": "document.write", "share": "document.share_external"},
)
DOCUMENT_VERSIONS = Collection(
    noun="document_version",
    source="document_versions t join documents d on d.tenant_id = t.tenant_id and d.id = t.document_id",
    container="t.document_id",
    visible=_sees_document,
    list_visible=_sees_some_document,
    columns=object_columns("document_version")
    | {name: f"t.{name}" for name in ("project_id", "document_id", "number", *_FILE)},
    filters={"number": Filter("t.number", "integer"), "sha256": Filter("t.sha256", "text")},
    sorts={"number": Sort("t.number", "integer", nullable=False)},
    default_sort="number",
)


async def load_document(session: WriteSession, document_id: UUID) -> Document:
    """The document for a change, with every other writer of it waiting. Raises NotFound."""
    statement = select(Document).where(Document.tenant_id == session.tenant_id, Document.id == document_id)
    document = await session.scalar(statement.with_for_update())
    if document is None:
        raise NotFound
    return document


async def project_of_document(reader: Reader, document_id: UUID) -> UUID:
    """Raises NotFound."""
    project_id: UUID | None = await reader.value(
        "select project_id from documents where tenant_id = $1 and id = $2", reader.tenant_id, document_id
    )
    if project_id is None:
        raise NotFound
    return project_id


async def current_file(session: WriteSession, document_id: UUID) -> Any:
    """The row `filename, media_type, size, sha256` of the current version."""
    return await session.row(
        """select v.filename, v.media_type, v.size, v.sha256 from documents d join document_versions v
             on v.tenant_id = d.tenant_id and v.document_id = d.id and v.number = d.number
           where d.tenant_id = $1 and d.id = $2""",
        session.tenant_id,
        document_id,
    )


async def visible_file(reader: Reader, principal: Principal, version_id: UUID) -> Any:
    """The row `filename, media_type, size, sha256, storage_key` of a version that the principal sees. Raises NotFound."""
    row = await reader.row(
        "select t.filename, t.media_type, t.size, t.sha256, t.storage_key from document_versions t"
        " join documents d on d.tenant_id = t.tenant_id and d.id = t.document_id"
        f" where t.tenant_id = $1 and t.id = $3 and {_sees_document('t.project_id', '$2')}",
        reader.tenant_id,
        principal.person_id,
        version_id,
    )
    if row is None:
        raise NotFound
    return row


async def guests_of(reader: Reader, project_id: UUID) -> int:
    """How many guests the project has: those who read a shared document."""
    count: int = await reader.value(
        """select count(*) from memberships where tenant_id = $1 and project_id = $2 and role = 'guest'
           and (expires_at is null or expires_at > now())""",
        reader.tenant_id,
        project_id,
    )
    return count
