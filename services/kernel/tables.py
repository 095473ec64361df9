"""The tables that every service's database has, whatever the service is about.

`tenant_id` leads every key. `info={"background": True}` marks what the background role (relay, readers, job workers)
may see over all tenants; the migrations turn that into a policy.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

kernel_metadata = MetaData(naming_convention=NAMING)

_now = text("now()")


def _changed_in() -> "Column[dict[str, str]]":
    return Column(
        "changed_in",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="column to the version in which it last changed",
    )


outbox = Table(
    "outbox",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("id", UUID(as_uuid=True), nullable=False),
    Column("type", Text, nullable=False),
    Column("project_id", UUID(as_uuid=True)),
    Column("envelope", Text, nullable=False, comment="the fact as JSON text, exactly as it is published"),
    Column("hash", LargeBinary, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_now),
    Column("sent_at", DateTime(timezone=True)),
    Index("ix_outbox_unsent", "tenant_id", "number", postgresql_where=text("sent_at is null")),
    info={"background": True},
)

outbox_heads = Table(
    "outbox_heads",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    info={"background": True},
)

inbox_cursors = Table(
    "inbox_cursors",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("has_parked", Boolean, nullable=False, server_default=text("false"), comment="some fact before it may be"),
    info={"background": True},
)

parked_facts = Table(
    "parked_facts",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("id", UUID(as_uuid=True), nullable=False),
    Column("project_id", UUID(as_uuid=True)),
    Column("envelope", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("attempts", SmallInteger, nullable=False, comment="0 while it waits behind an earlier fact of its project"),
    Column("parked_at", DateTime(timezone=True), nullable=False, server_default=_now),
    Column("next_attempt_at", DateTime(timezone=True), comment="null when only a person has it tried again"),
    info={"background": True},
)

stored_files = Table(
    "stored_files",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("key", Text, primary_key=True, comment="of the object in the store"),
    Column("size", BigInteger, comment="bytes"),
    Column("sha256", Text, comment="of the bytes, in hex"),
    Column(
        "job_id", UUID(as_uuid=True), comment="the job that alone wants the file, until a row of its own refers to it"
    ),
    Column("removed_at", DateTime(timezone=True), comment="the object is garbage; no row may refer to it any more"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_now),
    CheckConstraint("(removed_at is null) = (size is not null) and (size is null) = (sha256 is null)", name="removed"),
    Index("ix_stored_files_job_id", "tenant_id", "job_id", postgresql_where=text("job_id is not null")),
    info={"background": True},
)

idempotency_keys = Table(
    "idempotency_keys",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("principal_id", UUID(as_uuid=True), primary_key=True),
    Column("route", Text, primary_key=True, comment="method and path"),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger),
    Column("headers", JSONB),
    Column("body", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_now),
    Index("ix_idempotency_keys_created_at", "created_at"),
    info={"background": True},
)

jobs = Table(
    "jobs",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("project_id", UUID(as_uuid=True)),
    Column("state", Text, nullable=False),
    Column("progress", Integer, nullable=False, server_default="0", comment="per cent"),
    Column("step", Text, comment="what is being done now"),
    Column("arguments", JSONB, nullable=False),
    Column("principal", JSONB, nullable=False),
    Column("result_url", Text),
    Column("result", JSONB),
    Column("problem", JSONB),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("held", Boolean, nullable=False, server_default=text("false"), comment="due while its project was archived"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_now),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=_now, onupdate=func.now()),
    Column("created_by_id", UUID(as_uuid=True), nullable=False),
    CheckConstraint("state in ('queued','running','succeeded','failed','cancelled')", name="state"),
    CheckConstraint("progress between 0 and 100", name="progress"),
)

# The directory: the gateway owns these five and fills them by its own writes; every other service holds a copy that
# is made from the gateway's facts. Same names and columns in both, so that one visibility predicate serves everywhere.

people = Table(
    "people",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("language", Text, nullable=False, server_default="en"),
    Column("kind", Text, nullable=False, server_default="person"),
    Column("tenant_role", Text, comment="admin, portfolio_manager or nothing"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_now),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=_now),
    _changed_in(),
    CheckConstraint("kind in ('person','integration','agent')", name="kind"),
    info={"background": True},
)

memberships = Table(
    "memberships",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("project_id", UUID(as_uuid=True), primary_key=True),
    Column("person_id", UUID(as_uuid=True), primary_key=True),
    Column("id", UUID(as_uuid=True), nullable=False),
    Column("role", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_now),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=_now),
    _changed_in(),
    CheckConstraint(
        "role in ('owner','programme_manager','manager','coordinator','member','stakeholder','client_contact',"
        "'auditor','guest')",
        name="role",
    ),
    Index("ix_memberships_person", "tenant_id", "person_id"),
    Index("uq_memberships_id", "tenant_id", "id", unique=True),
    # Exactly one person is accountable at any instant.
    Index("uq_memberships_manager", "tenant_id", "project_id", unique=True, postgresql_where=text("role = 'manager'")),
)

delegations = Table(
    "delegations",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("project_id", UUID(as_uuid=True), nullable=False),
    Column("person_id", UUID(as_uuid=True), nullable=False),
    Column("role", Text, nullable=False, comment="the role whose authority is lent"),
    Column("kinds", JSONB, nullable=False, comment="patterns of the kinds that it covers"),
    Column("grants", JSONB, comment="how far it is lent; nothing for all of it"),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("granted_by_id", UUID(as_uuid=True), nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_now),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=_now),
    _changed_in(),
    Index("ix_delegations_person", "tenant_id", "project_id", "person_id", "expires_at"),
)

authority_policies = Table(
    "authority_policies",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("project_id", UUID(as_uuid=True), primary_key=True),
    Column("document", JSONB, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_now),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=_now),
    _changed_in(),
)

# An archived project: what let people reach it lies here, and nowhere else, until it is restored. A row with the id of
# no project (services/kernel/archived_access.py) archives the whole tenant.
archived_projects = Table(
    "archived_projects",
    kernel_metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("project_id", UUID(as_uuid=True), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("memberships", JSONB, nullable=False, comment="rows of that table, as the others"),
    Column("delegations", JSONB, nullable=False),
    Column("authority_policies", JSONB, nullable=False),
    Column("archived_at", DateTime(timezone=True), nullable=False),
    Column("archived_by_id", UUID(as_uuid=True), nullable=False),
    info={"background": True},
)
