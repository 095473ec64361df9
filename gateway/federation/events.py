"""The facts of federation. Only a tenant's administrators learn of them, and never a secret."""

from services.kernel.events import FactType

_PROVIDER = {
    "name": "Example AS",
    "issuer": "https://login.example.org",
    "client_id": "tandem",
    "trusts_email": True,
    "active": True,
}

PROVIDER_ADDED = FactType("gateway.identity_provider.added", 1, _PROVIDER, "An issuer says who people are.")
PROVIDER_CHANGED = FactType(
    "gateway.identity_provider.changed", 1, _PROVIDER, "It is another, or its word counts no more."
)
PROVIDER_REMOVED = FactType("gateway.identity_provider.removed", 1, _PROVIDER, "Its word counts no more, for good.")
PERSON_RECOGNISED = FactType(
    "gateway.person.recognised",
    1,
    {"provider_id": "0197d1c0-0000-7000-8000-000000000003", "subject": "248289761001"},
    "An issuer's subject is this person from now on.",
)
FACT_TYPES = (PROVIDER_ADDED, PROVIDER_CHANGED, PROVIDER_REMOVED, PERSON_RECOGNISED)
