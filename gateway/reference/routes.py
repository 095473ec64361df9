"""HTTP of the reference: the merged description, its page (works offline), problems and limits."""

import html
from importlib import resources
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import RedirectResponse, Response

from gateway.reference.merged_openapi import merge
from services.kernel.app import MAXIMUM_BODY, area_router
from services.kernel.filtering import MAXIMUM_LIST
from services.kernel.housekeeping import KEY_HOURS
from services.kernel.http_client import HttpFailed
from services.kernel.language import choose_language
from services.kernel.pagination import DEFAULT_LIMIT, MAXIMUM_LIMIT
from services.kernel.problems import NotFound, Unavailable, catalogue
from services.kernel.requests import context_of
from services.kernel.schemas import Shape

router = area_router("reference")

SERVICES = ("planning", "coordination", "reporting")
_MEDIA_TYPES = {"js": "text/javascript", "css": "text/css", "png": "image/png"}
_ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tandem API reference</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/v1/reference/assets/favicon.png"><link rel="stylesheet" href="/v1/reference/assets/swagger-ui.css">
</head><body><div id="reference"></div>
<script src="/v1/reference/assets/swagger-ui-bundle.js"></script><script src="/v1/reference/assets/start.js"></script>
</body></html>
"""
_START = """SwaggerUIBundle({url: "/v1/openapi.json", dom_id: "#reference", deepLinking: true, docExpansion: "none",
  filter: true, persistAuthorization: true, tryItOutEnabled: true, validatorUrl: null});
"""


class ProblemDescription(Shape):
    code: str
    status: int
    title: str
    detail: str


class ProblemList(Shape):
    data: list[ProblemDescription]


class AttemptLimit(Shape):
    attempts: int
    seconds: int


class Limits(Shape):
    page: dict[str, int]
    body_bytes: int
    filter_list: int
    batch_operations: int
    idempotency_key_hours: int
    attempts: dict[str, AttemptLimit]


async def _documents(request: Request) -> dict[str, dict[str, Any]]:
    service = context_of(request).service
    documents = {"gateway": request.app.openapi()}
    for name in SERVICES:
        try:
            documents[name] = orjson.loads(await service.peers.document(name, "/internal/openapi.json"))
        except HttpFailed as error:
            raise Unavailable from error
    return documents


@router.get("/v1/openapi.json", response_model=dict[str, Any])
async def get_openapi(request: Request) -> Response:
    """The whole API, OpenAPI 3.1."""
    known: bytes | None = getattr(request.app.state, "merged_openapi", None)
    if known is None:
        merged = merge(await _documents(request), context_of(request).service.settings.public_url)
        known = request.app.state.merged_openapi = orjson.dumps(merged)
    return Response(known, media_type="application/json")


@router.get("/", include_in_schema=False)
async def get_root() -> Response:
    return RedirectResponse("/v1/reference", 307)


@router.get("/v1/reference", include_in_schema=False)
async def get_reference() -> Response:
    """The API reference with try-it; every asset comes from here, so it works without the Internet."""
    return Response(_PAGE, media_type="text/html", headers={"Content-Security-Policy": _PAGE_POLICY})


@router.get("/v1/reference/assets/{name}", include_in_schema=False)
async def get_asset(name: str) -> Response:
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    if name not in _ASSETS:
        raise NotFound
    content = resources.files("fastapi_offline").joinpath("static", name).read_bytes()
    return Response(
        content, media_type=_MEDIA_TYPES[name.rpartition(".")[2]], headers={"Cache-Control": "max-age=86400"}
    )


async def _problems(request: Request) -> list[dict[str, Any]]:
    context = context_of(request)
    found: dict[str, dict[str, Any]] = {
        kind.code: {"code": kind.code, "status": kind.status, "title": kind.title, "detail": kind.detail}
        for kind in catalogue()
    }
    for name in SERVICES:
        try:
            described = orjson.loads(await context.service.peers.document(name, "/internal/problems"))
        except HttpFailed as error:
            raise Unavailable from error
        found.update({each["code"]: each for each in described})
    return [
        each | {"title": each["title"][context.language], "detail": each["detail"][context.language]}
        for _, each in sorted(found.items())
    ]


@router.get("/v1/problems", response_model=ProblemList)
async def list_problems(request: Request) -> Response:
    """Every problem code that any service can answer with."""
    return Response(orjson.dumps({"data": await _problems(request)}), media_type="application/json")


@router.get("/v1/problems/{code}", response_model=ProblemDescription)
async def get_problem(code: str, request: Request) -> Response:
    """One problem, as a page for people or as JSON."""
    found = next((each for each in await _problems(request) if each["code"] == code), None)
    if found is None:
        raise NotFound
    if "text/html" not in request.headers.get("accept", ""):
        return Response(orjson.dumps(found), media_type="application/json")
    language = choose_language(request.headers.get("accept-language")).value
    title, detail = html.escape(found["title"]), html.escape(found["detail"])
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p><code>{found['status']} {found['code']}</code></p><p>{detail}</p></body></html>"
    )
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": "default-src 'none'"})


@router.get("/v1/limits", response_model=Limits)
async def get_limits(request: Request) -> Response:
    """The limits of the API, as data; `attempts` are those on trying credentials, none where they are off."""
    limits = {
        "page": {"default": DEFAULT_LIMIT, "maximum": MAXIMUM_LIMIT},
        "body_bytes": MAXIMUM_BODY,
        "filter_list": MAXIMUM_LIST,
        "batch_operations": 1000,
        "idempotency_key_hours": KEY_HOURS,
        "attempts": context_of(request).service.resources.credentials.limits,
    }
    return Response(orjson.dumps(limits), media_type="application/json")
