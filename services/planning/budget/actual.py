"""An actual: the posting of a cost that has been incurred, as the accounts know it. It is reversed, never changed."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint, Index, Numeric, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base


class ExternalRefContradicted(Conflict):
    """What the other system calls by this reference is here already, and says something else."""

    code = "external_ref_contradicted"
    title = {"en": "The reference was taken in with other content", "nb": "Referansen er mottatt med annet innhold"}
    detail = {
        "en": "What is posted stays as it is; post a reversal and then the correct amount under references of their own.",
        "nb": "Det som er ført, blir stående; før en reversering og deretter riktig beløp under egne referanser.",
    }


class AlreadyReversed(Conflict):
    code = "already_reversed"
    title = {"en": "The posting has been reversed before", "nb": "Posteringen er reversert fra før"}


class ReversalUnbalanced(RuleViolated):
    code = "reversal_unbalanced"
    title = {"en": "A reversal takes back the whole amount", "nb": "En reversering tar tilbake hele beløpet"}


class Actual(Entity, Base):
    """A negative amount is a credit. `reverses_id` is the posting that this one cancels to the øre."""

    __tablename__ = "actuals"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "cost_code_id"], ["cost_codes.tenant_id", "cost_codes.id"]),
        ForeignKeyConstraint(["tenant_id", "reverses_id"], ["actuals.tenant_id", "actuals.id"]),
        Index("ix_actuals_project", "tenant_id", "project_id", "posted_on"),
        Index("ix_actuals_cost_code", "tenant_id", "cost_code_id"),
        Index("uq_actuals_external_ref", "tenant_id", "external_system", "external_type", "external_id", unique=True),
        Index("uq_actuals_reversal", "tenant_id", "reverses_id", unique=True),
        {"info": {"append_only": True}},
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    cost_code_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    description: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    currency: Mapped[str] = mapped_column(Text)
    posted_on: Mapped[date] = mapped_column(Date)
    reverses_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    external_system: Mapped[str] = mapped_column(Text)
    external_type: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text)
    external_url: Mapped[str | None] = mapped_column(Text)
