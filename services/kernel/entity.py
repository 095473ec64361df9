"""What every mapped object has, and the stamp that each flush puts on it.

`tenant_id` leads the key; `version` is the ETag and is compared in the UPDATE's own WHERE, so two writers cannot both
win; who and when come from the session, never from a request body.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, MetaData, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column

from services.kernel.ids import new_id
from services.kernel.session import TenantSession
from services.kernel.tables import NAMING


class Entity:
    """The members of C3, mixed into every mapped class of an area. `id` is made when the object is, unless given."""

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True, sort_order=-10)
    id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True, default=new_id, sort_order=-9)
    version: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=90)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), nullable=False, sort_order=91)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), nullable=False, sort_order=92)
    created_by_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), nullable=False, sort_order=93)
    updated_by_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), nullable=False, sort_order=94)
    # Written by a trigger (`services/kernel/migrations.py`), read only to tell a stale writer what has changed.
    changed_in: Mapped[dict[str, str]] = mapped_column(
        JSONB,
        nullable=False,
        default=dict,
        server_default=text("'{}'"),
        deferred=True,
        sort_order=95,
        comment="column to the version in which it last changed",
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 -- SQLAlchemy calls it on the class
        return {"version_id_col": cls.version, "confirm_deleted_rows": True}


class KernelBase(DeclarativeBase):
    """Base of each service's own declarative base (`class Base(KernelBase): __abstract__ = True; metadata = …`)."""


def service_metadata() -> MetaData:
    """A metadata with the naming rules that all databases share."""
    return MetaData(naming_convention=NAMING)


# The columns of C3 as SQL, for a Collection whose source has the alias `t`.
def object_columns(noun: str) -> dict[str, str]:
    return {
        "id": "t.id",
        "type": f"'{noun}'",
        "version": "t.version",
        "created_at": "t.created_at",
        "updated_at": "t.updated_at",
        "created_by_id": "t.created_by_id",
        "updated_by_id": "t.updated_by_id",
    }


@event.listens_for(TenantSession, "before_flush")
def _stamp(session: Session, flush_context: Any, instances: Any) -> None:
    """New objects get tenant, author and time; changed ones their last author and time."""
    write = session.info["write"]
    for entity in session.new:
        if isinstance(entity, Entity):
            entity.tenant_id = write.tenant_id
            entity.created_at = entity.updated_at = write.now
            entity.created_by_id = entity.updated_by_id = write.author_id
    for entity in session.dirty:
        if isinstance(entity, Entity) and session.is_modified(entity):
            entity.updated_at = write.now
            entity.updated_by_id = write.author_id
