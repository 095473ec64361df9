"""A plan template: a project's plan without its dates, people and progress, good for the whole tenant."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base

MOST_TASKS: Final = 10_000
# Each of them is judged and told of by itself.
MOST_ENTRIES: Final = 200


class PlanNotEmpty(Conflict):
    code = "plan_not_empty"
    title = {
        "en": "Only a project without tasks is planned by a template",
        "nb": "Bare et prosjekt uten oppgaver planlegges etter en mal",
    }


class NothingToTemplate(RuleViolated):
    code = "nothing_to_template"
    title = {"en": "The project has no tasks", "nb": "Prosjektet har ingen oppgaver"}


class TemplateTooLarge(RuleViolated):
    code = "template_too_large"
    title = {"en": "The plan is too large for a template", "nb": "Planen er for stor for en mal"}
    detail = {
        "en": "A template has at most 10,000 tasks, 200 risks and 200 budget lines.",
        "nb": "En mal har høyst 10 000 oppgaver, 200 risikoer og 200 budsjettposter.",
    }


class PlanTemplate(Entity, Base):
    """`document` holds the plan, see `pattern.py`; `counts` what is in it. `span_days` is how many working days it takes."""

    __tablename__ = "plan_templates"
    __table_args__ = (Index("ix_plan_templates_name", "tenant_id", "name", "id"),)

    # The template outlives its project's visibility, so this is no foreign key, and shown only to those who see it.
    source_project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    span_days: Mapped[int] = mapped_column(Integer)
    counts: Mapped[dict[str, int]] = mapped_column(JSONB)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB, deferred=True)
