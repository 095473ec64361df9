"""Several requests as one transaction: the steps of a proposal, tried or carried out, all of them or none.

Each step is an ordinary request to this application, so it is validated, judged and recorded as if it stood alone; only
its transaction is a savepoint of the one that all share (`open_write` finds the `Joint` in the request's scope). Behind
the last step the whole is judged once more, by the sum of what its steps measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response
from starlette.types import ASGIApp

from services.kernel.access import require_authority
from services.kernel.authority import summed
from services.kernel.http_client import AsgiApp, HttpClient, client
from services.kernel.http_client import Response as StepAnswer
from services.kernel.identity import HEADER
from services.kernel.problems import RuleViolated
from services.kernel.schemas import Body, Flag, Step
from services.kernel.session import Judged, WriteSession
from services.kernel.write import JOINT, POSITION_HEADER, KeyedWriting

MAXIMUM_STEPS: Final = 100
_NO_DIFFERENCE: Final = object()


class NotProposable(RuleViolated):
    """Only acts that a project's policy judges are proposed, and all steps are of one project."""

    code = "not_proposable"
    title = {"en": "This cannot be a step of a proposal", "nb": "Dette kan ikke være et steg i et forslag"}
    members = ("step",)


class StepRefused(Exception):
    """A step was refused; its own problem goes out, with the step's number, and nothing of the others stays."""

    def __init__(self, response: Response) -> None:
        super().__init__("a step was refused")
        self.response = response


class Steps(Body):
    """What the gateway asks for. With `rebase`, the first step on each object builds on its version as it is now."""

    steps: list[Step] = Field(min_length=1, max_length=MAXIMUM_STEPS)
    rebase: Flag = False


@dataclass
class Joint:
    """The transaction that the steps share, and what their judges saw."""

    connection: AsyncConnection
    judged: list[Judged] = field(default_factory=list)
    impact: dict[str, Any] = field(default_factory=dict)

    def take(self, session: WriteSession) -> None:
        """Keep what was found about a step."""
        self.judged.extend(session.judged)
        self.impact = in_sequence(self.impact, session.impact or {})


def steps_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.post("/internal/steps")
    async def take_steps(asked: Steps, request: Request, write: KeyedWriting) -> Response:
        joint = Joint(await write.session.connection())
        async with client(_jointly(request.app, joint), timeout_seconds=60) as http:
            walk = _Walk(request, http, joint, dry_run=write.dry_run, rebase=asked.rebase)
            results = [await walk.take(number, step) for number, step in enumerate(asked.steps, start=1)]
        judged = _sum(joint.judged)
        await require_authority(write.session, judged.project_id, judged.kinds, judged.measures, joint.impact)
        document = {
            "steps": results,
            "project_id": str(judged.project_id),
            "kinds": judged.kinds,
            "measures": {name: str(value) for name, value in judged.measures.items()},
            # In full: the desk keeps it for those who decide, and shows each reader what they may see.
            "impact": joint.impact,
        }
        response = await write.answer(document)
        if walk.position is not None:
            response.headers[POSITION_HEADER] = walk.position
        return response

    return router


def _jointly(app: ASGIApp, joint: Joint) -> AsgiApp:
    """The application, with every request to it in the shared transaction."""

    async def jointly(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, JOINT: joint}, receive, send)

    return jointly


