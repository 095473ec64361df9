"""Who provisions (software with the scope for it, or an administrator), and what every route of SCIM begins with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Request

from gateway.scim.envelope import MEDIA_TYPE
from gateway.scim.refusal import refused
from services.kernel.identity import PROVISIONING_SCOPE, Principal
from services.kernel.problems import ScopeMissing, Stale, UnsupportedMediaType
from services.kernel.requests import Read, begin_read, context_of
from services.kernel.write import Write, open_write

_reading = asynccontextmanager(begin_read)


def is_administrator(principal: Principal) -> bool:
    return principal.tenant_role == "admin" and principal.has_scope("admin")


def require_provisioner(principal: Principal) -> None:
    """Raises ScopeMissing for everybody else."""
    if not is_administrator(principal) and not (principal.is_machine and principal.has_scope(PROVISIONING_SCOPE)):
        raise ScopeMissing(scope=PROVISIONING_SCOPE)


def base_of(request: Request) -> str:
    """The URL below which the resources are."""
    return context_of(request).service.settings.public_url.rstrip("/") + "/scim/v2"


async def read_body(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises ScopeMissing, UnsupportedMediaType, ScimRefused, and what strict JSON raises."""
    require_provisioner(context_of(request).principal)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(expected=MEDIA_TYPE)
    body = await request.json()
    if not isinstance(body, dict):
        raise refused("invalidSyntax", "the body is an object")
    return body


async def begin_scim_read(request: Request) -> AsyncIterator[Read]:
    require_provisioner(context_of(request).principal)
    async with _reading(request) as read:
        yield read


async def begin_scim_write(request: Request) -> AsyncIterator[Write]:
    require_provisioner(context_of(request).principal)
    async with open_write(request, dry_run=False, idempotency_key=None, if_match=None, change_agent=None) as write:
        yield write


ScimBody = Annotated[dict[str, Any], Depends(read_body)]
ScimReading = Annotated[Read, Depends(begin_scim_read, scope="function")]
ScimWriting = Annotated[Write, Depends(begin_scim_write, scope="function")]


def check_match(request: Request, version: str) -> None:
    """If-Match is welcome and not required (RFC 7644 section 3.14). Raises Stale where it names other versions."""
    given = request.headers.get("if-match")
    if given is not None and not _names(given, version):
        raise Stale(expected_version=given[:100], current_version=version)


def is_known(request: Request, version: str) -> bool:
    """Whether If-None-Match says that the caller has this version already."""
    given = request.headers.get("if-none-match")
    return given is not None and _names(given, version)


def _names(header: str, version: str) -> bool:
    """Weak and strong tags compare the same, since SCIM's are weak."""
    tags = {_opaque(tag) for tag in header.split(",")}
    return "*" in tags or _opaque(version) in tags


def _opaque(tag: str) -> str:
    return tag.strip().removeprefix("W/").strip('"')
