"""A resource: a person, a machine, a material or a cost that the work takes."""

from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import RuleViolated
from services.planning.base import Base
from services.planning.external_refs.external_reference import ExternallyKnown
from services.planning.schedule.pricing import Accrual


class ResourceType(StrEnum):
    """Only work drives dates."""

    WORK = "work"
    MATERIAL = "material"
    COST = "cost"


class WorkKind(StrEnum):
    """What a work resource is: somebody, several together, or a machine."""

    PERSON = "person"
    TEAM = "team"
    EQUIPMENT = "equipment"


class NotOfThisResource(RuleViolated):
    code = "not_of_this_resource"
    title = {"en": "Resources of this type have no such value", "nb": "Ressurser av denne typen har ikke en slik verdi"}
    detail = {"en": "{reason}", "nb": "{reason}"}


class Resource(ExternallyKnown, Entity, Base):
    """`max_units` 1 is one full person; a rate is money for an hour of work or a unit of material, in `currency`.

    `availability` is `[{from_date, to_date, units}]`: the units on days where they are other ones. `rates` is `[{table,
    from_date, standard_rate, overtime_rate, cost_per_use}]`: what is dearer from a day on, and the tables B to E; the
    columns are table A from the beginning. `team_id` is the team that a work resource belongs to, whose units are then
    those of its members. `unit` is what material is counted in.
    """

    __tablename__ = "resources"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "calendar_id"], ["calendars.tenant_id", "calendars.id"], name="fk_resources_calendar"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "team_id"], ["resources.tenant_id", "resources.id"], name="fk_resources_team"
        ),
        Index("ix_resources_project", "tenant_id", "project_id", "id"),
        Index("ix_resources_team", "tenant_id", "team_id"),
        Index("ix_resources_person", "tenant_id", "person_id"),
        CheckConstraint("resource_type in ('work','material','cost')", name="resource_type"),
        CheckConstraint(
            "work_kind is null or work_kind in ('person','team','equipment') and resource_type = 'work'",
            name="work_kind",
        ),
        CheckConstraint("team_id is null or resource_type = 'work' and team_id <> id", name="team"),
        CheckConstraint("accrual in ('start','prorated','end')", name="accrual"),
        CheckConstraint("max_units >= 0", name="max_units"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    resource_type: Mapped[str] = mapped_column(Text, default=ResourceType.WORK)
    max_units: Mapped[Decimal] = mapped_column(Numeric(12, 4), default=Decimal(1))
    work_kind: Mapped[str | None] = mapped_column(Text)
    team_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    unit: Mapped[str | None] = mapped_column(Text)
    availability: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    standard_rate: Mapped[Decimal | None] = mapped_column(Numeric())
    overtime_rate: Mapped[Decimal | None] = mapped_column(Numeric())
    cost_per_use: Mapped[Decimal] = mapped_column(Numeric(), default=Decimal(0), server_default=text("0"))
    accrual: Mapped[str] = mapped_column(Text, default=Accrual.PRORATED, server_default=text("'prorated'"))
    rates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    currency: Mapped[str | None] = mapped_column(Text)
    calendar_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    person_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
