"""Many operations on one collection in one request (C13), each answered for itself or all of them together.

An operation that cannot be read does not keep the others from being read. What a noun can do is declared as `Verbs`,
whose functions are the use cases of its ordinary routes; each operation runs in a savepoint. Authority is asked for the
whole of what was done, so that many small effects weigh as much as the one large one that they add up to.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Literal, Self, TypeVar, cast
from uuid import UUID

from pydantic import (
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from starlette.responses import Response

from services.kernel.access import require_authority, require_member, require_scope
from services.kernel.authority import summed
from services.kernel.collection import Collection
from services.kernel.entity import Entity
from services.kernel.problems import (
    NotFound,
    PreconditionMissing,
    Problem,
    RequestInProgress,
    RuleViolated,
    ValidationFailed,
    error_at,
)
from services.kernel.requests import context_of
from services.kernel.schemas import Body, Effects, Flag, Shape
from services.kernel.session import GatheredAct, WriteSession
from services.kernel.write import Write, already_exists

MAXIMUM_OPERATIONS: Final = 1_000
Operation = TypeVar("Operation")
New = TypeVar("New", bound=Body)
Patch = TypeVar("Patch", bound=Body)

Version = Annotated[int, Field(ge=1, lt=2**31, strict=True)]
# "$n" stands for what the n-th operation of the batch has created.
BatchReference = Annotated[str, StringConstraints(pattern=r"^\$[1-9][0-9]{0,3}$")]


class BatchRefused(RuleViolated):
    code = "batch_refused"
    title = {"en": "An operation of the batch cannot be carried out", "nb": "En operasjon i bunken kan ikke utføres"}
    detail = {"en": "Nothing was done. See errors.", "nb": "Ingenting ble gjort. Se errors."}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands in the place of an operation that its shape does not allow."""

    errors: Sequence[Mapping[str, str]]

    def problem(self) -> Problem:
        return ValidationFailed(errors=self.errors)


