"""Labels: added, changed and removed; tasks take them and lose them."""

from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.events import FactType
from services.kernel.problems import UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_acceptance
from services.planning.labels.events import LABEL_ADDED, LABEL_CHANGED, LABEL_REMOVED
from services.planning.labels.label import (
    MAXIMUM_LABELS,
    MAXIMUM_LABELS_OF_A_TASK,
    Label,
    LabelTaken,
    TooManyLabels,
)
from services.planning.labels.repository import (
    LABELS,
    count_labels,
    known_as,
    labels_of_task,
    load_label,
    names_of,
    rewrite,
)
from services.planning.labels.schemas import Labelling, LabelPatch, NewLabel
from services.planning.schedule.repository.loading import lock_plan, project_of_task
from services.planning.schedule.use_cases.tasks import edit_words


async def add_label(session: WriteSession, project_id: UUID, new: NewLabel) -> Label:
    """The project has one more label. Raises LabelTaken, TooManyLabels."""
    await require_member(session, session.principal, project_id)
    await _refuse_taken(session, project_id, new.name, None)
    if await count_labels(session, project_id) >= MAXIMUM_LABELS:
        raise TooManyLabels(limit=MAXIMUM_LABELS)
    label = Label(project_id=project_id, name=new.name, colour=new.colour)
    session.add(label)
    await _settle(session, label, f"Does the project have a label {label.name}?", "added")
    _tell(session, LABEL_ADDED, label)
    return label


async def change_label(session: WriteSession, label_id: UUID, expected_version: int, patch: LabelPatch) -> Label:
    """Another colour, or another name, which its tasks take over. Raises LabelTaken."""
    label = await load_label(session, label_id)
    await require_member(session, session.principal, label.project_id)
    # Before the version is read, since whoever reschedules the plan meanwhile would write the tasks' versions over.
    await lock_plan(session, label.project_id)
    await LABELS.check_version(session, label.id, label.version, expected_version)
    values, before = merged(patch), label.name
    if "name" in values:
        await _refuse_taken(session, label.project_id, values["name"], label.id)
    for name, value in values.items():
        setattr(label, name, value)
    if label.name != before:
        await rewrite(session, label.project_id, before, label.name)
    await _settle(session, label, f"Is the label {before} another?", f"{label.name}, {label.colour}")
    if label.version != expected_version:
        _tell(session, LABEL_CHANGED, label, name_before=before)
    return label


async def remove_label(session: WriteSession, label_id: UUID, expected_version: int) -> None:
    """The project has it no longer, and neither do its tasks."""
    label = await load_label(session, label_id)
    await require_member(session, session.principal, label.project_id)
    await lock_plan(session, label.project_id)
    await LABELS.check_version(session, label.id, label.version, expected_version)
    await rewrite(session, label.project_id, label.name, None)
    await session.delete(label)
    await _settle(session, label, f"May the label {label.name} be removed?", "removed")
    _tell(session, LABEL_REMOVED, label)


async def label_task(session: WriteSession, task_id: UUID, labelling: Labelling) -> int:
    """A task takes some labels and loses others, whichever it has besides. Returns the task's version.

    Raises UnknownReference for a label of another project, TooManyLabels.
    """
    project_id = await project_of_task(session, task_id)
    await require_member(session, session.principal, project_id)
    names = await names_of(session, project_id, [*labelling.add, *labelling.remove])
    for member in ("add", "remove"):
        if not names.keys() >= set(getattr(labelling, member)):
            raise UnknownReference(member)
    # The words are read and written under one lock, so that two who label a task at once keep each other's.
    await lock_plan(session, project_id)
    lost = {names[each].lower() for each in labelling.remove}
    words = [word for word in await labels_of_task(session, task_id) if word.lower() not in lost]
    present = {word.lower() for word in words}
    words += [names[each] for each in dict.fromkeys(labelling.add) if names[each].lower() not in present | lost]
    if len(words) > MAXIMUM_LABELS_OF_A_TASK:
        raise TooManyLabels(limit=MAXIMUM_LABELS_OF_A_TASK)
    return await edit_words(session, project_id, task_id, words)


async def _refuse_taken(session: WriteSession, project_id: UUID, name: str, label_id: UUID | None) -> None:
    written = await known_as(session, project_id, name, label_id)
    if written is not None:
        raise LabelTaken(name=written)


async def _settle(session: WriteSession, label: Label, question: str, chosen: str) -> None:
    await session.flush()
    await require_authority(session, label.project_id, ["label.record"])
    await record_acceptance(
        session,
        project_id=label.project_id,
        kind="label.record",
        question=question,
        chosen=chosen,
        subject_type="label",
        subject_id=label.id,
    )


def _tell(session: WriteSession, fact_type: FactType, label: Label, **more: Any) -> None:
    data = {"name": label.name, "colour": label.colour} | more
    session.record(fact_type, "label", label.id, data, project_id=label.project_id)
