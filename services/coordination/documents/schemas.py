"""Request and response shapes of documents."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints

from services.kernel.schemas import Body, Effects, Flag, Line, ObjectShape

Folder = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=300, pattern=r"^([^/\x00-\x1f\\]+(/[^/\x00-\x1f\\]+)*)?$")
]
Phase = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")
]


class NewDocument(Body):
    """The fields beside the file in an upload; without a title the file's name stands for it."""

    title: Line | None = None
    folder: Folder = ""
    phase: Phase | None = None


class NewVersion(Body):
    """An upload of a new version has no fields beside the file."""


class DocumentPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"shared_with_guests": True}}}

    title: Line = ""
    folder: Folder = ""
    phase: Phase | None = None
    shared_with_guests: Flag = False


class DocumentShape(ObjectShape):
    """A document with its current version."""

    project_id: UUID
    title: str
    folder: str
    phase: str | None
    shared_with_guests: bool
    number: int
    document_version_id: UUID
    filename: str
    media_type: str
    size: int
    sha256: str
    effects: Effects | None = None


class DocumentVersionShape(ObjectShape):
    project_id: UUID
    document_id: UUID
    number: int
    filename: str
    media_type: str
    size: int
    sha256: str
    effects: Effects | None = None


def upload_body(fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The description of a multipart upload for OpenAPI: a file and these fields."""
    properties = {"file": {"type": "string", "format": "binary"}, **fields}
    schema = {"type": "object", "required": ["file"], "properties": properties, "additionalProperties": False}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


DOCUMENT_UPLOAD = upload_body(
    {
        "title": {"type": "string", "maxLength": 300, "description": "The file's name, unless given."},
        "folder": {"type": "string", "maxLength": 300, "example": "Contracts/2026"},
        "phase": {"type": "string", "maxLength": 60},
    }
)
VERSION_UPLOAD = upload_body({})
