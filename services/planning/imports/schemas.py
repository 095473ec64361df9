"""Response shapes of imports, and the description of the upload."""

from typing import Any, Literal
from uuid import UUID

from services.kernel.schemas import ObjectShape, Shape

PLAN_UPLOAD: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "Microsoft Project XML (MSPDI), or JSON of Tandem",
                    }
                },
                "additionalProperties": False,
            }
        }
    },
}


class FindingShape(Shape):
    """What became of one kind of element: `count` is how often it carried a value."""

    path: str
    count: int
    disposition: Literal["taken", "changed", "dropped"]
    reason: str


class ImportShape(ObjectShape):
    project_id: UUID
    job_id: UUID
    filename: str
    format: str
    size: int
    sha256: str
    counts: dict[str, int]
    report: list[FindingShape]


class AcceptedImport(Shape):
    """The job that reads the file; its `result_url` is the import once it has succeeded."""

    type: Literal["job"]
    id: UUID
    state: str