class _Walk:
    """The way through the steps: what later ones build on."""

    def __init__(self, request: Request, http: HttpClient, joint: Joint, *, dry_run: bool, rebase: bool) -> None:
        self._joint = joint
        self._http = http
        self._headers = {
            name: request.headers[name]
            for name in (HEADER, "traceparent", "accept-language")
            if name in request.headers
        }
        self._key = request.headers.get("idempotency-key", "")
        self._dry_run = dry_run
        self._rebase = rebase
        self._ids: list[str | None] = []
        self._grounds: dict[str, str] = {}
        self.position: str | None = None

    async def take(self, number: int, step: Step) -> dict[str, Any]:
        """Carry one step out. Raises StepRefused, NotProposable."""
        path: str = self._referring(step.path)
        headers = dict(self._headers)
        ground = await self._ground(path, step.if_match)
        if ground is not None:
            headers["If-Match"] = ground
        if step.body is not None:
            headers["Content-Type"] = step.content_type or "application/json"
        if not self._dry_run:
            headers["Idempotency-Key"] = f"{self._key}-{number}"
        query = "&".join(part for part in (step.query, "dry_run=true" if self._dry_run else "") if part)
        body = b"" if step.body is None else orjson.dumps(self._referring(step.body))
        before = len(self._joint.judged)
        answer = await self._http.request(
            step.method, f"{path}?{query}" if query else path, headers=headers, content=body
        )
        if not answer.is_success:
            raise StepRefused(_refusal(answer, number))
        if len(self._joint.judged) == before or len({each.project_id for each in self._joint.judged}) != 1:
            raise NotProposable(step=number)
        self.position = answer.headers.get(POSITION_HEADER, self.position)
        document = orjson.loads(answer.content) if answer.content else {}
        result = document["result"] if self._dry_run else document
        self._ids.append(result.get("id"))
        if "version" in result:
            self._grounds[path] = f'"{result["version"]}"'
        return {"status": answer.status_code, "id": result.get("id"), "if_match": ground}

    async def _ground(self, path: str, asked: str | None) -> str | None:
        """The version that a step builds on: what an earlier step left, else what was asked for, else (rebase) the present."""
        if asked is None:
            return None
        if path in self._grounds:
            return self._grounds[path]
        if self._rebase:
            answer = await self._http.get(path, headers=self._headers)
            present: str | None = answer.headers.get("etag")
            return present or asked
        return asked

    def _referring(self, value: Any) -> Any:
        """The value with `$1`, `$2`, … replaced by the ids of what those steps made."""
        if isinstance(value, dict):
            return {name: self._referring(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._referring(member) for member in value]
        if isinstance(value, str) and value.startswith("/"):
            return "/".join(self._id(segment) for segment in value.split("/"))
        return self._id(value) if isinstance(value, str) else value

    def _id(self, text: str) -> str:
        number = text.removeprefix("$")
        if number == text or not number.isascii() or not number.isdigit() or not 1 <= int(number[:4]) <= len(self._ids):
            return text
        return self._ids[int(number) - 1] or text


def _refusal(answer: StepAnswer, number: int) -> Response:
    document = orjson.loads(answer.content) if answer.content else {}
    return Response(
        orjson.dumps(document | {"step": number}), answer.status_code, media_type="application/problem+json"
    )


def _sum(judged: Sequence[Judged]) -> Judged:
    """All acts as one."""
    kinds = tuple(dict.fromkeys(kind for each in judged for kind in each.kinds))
    return Judged(judged[0].project_id, kinds, summed(each.measures for each in judged), judged[-1].authority)


def in_sequence(first: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """The impact of two changes in a row, of which the second began where the first had ended.

    What has `before` and `after` keeps the first `before` and the last `after`, and is left out when they are equal;
    amounts of money and other numbers add up; lists join, objects in them by their `id`. What is `needed_by` an instant
    is needed by the earlier one.
    """
    impact = dict(first)
    for name, later in then.items():
        if name == "needed_by" and name in impact:
            impact[name] = min(impact[name], later)
            continue
        joined = _joined(impact[name], later) if name in impact else later
        if joined is _NO_DIFFERENCE:
            del impact[name]
        else:
            impact[name] = joined
    return impact


def _joined(earlier: Any, later: Any) -> Any:
    if isinstance(earlier, dict) and isinstance(later, dict):
        if set(earlier) == set(later) == {"amount", "currency"}:
            return {**earlier, "amount": str(Decimal(earlier["amount"]) + Decimal(later["amount"]))}
        whole = in_sequence(earlier, later)
        if "before" in earlier and "after" in later:
            if earlier["before"] == later["after"]:
                return _NO_DIFFERENCE
            whole |= {"before": earlier["before"], "after": later["after"]}
        return whole
    if isinstance(earlier, list) and isinstance(later, list):
        return _joined_lists(earlier, later)
    if isinstance(earlier, int) and isinstance(later, int) and not isinstance(later, bool):
        return earlier + later
    return later


def _joined_lists(earlier: list[Any], later: list[Any]) -> list[Any]:
    if all(isinstance(each, dict) and "id" in each for each in (*earlier, *later)):
        by_id = {each["id"]: each for each in earlier}
        for each in later:
            joined = _joined(by_id[each["id"]], each) if each["id"] in by_id else each
            if joined is _NO_DIFFERENCE:
                del by_id[each["id"]]
            else:
                by_id[each["id"]] = joined
        return list(by_id.values())
    return [*earlier, *(each for each in later if each not in earlier)]
