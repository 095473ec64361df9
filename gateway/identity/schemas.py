"""Request and response shapes of the directory."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.kernel.schemas import Body, Effects, Flag, Instant, Line, ObjectShape, Shape

Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s\x00-\x1f<>,;:\"]+@[A-Za-z0-9.-]+$")]
Scope = Annotated[
    str,
    StringConstraints(pattern=r"^((planning|coordination|reporting):(read|propose|decide)|admin|scim)$", max_length=40),
]


class Role(StrEnum):
    """What somebody may be on a project."""

    OWNER = "owner"
    PROGRAMME_MANAGER = "programme_manager"
    MANAGER = "manager"
    COORDINATOR = "coordinator"
    MEMBER = "member"
    STAKEHOLDER = "stakeholder"
    CLIENT_CONTACT = "client_contact"
    GUEST = "guest"
    AUDITOR = "auditor"


class NewPerson(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"name": "Kari Nordmann", "email": "kari@example.org"}},
    }

    name: Line
    email: Email
    language: Literal["en", "nb"] = "en"
    kind: Literal["person", "integration", "agent"] = "person"
    tenant_role: Literal["admin", "portfolio_manager"] | None = None


class PersonPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"language": "nb"}}}

    name: Line = ""
    language: Literal["en", "nb"] = "en"
    active: Flag = True


class PersonShape(Shape):
    id: UUID
    type: str
    version: int
    created_at: datetime
    updated_at: datetime
    name: str
    email: str | None
    language: str
    kind: str
    tenant_role: str | None
    active: bool


class NewMembership(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"person_id": "0197d1c0-0000-7000-8000-000000000002", "role": "member"}},
    }

    person_id: UUID
    role: Role
    expires_at: Instant | None = None


class MembershipPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"role": "coordinator"}}}

    role: Role = Role.MEMBER
    expires_at: Instant | None = None


class MembershipShape(Shape):
    id: UUID
    type: str
    version: int
    created_at: datetime
    updated_at: datetime
    project_id: UUID
    person_id: UUID
    role: Role
    expires_at: datetime | None
    effects: Effects | None = None


class NewToken(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"name": "board client", "scopes": ["planning:read"], "expires_at": None}},
    }

    name: Line
    person_id: UUID | None = Field(default=None, description="whose token; administrators only, else one's own")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)]
    expires_at: Instant | None = None


class TokenShape(ObjectShape):
    person_id: UUID
    name: str
    hint: str
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="to the hour")]


class TokenWithSecret(TokenShape):
    secret: Annotated[str, Field(description="shown once, in this answer")]


class Me(Shape):
    id: UUID
    type: str
    name: str
    email: str | None
    language: str
    kind: str
    tenant_id: UUID
    tenant_name: str
    tenant_role: str | None
    scopes: list[str]
    authenticated_at: Annotated[
        datetime | None, Field(description="when the person signed in; nothing behind a personal token")
    ]
