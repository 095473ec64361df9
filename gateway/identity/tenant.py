"""A tenant: the organisation whose data nobody else sees."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity


class Tenant(Entity, Base):
    """One row per tenant, whose id is the tenant_id everywhere."""

    __tablename__ = "tenants"

    name: Mapped[str] = mapped_column(Text)
