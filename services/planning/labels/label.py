"""A label: one of a project's words for its tasks, with the colour in which it is shown."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base

MAXIMUM_LABELS = 500
MAXIMUM_LABELS_OF_A_TASK = 20


class LabelTaken(Conflict):
    code = "label_taken"
    title = {"en": "The project has that label already", "nb": "Prosjektet har den etiketten fra før"}
    detail = {"en": "It is written {name}.", "nb": "Den skrives {name}."}


class TooManyLabels(RuleViolated):
    code = "too_many_labels"
    title = {"en": "There are too many labels", "nb": "Det er for mange etiketter"}
    detail = {"en": "At most {limit} are allowed here.", "nb": "Høyst {limit} er tillatt her."}
    members = ("limit",)


class Label(Entity, Base):
    """The register of the words that stand in `labels` of the project's tasks; upper and lower case are one word.

    A task holds the word itself, so a list of tasks is read without a look at this table, and a word that nobody has
    registered is a label without a colour.
    """

    __tablename__ = "labels"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("ix_labels_project", "tenant_id", "project_id", "id"),
        Index("uq_labels_name", "tenant_id", "project_id", text("lower(name)"), unique=True),
        CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name="colour"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    colour: Mapped[str] = mapped_column(Text)
