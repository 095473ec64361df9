"""The facts by which a project goes to the archive and comes back."""

from services.kernel.events import FactType

PROJECT_ARCHIVED = FactType(
    "gateway.project.archived", 1, {"reason": "The bridge was handed over."}, "A project exists for nobody any more."
)
PROJECT_RESTORED = FactType(
    "gateway.project.restored",
    1,
    {"archived_at": "2026-08-31T12:00:00Z"},
    "An archived project is there again, as it was.",
)
TENANT_ARCHIVED = FactType(
    "gateway.tenant.archived", 1, {"reason": "The contract has ended."}, "Nobody gets into the tenant any more."
)
TENANT_RESTORED = FactType(
    "gateway.tenant.restored", 1, {"archived_at": "2026-08-31T12:00:00Z"}, "An archived tenant is open again."
)
FACT_TYPES = (PROJECT_ARCHIVED, PROJECT_RESTORED, TENANT_ARCHIVED, TENANT_RESTORED)
