"""What is kept of a user for nobody but their provisioner."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity


class ProvisionedUser(Entity, Base):
    """What the provisioner has said of a person, by the person's id. Its words go when it deletes the user."""

    __tablename__ = "provisioned_users"
    __table_args__ = (
        Index(
            "uq_provisioned_users_user_name",
            "tenant_id",
            "user_name",
            unique=True,
            postgresql_where=text("deleted_at is null"),
        ),
    )

    user_name: Mapped[str] = mapped_column(Text, comment="as it is compared, in small letters")
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
