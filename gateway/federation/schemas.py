"""Request and response shapes of federation."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.kernel.schemas import Body, Flag, Line, ObjectShape, Shape

Url = Annotated[str, StringConstraints(max_length=1000, pattern=r"^https?://[\x21-\x7e]+$")]
ClientId = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[\x20-\x7e]+$")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[\x20-\x7e]+$")]
Opaque = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[\x21-\x7e]+$")]


class NewIdentityProvider(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "name": "Example AS",
                "issuer": "https://login.example.org",
                "client_id": "tandem",
                "client_secret": "as the issuer has given it",
                "redirect_uri": "https://tandem.example.org/signed-in",
            }
        },
    }

    name: Line
    issuer: Annotated[Url, Field(description="exactly as its discovery document says it")]
    client_id: ClientId
    client_secret: Secret | None = Field(default=None, description="kept sealed, and never shown again")
    redirect_uri: Annotated[Url, Field(description="the page of the front end that sends code and state on")]
    trusts_email: Annotated[
        Flag, Field(description="whether somebody is recognised at first by an address that the issuer has verified")
    ] = True


class IdentityProviderPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"active": False}}}

    name: Line = ""
    client_secret: Secret | None = None
    redirect_uri: Url = ""
    trusts_email: Flag = True
    active: Flag = True


class IdentityProviderShape(ObjectShape):
    name: str
    issuer: str
    client_id: str
    has_secret: bool
    redirect_uri: str
    trusts_email: bool
    active: bool


class NewSignInAttempt(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"provider_id": "0197d1c0-0000-7000-8000-000000000003"}},
    }

    provider_id: UUID
    max_age_seconds: Annotated[
        int | None, Field(ge=0, le=86_400, strict=True, description="how old the sign-in at the provider may be")
    ] = None


class SignInAttempt(Shape):
    type: Literal["sign_in_attempt"]
    authorization_url: Annotated[str, Field(description="where the browser goes next")]
    binding: Annotated[str, Field(description="to be kept by the browser, and sent with the completion")]
    expires_at: datetime


class SignInCompletion(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {"state": "6uYh0Hq3kqTn3w5sJ0c4mA", "code": "SplxlOBeZQQYbYS6WxSbIA", "binding": "Zx81kqTn3w5s"}
        },
    }

    state: Opaque
    code: Opaque
    binding: Opaque
    iss: Url | None = Field(default=None, description="as the provider has sent it (RFC 9207)")
