"""What every request carries into a route: the service it reached, who asks, in which language, under which trace."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Depends, Request

from services.kernel.identity import Principal
from services.kernel.problems import Unauthenticated
from services.kernel.session import ReadSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

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


async def begin_read(request: Request) -> "AsyncIterator[Read]":
    context = context_of(request)
    principal = context.principal
    await context.service.catch_up(request, principal)
    async with context.service.database.read(principal.tenant_id) as session:
        yield Read(request, context, session)


Reading = Annotated[Read, Depends(begin_read, scope="function")]
