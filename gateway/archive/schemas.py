"""Request and response shapes of the archive."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.kernel.schemas import Body, Effects, ObjectShape, Prose, Shape


class NewArchivedProject(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "project_id": "0197d1c0-0000-7000-8000-000000000001",
                "reason": "The bridge was handed over in August.",
            }
        },
    }

    project_id: UUID
    reason: Annotated[Prose, Field(min_length=1)]


class ArchivedProjectShape(ObjectShape):
    key: Annotated[str | None, Field(description="what the project was called last")]
    name: str | None
    reason: str
    effects: Effects | None = None


class RestoredProject(Shape):
    """The project that is there again."""

    id: UUID
    type: str
    effects: Effects | None = None
