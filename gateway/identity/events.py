"""The facts of the directory, from which every service keeps its copy."""

from services.kernel.events import FactType

_PERSON = {
    "name": "Kari Nordmann",
    "email": "kari@example.org",
    "language": "nb",
    "kind": "person",
    "tenant_role": None,
    "active": True,
}
_MEMBERSHIP = {"person_id": "0197d1c0-0000-7000-8000-000000000002", "role": "coordinator", "expires_at": None}

TENANT_CREATED = FactType("gateway.tenant.created", 1, {"name": "Bridge builders"}, "A tenant exists.")
PERSON_ADDED = FactType("gateway.person.added", 1, _PERSON, "Somebody is in the tenant.")
PERSON_CHANGED = FactType("gateway.person.changed", 1, _PERSON, "Name, address, language, role or activity changed.")
MEMBERSHIP_GRANTED = FactType("gateway.membership.granted", 1, _MEMBERSHIP, "Somebody is on a project, in a role.")
MEMBERSHIP_CHANGED = FactType("gateway.membership.changed", 1, _MEMBERSHIP, "The role or its end changed.")
MEMBERSHIP_REVOKED = FactType("gateway.membership.revoked", 1, _MEMBERSHIP, "Somebody is no longer on the project.")
FACT_TYPES = (
    TENANT_CREATED,
    PERSON_ADDED,
    PERSON_CHANGED,
    MEMBERSHIP_GRANTED,
    MEMBERSHIP_CHANGED,
    MEMBERSHIP_REVOKED,
)
