"""What other services make of signed minutes: verdicts on their decisions, tasks for their actions."""

from uuid import UUID

from services.coordination.meetings import repository
from services.coordination.meetings.action_item import ActionItemState
from services.coordination.meetings.use_cases.action_items import record_closed
from services.kernel.events import Fact
from services.kernel.inbox import Handlers
from services.kernel.session import WriteSession

HANDLERS = Handlers()
_RESULT = {
    "gateway.proposal.accepted": "accepted",
    "gateway.proposal.rejected": "rejected",
    "gateway.proposal.rebase_required": "rebase_required",
    "gateway.proposal.failed": "failed",
    # The signer could not decide it; the proposal itself stays open.
    "gateway.proposal.decision_refused": "failed",
}
COMPLETE = 100


@HANDLERS.on(*_RESULT)
async def note_result(session: WriteSession, fact: Fact) -> None:
    """Show at the outcome what became of the decision."""
    if fact.data.get("outcome_id") is None:
        return
    outcome = await repository.outcome_or_none(session, UUID(fact.data["outcome_id"]))
    if outcome is not None:
        outcome.result = _RESULT[fact.type]
        problem = fact.data.get("problem")
        outcome.result_detail = problem and problem["title"]


@HANDLERS.on("planning.task.created")
async def schedule_action_item(session: WriteSession, fact: Fact) -> None:
    """Planning has made a task of an action item."""
    origin = fact.data.get("origin") or {}
    if origin.get("type") != "action_item":
        return
    item = await repository.action_item_or_none(session, UUID(origin["id"]))
    if item is not None:
        item.schedule(UUID(fact.data["task"]["id"]))


@HANDLERS.on("planning.task.changed")
async def follow_task(session: WriteSession, fact: Fact) -> None:
    """A complete task means a done action item, and a task that is taken up again an open one."""
    item = await repository.action_item_of_task(session, UUID(fact.data["task"]["id"]))
    if item is None:
        return
    if fact.data["task"]["percent_complete"] < COMPLETE:
        item.reopen()
    elif not item.closed:
        item.close(ActionItemState.DONE)
        record_closed(session, item)


@HANDLERS.on("planning.task.deleted")
async def loosen_from_task(session: WriteSession, fact: Fact) -> None:
    """The promise outlives its task."""
    for task_id in fact.data["removed_ids"]:
        item = await repository.action_item_of_task(session, UUID(task_id))
        if item is not None:
            item.schedule(None)
