"""Sends a proposal's steps to their service: to try them in the proposer's name, or to carry them out in the decider's."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson

from gateway.authority.proposal import Measured, Proposal, StepsOfOneService
from gateway.routing.routing_table import GATEWAY, resolve
from services.kernel.http_client import AsgiApp, HttpClient, HttpFailed, Response, client
from services.kernel.identity import HEADER, IdentitySigner, Principal
from services.kernel.problems import RuleViolated, Unavailable
from services.kernel.service import POSITIONS_HEADER

# What a proposal cannot be about: proposals themselves, long work, and what belongs to no project.
_NOT_PROPOSABLE = frozenset({"proposals", "proposal-comments", "jobs"})


class StepRefused(RuleViolated):
    """The service refuses a step as it is; `cause` is its problem, `step` the number of the step."""

    code = "step_refused"
    title = {"en": "A step of the proposal cannot be carried out", "nb": "Et steg i forslaget kan ikke utføres"}
    members = ("cause", "step")


class Replayer:
    """`directory_head` says how far the directory of a tenant has come: the service judges by nothing older."""

    def __init__(
        self,
        targets: "dict[str, str | AsgiApp]",
        signer: IdentitySigner,
        directory_head: Callable[[UUID], Awaitable[int]],
    ) -> None:
        self._targets = targets
        self._signer = signer
        self._directory_head = directory_head
        self._clients: dict[str, HttpClient] = {}

    async def measure(
        self, service: str, steps: Sequence[Mapping[str, Any]], proposer: Principal, *, rebase: bool = False
    ) -> tuple[Measured, list[dict[str, Any]]]:
        """What the steps would do if they were taken now, and the steps with the versions that this was measured on.

        Raises StepRefused for a step that its service does not take, Unavailable when there is no answer.
        """
        answer = await self._send(service, steps, proposer, rebase=rebase, key=None)
        document = orjson.loads(answer.content)
        if not answer.is_success:
            cause = {name: value for name, value in document.items() if name not in ("instance", "trace_id", "step")}
            raise StepRefused(cause=cause, step=document.get("step"))
        tried, authority = document["result"], document["authority"]
        grounds = [done["if_match"] for done in tried["steps"]]
        grounded = [{**step, "if_match": ground} for step, ground in zip(steps, grounds, strict=True)]
        return Measured({**tried, **authority}), grounded

    async def replay(self, proposal: Proposal, decider: Principal, *, dry_run: bool = False) -> Response:
        """The service's answer, to a dry run if that is all that is wanted. Raises Unavailable when there is none, or when it says so itself."""
        principal = replace(
            decider,
            on_behalf_of_id=proposal.proposer_id,
            proposal_id=proposal.id,
            reason=proposal.reason,
            # Whoever asked is no second pair of eyes.
            approvals=sum(approval["person_id"] != str(proposal.proposer_id) for approval in proposal.approvals),
        )
        steps = proposal.steps if proposal.amended_steps is None else proposal.amended_steps
        key = None if dry_run else f"proposal-{proposal.id}"
        return await self._send(proposal.service, steps, principal, rebase=proposal.rebase, key=key)

    async def _send(
        self, service: str, steps: Sequence[Mapping[str, Any]], principal: Principal, *, rebase: bool, key: str | None
    ) -> Response:
        http = self._clients.setdefault(service, client(self._targets[service], timeout_seconds=30))
        headers = {
            HEADER: self._signer.sign(principal),
            POSITIONS_HEADER: f"{GATEWAY}={await self._directory_head(principal.tenant_id)}",
            "Content-Type": "application/json",
        }
        if key is not None:
            headers["Idempotency-Key"] = key
        path = "/internal/steps" if key is not None else "/internal/steps?dry_run=true"
        try:
            answer = await http.post(path, headers=headers, content=orjson.dumps({"steps": steps, "rebase": rebase}))
        except HttpFailed as error:
            raise Unavailable from error
        if answer.status_code >= 500:
            raise Unavailable
        return answer

    async def close(self) -> None:
        for http in self._clients.values():
            await http.aclose()


def service_of(steps: Sequence[Mapping[str, Any]]) -> str:
    """The service that all steps are of. Raises StepsOfOneService."""
    owners = set()
    for step in steps:
        route = resolve(step["path"])
        nouns = set(step["path"].split("/"))
        if route is None or len(route.services) != 1 or nouns & _NOT_PROPOSABLE:
            raise StepsOfOneService
        owners.add(route.services[0])
    if len(owners) != 1:
        raise StepsOfOneService
    return str(owners.pop())
