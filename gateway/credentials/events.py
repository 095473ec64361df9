"""The facts of credentials. Only a tenant's administrators learn of them, and never a secret."""

from services.kernel.events import FactType

_PERSON = "0197d1c0-0000-7000-8000-000000000002"
_SESSION = {"person_id": _PERSON, "method": "password"}
_INVITATION = {"person_id": _PERSON, "email": "kari@example.org"}
_CLIENT = {"person_id": _PERSON, "name": "time sheets", "scopes": ["planning:propose"]}

SESSION_STARTED = FactType("gateway.session.started", 1, _SESSION, "Somebody signed in.")
SESSION_ENDED = FactType(
    "gateway.session.ended", 1, {"person_id": _PERSON, "reason": "signed_out"}, "Somebody signed out, or was."
)
REFRESH_REUSED = FactType(
    "gateway.session.refresh_reused",
    1,
    {"person_id": _PERSON},
    "A refresh token came a second time, so one of the two who have it is a thief; the session is over.",
)
PASSWORD_CHANGED = FactType(
    "gateway.person.password_changed", 1, {"by": "change"}, "Somebody has another password; other sessions are over."
)
EMAIL_CONFIRMED = FactType(
    "gateway.person.sign_in_address_changed", 1, {"email": "kari@example.org"}, "Somebody signs in with this address."
)
INVITATION_SENT = FactType("gateway.invitation.created", 1, _INVITATION, "A person is asked to sign in.")
INVITATION_REVOKED = FactType("gateway.invitation.revoked", 1, _INVITATION, "The invitation is withdrawn.")
INVITATION_ACCEPTED = FactType("gateway.invitation.accepted", 1, _INVITATION, "The person can sign in.")
OAUTH_CLIENT_CREATED = FactType("gateway.oauth_client.created", 1, _CLIENT, "Software can get access tokens.")
OAUTH_CLIENT_REVOKED = FactType("gateway.oauth_client.revoked", 1, _CLIENT, "It can no longer.")
FACT_TYPES = (
    SESSION_STARTED,
    SESSION_ENDED,
    REFRESH_REUSED,
    PASSWORD_CHANGED,
    EMAIL_CONFIRMED,
    INVITATION_SENT,
    INVITATION_REVOKED,
    INVITATION_ACCEPTED,
    OAUTH_CLIENT_CREATED,
    OAUTH_CLIENT_REVOKED,
)
