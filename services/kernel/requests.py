"""What every request carries into a route: the service it reached, who asks, in which language, under which trace."""

import inspect
from collections.abc import AsyncIterator, Callable, Container
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.kernel.identity import Principal
from services.kernel.problems import NotFound, Unauthenticated
from services.kernel.session import ReadSession

if TYPE_CHECKING:
    from services.kernel.service import Service


@dataclass(slots=True)
class RequestContext:
    """Put into the ASGI scope by the kernel's middleware."""

    service: "Service"
    request_id: str
    trace_id: str
    language: Literal["en", "nb"]
    _principal: Principal | None = None
    _identity: str | None = None

    @property
    def principal(self) -> Principal:
        """The verified principal. Raises Unauthenticated when the request carries no valid signed identity."""
        if self._principal is None:
            if self._identity is None:
                raise Unauthenticated
            self._principal = self.service.signer.verify(self._identity)
        return self._principal


def context_of(request: Request) -> RequestContext:
    context: RequestContext = request.scope["tandem"]
    return context


class Read:
    """What a route that reads is given: the principal and a read-only session of its tenant."""

    __slots__ = ("context", "principal", "request", "session")

    def __init__(self, request: Request, context: RequestContext, session: ReadSession) -> None:
        self.request = request
        self.context = context
        self.principal = context.principal
        self.session = session


async def begin_read(request: Request) -> AsyncIterator[Read]:
    context = context_of(request)
    principal = context.principal
    await context.service.catch_up(request, principal)
    async with context.service.database.read(principal.tenant_id) as session:
        yield Read(request, context, session)


Reading = Annotated[Read, Depends(begin_read, scope="function")]
_open_read = asynccontextmanager(begin_read)


def plain_read(endpoint: Callable[..., Any], path_parameters: Container[str]) -> ASGIApp | None:
    """A route that takes nothing but a `Reading` and ids from its path, as an application; None where it takes more.

    FastAPI's general way of solving dependencies would cost such a read more than its statement does.
    """
    signature = inspect.signature(endpoint)
    annotations = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    reads = [name for name, annotation in annotations.items() if annotation is Reading]
    ids = [name for name, annotation in annotations.items() if annotation is UUID and name in path_parameters]
    if len(reads) != 1 or len(ids) + 1 != len(annotations) or signature.return_annotation is not Response:
        return None

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            arguments: dict[str, Any] = {name: UUID(scope["path_params"][name]) for name in ids}
        except ValueError:
            raise NotFound from None
        async with _open_read(Request(scope, receive, send)) as arguments[reads[0]]:
            response = await endpoint(**arguments)
        await response(scope, receive, send)

    return app
