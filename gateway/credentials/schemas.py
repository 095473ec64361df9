"""Request and response shapes of credentials."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from gateway.identity.schemas import Email, Scope
from services.kernel.schemas import Body, Instant, Line, ObjectShape, Shape

# Twelve characters at least for a new one; what is tried may be anything of a bearable length.
NewPasswordText = Annotated[str, StringConstraints(min_length=12, max_length=200)]
PasswordText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
SecretText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{20,120}$", max_length=120)]


class NewSession(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"email": "kari@example.org", "password": "correct horse battery"}},
    }

    email: Email
    password: PasswordText
    tenant_id: UUID | None = Field(default=None, description="which tenant; for people who are in several")


class SessionShape(ObjectShape):
    person_id: UUID
    method: str
    authenticated_at: datetime | None
    expires_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    last_used_at: Annotated[datetime | None, Field(description="to the hour")]


class SessionWithTokens(SessionShape):
    access_token: Annotated[str, Field(description="shown once; good for minutes")]
    refresh_token: Annotated[str, Field(description="shown once; good once, at /v1/oauth/token")]
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Field(description="seconds that the access token is good for")]


class PasswordChange(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {"current_password": "correct horse battery", "new_password": "staple of seven words"}
        },
    }

    current_password: PasswordText
    new_password: NewPasswordText


class PasswordReset(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"email": "kari@example.org"}}}

    email: Email


class EmailChange(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"email": "kari@example.com", "password": "correct horse battery"}},
    }

    email: Email
    password: PasswordText


class Accepted(Shape):
    status: Literal["accepted"]


class NewPassword(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {"token": "tdm_rst_6uYh0Hq3kqTn3w5sJ0c4mA", "password": "staple of seven words"}
        },
    }

    token: SecretText
    password: NewPasswordText


class EmailConfirmation(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"token": "tdm_eml_6uYh0Hq3kqTn3w5sJ0c4mA"}},
    }

    token: SecretText


class AccountShape(Shape):
    type: Literal["account"]
    email: str


class NewInvitation(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"person_id": "0197d1c0-0000-7000-8000-000000000002"}},
    }

    person_id: Annotated[UUID, Field(description="whose address in the directory the mail goes to")]


class InvitationShape(ObjectShape):
    person_id: UUID
    email: str
    status: Literal["pending", "accepted", "revoked", "expired"]
    expires_at: datetime
    sent_at: datetime | None
    accepted_at: datetime | None
    revoked_at: datetime | None


class InvitationAcceptance(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "token": "tdm_inv_6uYh0Hq3kqTn3w5sJ0c4mA",
                "email": "kari@example.org",
                "password": "correct horse battery",
            }
        },
    }

    token: SecretText
    email: Annotated[Email, Field(description="with which you sign in: the address that was invited")]
    password: Annotated[
        PasswordText, Field(description="of your account; whoever has none yet gets one with this password")
    ]


class AcceptedInvitation(Shape):
    type: Literal["invitation_acceptance"]
    tenant_id: UUID
    person_id: UUID
    email: str


class NewOAuthClient(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "person_id": "0197d1c0-0000-7000-8000-000000000002",
                "name": "time sheets",
                "scopes": ["planning:propose"],
                "expires_at": None,
            }
        },
    }

    person_id: Annotated[UUID, Field(description="the integration or agent in whose name it acts")]
    name: Line
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)]
    expires_at: Instant | None = None


class OAuthClientShape(ObjectShape):
    person_id: UUID
    name: str
    hint: str
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="to the hour")]


class OAuthClientWithSecret(OAuthClientShape):
    secret: Annotated[str, Field(description="shown once, in this answer")]


class TokenAnswer(Shape):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    refresh_token: str | None = None
