"""One write request: one transaction, committed before anybody is answered.

The routes get a `Write` by dependency. It knows the principal, the precondition, the idempotency key and whether this
is a dry run; `answer` stores what was recorded and the answer itself in the same transaction; leaving the dependency
commits. FastAPI runs the exit of a `scope="function"` dependency before the response is sent, which is the point.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal, NoReturn, Protocol

import asyncpg
import orjson
from fastapi import Depends, Header, Query, Request
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm.exc import StaleDataError
from starlette.responses import Response

from services.kernel.authority import acts_of
from services.kernel.failpoints import failpoint
from services.kernel.identity import Principal
from services.kernel.problems import (
    AlreadyExists,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidPrecondition,
    Malformed,
    PreconditionMissing,
    RequestInProgress,
    StillReferenced,
    Unavailable,
)
from services.kernel.requests import context_of
from services.kernel.session import WriteSession

POSITION_HEADER = "Tandem-Position"
EFFECT_HEADER = "Tandem-Effect"
# In the scope: what a route has read from its body as a stream, as far as a repetition must say the same. An upload puts
# its fields and its file's hash there, since the body is gone by then and a client chooses new boundaries each time.
SAID = "tandem.said"
# In the scope: the transaction that this request shares with other steps (services/kernel/steps.py).
JOINT = "tandem.joint"
_STORED_HEADERS = ("etag", "location", "tandem-effect", "content-type")


class SharedTransaction(Protocol):
    """The transaction that several requests share. Each is a savepoint of it; whoever opened it commits."""

    @property
    def connection(self) -> AsyncConnection: ...

    def take(self, session: WriteSession) -> None: ...


class Replayed(Exception):
    """The same request was answered before; its stored answer goes out again."""

    def __init__(self, response: Response) -> None:
        super().__init__("replayed")
        self.response = response


class Write:
    """What a route that writes is given."""

    def __init__(
        self, request: Request, session: WriteSession, idempotency_key: str | None, if_match: str | None
    ) -> None:
        self.request = request
        self.session = session
        self.idempotency_key = idempotency_key
        self.dry_run = session.dry_run
        self.answered = False
        self._if_match = if_match

    @property
    def principal(self) -> Principal:
        return self.session.principal

    @property
    def expected_version(self) -> int:
        """The version that If-Match names. Raises PreconditionMissing without one, InvalidPrecondition for a list."""
        return version_of(self._if_match)

    @property
    def known_version(self) -> int | None:
        """The version that If-Match names where it may be left out, None without one."""
        return None if self._if_match is None else self.expected_version

    async def answer(
        self,
        body: bytes | Mapping[str, Any],
        *,
        status: int = 200,
        version: int | None = None,
        location: str | None = None,
        effects: Mapping[str, Any] | None = None,
        effect: Literal["applied", "proposed", "none"] = "applied",
    ) -> Response:
        """Publish what was recorded and build the answer; both are stored with the change, or not at all.

        `body` is the object's representation; `effects` stands beside its members as `effects` (C3: bare objects), with
        the impact that the authority check saw. A dry run answers with the impact and the verdict instead.
        """
        number = await self.session.publish()
        self.answered = True
        document = orjson.loads(body) if isinstance(body, bytes) else dict(body)
        if self.dry_run:
            return self._dry_run_answer(document, effects)
        impact = self.session.impact_shown()
        if effects is not None or impact:
            document["effects"] = {"impact": impact, **(effects or {})}
        headers: dict[str, str] = {EFFECT_HEADER: effect}
        if version is not None:
            headers["ETag"] = f'"{version}"'
        if location is not None:
            headers["Location"] = location
        if number is not None:
            headers[POSITION_HEADER] = f"{self.session.service}={number}"
        response = Response(orjson.dumps(document), status, headers, "application/json")
        await self._keep(response)
        return response

    async def answer_empty(self) -> Response:
        """204 for a deletion."""
        number = await self.session.publish()
        self.answered = True
        if self.dry_run:
            return self._dry_run_answer({}, None)
        headers = {EFFECT_HEADER: "applied"}
        if number is not None:
            headers[POSITION_HEADER] = f"{self.session.service}={number}"
        response = Response(b"", 204, headers)
        await self._keep(response)
        return response

    async def release_key(self) -> None:
        """Forget the key: this answer must not be stored (it holds a secret), so a retry runs again."""
        if self.idempotency_key is not None:
            await (await self.session.driver()).execute(
                "delete from idempotency_keys where tenant_id = $1 and principal_id = $2 and route = $3 and key = $4",
                self.session.tenant_id,
                self.principal.person_id,
                _route(self.request),
                self.idempotency_key,
            )
            self.idempotency_key = None

    def _dry_run_answer(self, document: dict[str, Any], effects: Mapping[str, Any] | None) -> Response:
        authority = self.session.authority
        preview = {
            "dry_run": True,
            "authority": {
                "verdict": authority.verdict if authority else "decide",
                "exceeded": list(authority.exceeded) if authority else [],
                "decidable_by": self.session.decidable_by,
            },
            "impact": self.session.impact_shown(),
            "result": document,
            **(effects or {}),
        }
        return Response(orjson.dumps(preview), 200, {EFFECT_HEADER: "none"}, "application/json")

    async def _keep(self, response: Response) -> None:
        if self.idempotency_key is None:
            return
        kept = {name: value for name, value in response.headers.items() if name in _STORED_HEADERS}
        await (await self.session.driver()).execute(
            """update idempotency_keys set status = $5, headers = $6, body = $7
               where tenant_id = $1 and principal_id = $2 and route = $3 and key = $4""",
            self.session.tenant_id,
            self.principal.person_id,
            _route(self.request),
            self.idempotency_key,
            response.status_code,
            orjson.dumps(kept).decode(),
            bytes(response.body),
        )


def version_of(if_match: str | None) -> int:
    """The version that If-Match names, 0 for a tag that no version ever had.

    Raises PreconditionMissing without one, InvalidPrecondition for a list.
    """
    if if_match is None:
        raise PreconditionMissing
    text = if_match.strip().removeprefix('"').removesuffix('"')
    if text == "*" or not text.isascii() or not text.isdigit() or len(text) > 18:
        if "," in text or text.startswith("W/"):
            raise InvalidPrecondition
        return 0
    return int(text)


def _route(request: Request) -> str:
    return f"{request.method} {request.url.path}"


async def _claim_key(session: WriteSession, request: Request, key: str) -> None:
    """Insert the key first: a parallel twin waits on this row, then reads the stored answer (or gets 409 by time-out)."""
    said: bytes = request.scope[SAID] if SAID in request.scope else await request.body()
    digest = hashlib.sha256(request.url.query.encode() + b"\n" + said).digest()
    driver = await session.driver()
    arguments = (session.tenant_id, session.principal.person_id, _route(request), key)
    try:
        claimed = await driver.fetchval(
            """insert into idempotency_keys (tenant_id, principal_id, route, key, request_hash) values ($1,$2,$3,$4,$5)
               on conflict do nothing returning true""",
            *arguments,
            digest,
        )
    except asyncpg.LockNotAvailableError as error:
        raise RequestInProgress from error
    if claimed:
        return
    stored = await driver.fetchrow(
        """select request_hash, status, headers::text, body from idempotency_keys
           where tenant_id = $1 and principal_id = $2 and route = $3 and key = $4""",
        *arguments,
    )
    if stored is None or stored["status"] is None:
        raise RequestInProgress
    if stored["request_hash"] != digest:
        raise IdempotencyKeyReused
    headers = orjson.loads(stored["headers"]) | {"Idempotency-Replayed": "true"}
    raise Replayed(Response(stored["body"], stored["status"], headers))


@asynccontextmanager
async def open_write(
    request: Request, *, dry_run: bool, idempotency_key: str | None, if_match: str | None, change_agent: str | None
) -> AsyncIterator[Write]:
    """The transaction of one write request: claim the key, let the caller work and answer, commit."""
    context = context_of(request)
    principal = context.principal
    for name in ("if-match", "idempotency-key"):
        if len(request.headers.getlist(name)) > 1:
            raise Malformed(reason=f"{name} stands more than once")
    joint: SharedTransaction | None = request.scope.get(JOINT)
    if joint is None:
        await context.service.catch_up(request, principal)
    opened: WriteSession | None = None
    try:
        async with context.service.database.write(principal, joint.connection if joint else None) as session:
            opened = session
            session.dry_run = dry_run
            session.trace_id = context.trace_id
            session.change_agent = change_agent
            session.route = _route(request)
            session.language = context.language
            session.strict = "authority=strict" in request.headers.get("prefer", "").replace(" ", "").lower()
            kinds = acts_of(request.scope.get("endpoint"))
            session.declared = frozenset(kind.name for kind in kinds) if kinds is not None else None
            write = Write(request, session, None if dry_run else idempotency_key, if_match)
            if write.idempotency_key is not None:
                await _claim_key(session, request, write.idempotency_key)
            yield write
            if not write.answered:
                raise RuntimeError("a write route must answer through Write.answer")
            if joint is not None:
                await session.commit()
                joint.take(session)
            elif dry_run:
                await session.rollback()
            else:
                failpoint("tx.before_commit")
                await session.commit()
                failpoint("tx.after_commit")
                context.service.wake()
    except StaleDataError as error:
        # Somebody else committed between this transaction's check and its flush; what they changed can be read now.
        if opened is not None and opened.ground is not None:
            async with context.service.database.read(principal.tenant_id) as reader:
                await opened.ground.check(reader, principal.person_id)
        raise RequestInProgress from error
    except IntegrityError as error:
        raise already_exists(error) from error
    except DBAPIError as error:
        _translate(error)
    except asyncpg.PostgresError as error:
        # Statements that a repository sends to the driver itself do not pass through SQLAlchemy's errors.
        _translate_driver(error)


IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$", description="Makes a retry safe; kept 72 hours."),
]


DryRun = Annotated[
    bool, Query(description="Validate, check and measure everything; store nothing; answer 200 with the impact.")
]


async def begin_write(
    request: Request,
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
    if_match: Annotated[
        str | None,
        Header(max_length=100, description="The ETag of the version that is changed; required on PUT, PATCH, DELETE."),
    ] = None,
    tandem_change_agent: Annotated[
        str | None, Header(max_length=100, pattern=r"^[\x21-\x7e]+$", description="Echoed on the events of this write.")
    ] = None,
) -> AsyncIterator[Write]:
    async with open_write(
        request,
        dry_run=dry_run,
        idempotency_key=idempotency_key,
        if_match=if_match,
        change_agent=tandem_change_agent,
    ) as write:
        yield write


def already_exists(error: IntegrityError) -> AlreadyExists:
    """The problem behind a broken constraint: somebody else was there first."""
    cause = error.orig.__cause__ if error.orig is not None else None
    constraint = str(getattr(cause, "constraint_name", "") or "it")
    return AlreadyExists(what=constraint.removeprefix("uq_").replace("_", " "))


def _translate(error: DBAPIError) -> None:
    """A lock or a deadlock is a reason to try again; anything else is a fault of ours."""
    cause = error.orig.__cause__ if error.orig is not None else None
    if isinstance(cause, asyncpg.PostgresError):
        _translate_driver(cause)
    raise error


def _translate_driver(error: asyncpg.PostgresError) -> NoReturn:
    """The same for the driver's own errors; a broken constraint says that somebody else was there first."""
    if isinstance(error, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
        raise RequestInProgress from error
    if isinstance(error, asyncpg.QueryCanceledError):
        raise Unavailable from error
    if isinstance(error, asyncpg.UniqueViolationError):
        raise AlreadyExists(what=str(error.constraint_name).removeprefix("uq_").replace("_", " ")) from error
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        raise StillReferenced from error
    raise error


async def begin_keyed_write(write: Annotated[Write, Depends(begin_write, scope="function")]) -> Write:
    if write.idempotency_key is None and not write.dry_run:
        raise IdempotencyKeyMissing
    return write


Writing = Annotated[Write, Depends(begin_write, scope="function")]
# For money, decisions, sends, imports and batches, where a repetition without a key would do harm (C11).
KeyedWriting = Annotated[Write, Depends(begin_keyed_write, scope="function")]
