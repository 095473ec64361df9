"""Request and response shapes of groups and their grants."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.kernel.schemas import Body, Effects, ObjectShape


class GroupRole(StrEnum):
    """What a group may be on a project: nobody becomes its manager, or stands above them, by being put into a group."""

    COORDINATOR = "coordinator"
    MEMBER = "member"
    STAKEHOLDER = "stakeholder"
    CLIENT_CONTACT = "client_contact"
    GUEST = "guest"
    AUDITOR = "auditor"


class GroupShape(ObjectShape):
    display_name: str
    external_id: str | None
    member_count: int


class NewGroupGrant(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"group_id": "0197d1c0-0000-7000-8000-0000000000a1", "role": "member"}},
    }

    group_id: UUID
    role: GroupRole


class GroupGrantShape(ObjectShape):
    project_id: UUID
    group_id: UUID
    role: Annotated[GroupRole, Field(description="what everybody in the group is on the project")]
    effects: Effects | None = None