def unreadable_kept(tag: str) -> WrapValidator:
    """For a union that the member `tag` tells apart: what cannot be read becomes an Unreadable."""

    def keep(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
        try:
            return read(value)
        except ValidationError as error:
            return Unreadable(errors_of(error, value, tag))

    return WrapValidator(keep)


def errors_of(error: ValidationError, value: Any, tag: str = "") -> list[dict[str, str]]:
    """The errors of a problem, from pydantic's, with pointers into the value."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [error_at(_pointer(each, value, tag), str(each["type"]), str(each["msg"])[:300]) for each in details[:50]]


def _pointer(detail: Any, value: Any, tag: str) -> str:
    """Pydantic names the branches of unions among the places, which are none of the body's."""
    if detail["type"].startswith("union_tag"):
        return f"/{tag}"
    pointer, node = "", value
    for part in detail["loc"]:
        inside = isinstance(node, dict) and part in node
        if inside or (isinstance(node, list) and isinstance(part, int) and part < len(node)):
            node = node[part]
        elif not (detail["type"] == "missing" and part == detail["loc"][-1]):
            continue
        pointer += f"/{str(part).replace('~', '~0').replace('/', '~1')}"
    return pointer


class Create(Body, Generic[New]):
    op: Literal["create"]
    body: New


class Update(Body, Generic[Patch]):
    """A merge patch. `version` is what If-Match says elsewhere; what the batch itself has created needs none."""

    op: Literal["update"]
    id: UUID | BatchReference
    version: Version | None = None
    body: Patch


class Upsert(Body, Generic[New]):
    """Updates what carries the body's first external reference, with what the body names, or creates it."""

    op: Literal["upsert"]
    body: New

    @model_validator(mode="after")
    def _needs_a_reference(self) -> Self:
        if not getattr(self.body, "external_refs", ()):
            raise ValueError("an upsert needs an external reference")
        return self


class Delete(Body):
    op: Literal["delete"]
    id: UUID
    version: Version


class Batch(Body, Generic[Operation]):
    atomic: Flag = True
    operations: Annotated[
        list[Annotated[Operation, unreadable_kept("op")]],
        Field(min_length=1, max_length=MAXIMUM_OPERATIONS),
    ]

    def read(self) -> "Sequence[Operation | Unreadable]":
        """The operations in their order, with those that could not be read."""
        return cast("Sequence[Operation | Unreadable]", self.operations)


class OperationResult(Shape):
    status: int
    id: UUID | None
    version: int | None
    problem: dict[str, Any] | None


class BatchShape(Shape):
    results: list[OperationResult]
    effects: Effects | None = None


BATCH_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    207: {"model": BatchShape, "description": "A batch that is not atomic: a status and problem for each operation."}
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one operation came to. Of its problem the pointers are inside the operation."""

    status: int
    object_id: UUID | None = None
    version: int | None = None
    problem: Problem | None = None


def refused(problem: Problem, *, in_body: bool = True) -> Outcome:
    """An operation that cannot be carried out; `in_body` says that the problem points into the operation's body."""
    errors = problem.errors or [error_at("", problem.code, problem.title["en"])]
    inside = "/body" if in_body and problem.errors else ""
    problem.errors = [dict(each) | {"pointer": f"{inside}{each['pointer']}"} for each in errors]
    return Outcome(problem.status, problem=problem)


def unreadable(operation: Unreadable) -> Outcome:
    return refused(operation.problem(), in_body=False)


def require_all(batch: Batch[Any], outcomes: Sequence[Outcome]) -> None:
    """Raise BatchRefused, which names every place that stood in the way, if the batch is all or nothing."""
    errors = [
        dict(error) | {"pointer": f"/operations/{index}{error['pointer']}"}
        for index, outcome in enumerate(outcomes)
        if outcome.problem is not None
        for error in outcome.problem.errors
    ]
    if errors and batch.atomic:
        raise BatchRefused(errors=errors[:50])


async def answer_batch(
    write: Write, batch: Batch[Any], outcomes: Sequence[Outcome], effects: Mapping[str, Any] | None = None
) -> Response:
    """200 for an atomic batch, which was done whole; else 207 with what each operation came to."""
    context, path = context_of(write.request), write.request.url.path
    results = []
    for index, outcome in enumerate(outcomes):
        problem = None
        if outcome.problem is not None:
            problem = outcome.problem.body(context.language, path, context.trace_id)
            for error in problem["errors"]:
                error["pointer"] = f"/operations/{index}{error['pointer']}"
        object_id = str(outcome.object_id) if outcome.object_id is not None else None
        results.append({"status": outcome.status, "id": object_id, "version": outcome.version, "problem": problem})
    done = any(outcome.problem is None for outcome in outcomes)
    return await write.answer(
        {"results": results},
        status=200 if batch.atomic else 207,
        effects=effects,
        effect="applied" if done else "none",
    )


# -- batches of nouns whose operations are independent of each other --------------------------------------------------

# What a use case gives back: the object, perhaps with its effects, or an id with whether it is new.
Done = Entity | tuple[Entity, Any] | tuple[UUID, bool]


@dataclass(frozen=True, slots=True)
class Verbs:
    """The use cases of a noun, as its ordinary routes call them; None for what it cannot do.

    `impact` adds up the impacts of the operations, of which there is at least one.
    """

    collection: Collection
    create: Callable[[WriteSession, UUID, Any], Awaitable[Done]] | None = None
    update: Callable[[WriteSession, UUID, int, Any], Awaitable[Done]] | None = None
    delete: Callable[[WriteSession, UUID, int], Awaitable[None]] | None = None
    upsert: Callable[[WriteSession, UUID, Any], Awaitable[Outcome]] | None = None
    impact: Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any]] = lambda _: {}


async def begin_batch(session: WriteSession, project_id: UUID) -> None:
    """Raise NotFound for a stranger, ScopeMissing for a token that may only read, whatever the operations are."""
    await require_member(session, session.principal, project_id)
    require_scope(session.principal, f"{session.service}:propose")


