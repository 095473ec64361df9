"""A contract with its milestones, options and change orders."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base


class ContractKind(StrEnum):
    """How it is paid: a sum, by what is used, or by orders that are called off."""

    FIXED_PRICE = "fixed_price"
    TIME_AND_MATERIAL = "time_and_material"
    FRAMEWORK = "framework"


class ContractStatus(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class MilestoneState(StrEnum):
    PLANNED = "planned"
    REACHED = "reached"
    PAID = "paid"
    CANCELLED = "cancelled"


class OptionState(StrEnum):
    OPEN = "open"
    EXERCISED = "exercised"
    LAPSED = "lapsed"


class ChangeOrderState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


_NEXT = {
    ContractStatus.DRAFT: {ContractStatus.SIGNED, ContractStatus.TERMINATED},
    ContractStatus.SIGNED: {ContractStatus.COMPLETED, ContractStatus.TERMINATED},
    ContractStatus.COMPLETED: set[ContractStatus](),
    ContractStatus.TERMINATED: set[ContractStatus](),
}


class IllegalContractStatus(Conflict):
    code = "illegal_contract_status"
    title = {"en": "The contract cannot pass to that status", "nb": "Kontrakten kan ikke gå til den statusen"}
    detail = {"en": "From {present} it can pass to: {possible}.", "nb": "Fra {present} kan den gå til: {possible}."}


class ContractNotInForce(Conflict):
    code = "contract_not_in_force"
    title = {"en": "Only a signed contract is changed", "nb": "Bare en signert kontrakt endres"}
    detail = {"en": "It is {status}.", "nb": "Den er {status}."}


class DecidedAlready(Conflict):
    code = "decided_already"
    title = {"en": "That has been decided", "nb": "Dette er avgjort"}
    detail = {"en": "It is {state}.", "nb": "Det er {state}."}


class OptionExpired(Conflict):
    code = "option_expired"
    title = {"en": "The option could be exercised until {exercise_by}", "nb": "Opsjonen gjaldt til {exercise_by}"}


class ContractEndsEarly(RuleViolated):
    code = "contract_ends_early"
    title = {"en": "A contract ends before it begins", "nb": "En kontrakt slutter før den begynner"}
    members = ("ends_on",)


class Contract(Entity, Base):
    """Amounts are in the project's currency. `value` is as it was signed; `agreed_changes` what change orders and exercised
    options have added since. `retention_percent` of each payment is held back until `retention_until`.
    """

    __tablename__ = "contracts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("ix_contracts_project", "tenant_id", "project_id", "id"),
        Index("uq_contracts_number", "tenant_id", "project_id", "number", unique=True),
        CheckConstraint("kind in ('fixed_price','time_and_material','framework')", name="kind"),
        CheckConstraint("status in ('draft','signed','completed','terminated')", name="status"),
        CheckConstraint("retention_percent between 0 and 100", name="retention_percent"),
        CheckConstraint("starts_on is null or ends_on is null or starts_on <= ends_on", name="days"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    number: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    counterparty: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default=ContractStatus.DRAFT)
    value: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
    agreed_changes: Mapped[Decimal] = mapped_column(Numeric(20, 4), default=Decimal(0))
    currency: Mapped[str] = mapped_column(Text)
    signed_on: Mapped[date | None] = mapped_column(Date)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    retention_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal(0))
    retention_until: Mapped[date | None] = mapped_column(Date)
    document_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    notes: Mapped[str] = mapped_column(Text, default="")

    def pass_to(self, status: ContractStatus) -> None:
        """Move along the contract's life. Raises IllegalContractStatus when there is no such step."""
        possible = _NEXT[ContractStatus(self.status)]
        if status not in possible:
            raise IllegalContractStatus(present=self.status, possible=", ".join(sorted(possible)) or "-")
        self.status = status

    def require_in_force(self) -> None:
        if self.status != ContractStatus.SIGNED:
            raise ContractNotInForce(status=self.status)


def _of_a_contract(table: str) -> tuple[ForeignKeyConstraint | Index, ...]:
    return (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "contract_id"], ["contracts.tenant_id", "contracts.id"]),
        Index(f"ix_{table}_project", "tenant_id", "project_id", "id"),
        Index(f"ix_{table}_contract", "tenant_id", "contract_id"),
    )


class ContractMilestone(Entity, Base):
    """What a contract says is done by a day, and what is paid then. Its task tells when that will be."""

    __tablename__ = "contract_milestones"
    __table_args__ = (
        *_of_a_contract("contract_milestones"),
        CheckConstraint("state in ('planned','reached','paid','cancelled')", name="state"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    contract_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date] = mapped_column(Date)
    # The contract stays when the task goes, so its id is no foreign key.
    task_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    payment: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
    state: Mapped[str] = mapped_column(Text, default=MilestoneState.PLANNED)
    reached_on: Mapped[date | None] = mapped_column(Date)


class ContractOption(Entity, Base):
    """What one side may still ask for, until a day, for a sum."""

    __tablename__ = "contract_options"
    __table_args__ = (
        *_of_a_contract("contract_options"),
        CheckConstraint("state in ('open','exercised','lapsed')", name="state"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    contract_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    exercise_by: Mapped[date] = mapped_column(Date)
    value: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
    state: Mapped[str] = mapped_column(Text, default=OptionState.OPEN)
    decision_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))

    def require_open(self) -> None:
        if self.state != OptionState.OPEN:
            raise DecidedAlready(state=self.state)


class ContractChangeOrder(Entity, Base):
    """Another sum, or more days, for what was not in the contract; it counts once it has been approved."""

    __tablename__ = "contract_change_orders"
    __table_args__ = (
        *_of_a_contract("contract_change_orders"),
        CheckConstraint("state in ('proposed','approved','rejected')", name="state"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    contract_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    value: Mapped[Decimal] = mapped_column(Numeric(20, 4), default=Decimal(0))
    extension_days: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(Text, default=ChangeOrderState.PROPOSED)
    decision_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))

    def require_open(self) -> None:
        if self.state != ChangeOrderState.PROPOSED:
            raise DecidedAlready(state=self.state)
