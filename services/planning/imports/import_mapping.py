"""An import mapping: what the columns of somebody's tables mean, kept so that the next file is read like the last."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.planning.base import Base


class ImportMapping(Entity, Base):
    """`columns` is `[{column, member}]`; what is null is guessed from the file."""

    __tablename__ = "import_mappings"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("uq_import_mappings_name", "tenant_id", "project_id", "name", unique=True),
        CheckConstraint("decimal_sign in ('.',',')", name="decimal_sign"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    columns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    date_format: Mapped[str | None] = mapped_column(Text)
    decimal_sign: Mapped[str] = mapped_column(Text)
    delimiter: Mapped[str | None] = mapped_column(Text)
    encoding: Mapped[str | None] = mapped_column(Text)
    outline: Mapped[str | None] = mapped_column(Text)
    header_row: Mapped[int | None] = mapped_column(Integer)
    sheet: Mapped[str | None] = mapped_column(Text)