async def run_batch(write: Write, project_id: UUID, batch: Batch[Any], verbs: Verbs) -> Response:
    """Carry out the operations in their order and answer. Raises BatchRefused, and AuthorityRequired for the whole."""
    session = write.session
    await begin_batch(session, project_id)
    runner = _Runner(session, project_id, verbs)
    outcomes = [await runner.run(number, operation) for number, operation in enumerate(batch.read(), 1)]
    require_all(batch, outcomes)
    await runner.require_authority()
    return await answer_batch(write, batch, outcomes)


class _Runner:
    def __init__(self, session: WriteSession, project_id: UUID, verbs: Verbs) -> None:
        self._session = session
        self._project_id = project_id
        self._verbs = verbs
        self._made: dict[str, UUID] = {}
        self._versions: dict[UUID, int] = {}
        self._acts: list[GatheredAct] = []

    async def run(self, number: int, operation: Any) -> Outcome:
        """One operation in a savepoint; what refuses it takes back what it did, and nothing else."""
        if isinstance(operation, Unreadable):
            return unreadable(operation)
        session = self._session
        recorded = len(session.recorded)
        session.gathered = []
        try:
            async with session.begin_nested():
                outcome = await self._carry_out(operation)
                await session.flush()
        except (Problem, IntegrityError, StaleDataError) as error:
            session.forget_recorded_after(recorded)
            return refused(_problem_of(error), in_body=operation.op != "delete")
        else:
            self._acts.extend(session.gathered)
            if outcome.status == 201 and outcome.object_id is not None:
                self._versions[outcome.object_id] = outcome.version or 1
                self._made[f"${number}"] = outcome.object_id
            return outcome
        finally:
            session.gathered = None

    async def _carry_out(self, operation: Any) -> Outcome:
        verbs, session = self._verbs, self._session
        if operation.op == "create" and verbs.create is not None:
            object_id, version, is_new = _done(await verbs.create(session, self._project_id, operation.body))
            self._versions[object_id] = version
            return Outcome(201 if is_new else 200, object_id, version)
        if operation.op == "upsert" and verbs.upsert is not None:
            return await verbs.upsert(session, self._project_id, operation.body)
        object_id, expected = await self._named(operation)
        if operation.op == "update" and verbs.update is not None:
            object_id, version, _ = _done(await verbs.update(session, object_id, expected, operation.body))
            self._versions[object_id] = version
            return Outcome(200, object_id, version)
        if operation.op == "delete" and verbs.delete is not None:
            await verbs.delete(session, object_id, expected)
            return Outcome(204, object_id)
        raise TypeError(f"a batch of {verbs.collection.noun} has no {operation.op}")

    async def _named(self, operation: Any) -> tuple[UUID, int]:
        """The object and the version that the caller knows. Raises NotFound for an object of another project."""
        if isinstance(operation.id, str):
            object_id = self._made.get(operation.id)
            if object_id is None:
                raise NotFound
            return object_id, operation.version or self._versions[object_id]
        await self._verbs.collection.require_in(self._session, operation.id, self._project_id)
        if operation.version is None:
            raise PreconditionMissing
        return operation.id, operation.version

    async def require_authority(self) -> None:
        """Ask once for all that was done: every kind, and the sum of each measure."""
        if not self._acts:
            return
        measures = summed(act.measures for act in self._acts)
        impact = {"operations": len(self._acts), **self._verbs.impact([act.impact for act in self._acts])}
        kinds = sorted({kind for act in self._acts for kind in act.kinds})
        await require_authority(self._session, self._project_id, kinds, measures, impact)


def _done(result: Done) -> tuple[UUID, int, bool]:
    """The id, the version and whether the object is new."""
    if isinstance(result, tuple):
        first, second = result
        if isinstance(first, UUID):
            return first, 1, bool(second)
        return first.id, first.version, True
    return result.id, result.version, True


def _problem_of(error: Problem | IntegrityError | StaleDataError) -> Problem:
    if isinstance(error, Problem):
        return error
    return already_exists(error) if isinstance(error, IntegrityError) else RequestInProgress()
