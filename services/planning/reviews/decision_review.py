"""A decision's review: the predicted finish and estimate beside the true ones, at the review date or when asked for."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ForeignKeyConstraint, Index, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.planning.base import Base


class DecisionReview(Entity, Base):
    """Written once. `predicted` and `measured` are `{finish, eac}`.

    The errors say how much later the finish is than predicted, in working minutes of the project's calendar, and how much
    more the project will have cost; None where nothing was predicted. `decisions_since` others were recorded meanwhile.
    """

    __tablename__ = "decision_reviews"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "decision_id"], ["decisions.tenant_id", "decisions.id"]),
        Index("ix_decision_reviews_project", "tenant_id", "project_id", "created_at"),
        Index("ix_decision_reviews_decision", "tenant_id", "decision_id", "created_at"),
        {"info": {"append_only": True}},
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    decision_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    kind: Mapped[str] = mapped_column(Text)
    automatic: Mapped[bool] = mapped_column(Boolean)
    predicted: Mapped[dict[str, Any]] = mapped_column(JSONB)
    measured: Mapped[dict[str, Any]] = mapped_column(JSONB)
    finish_error_minutes: Mapped[int | None] = mapped_column(Integer)
    # Sums may be longer than any one amount.
    cost_error: Mapped[Decimal | None] = mapped_column(Numeric())
    currency: Mapped[str] = mapped_column(Text)
    decisions_since: Mapped[int] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(Text)
