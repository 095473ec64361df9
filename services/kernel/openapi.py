"""The description of one service: what FastAPI knows, and what is the same for every route of ours.

Adds the problem answers, the merge-patch media type, which headers a write cannot do without, and the bearer token;
removes FastAPI's own validation shape, which is never sent.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem; `code` is stable, `title` and `detail` follow Accept-Language.",
    "required": ["type", "title", "status", "detail", "instance", "code", "errors", "trace_id", "retryable"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
        "trace_id": {"type": "string"},
        "retryable": {"type": "boolean"},
    },
    "example": {
        "type": "/v1/problems/stale",
        "title": "Somebody changed it meanwhile",
        "status": 412,
        "detail": "You named version 3; it is at 4.",
        "instance": "/v1/tasks/0197d1c0-0000-7000-8000-000000000001",
        "code": "stale",
        "errors": [],
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "retryable": False,
    },
}
READ_STATUSES = (400, 401, 403, 404, 405, 429, 503)
WRITE_STATUSES = (400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 423, 428, 429, 503)
PROPOSED = {
    "description": "Not yours to decide: the request was kept as a proposal that carries its computed impact.",
    "headers": {"Location": {"schema": {"type": "string"}, "description": "The proposal."}},
    "content": {"application/json": {"schema": {"type": "object"}}},
}
DRY_RUN_REF = {"$ref": "#/components/schemas/DryRun"}
DRY_RUN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What a write would do: whether its caller may decide it, its impact, and the answer it would get.",
    "required": ["dry_run", "authority", "impact", "result"],
    "properties": {
        "dry_run": {"const": True},
        "authority": {
            "type": "object",
            "required": ["verdict", "exceeded", "decidable_by"],
            "properties": {
                "verdict": {"enum": ["decide", "propose", "no"]},
                "exceeded": {"type": "array", "items": {"type": "string"}},
                "decidable_by": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["person_id", "role"],
                        "properties": {"person_id": {"type": "string", "format": "uuid"}, "role": {"type": "string"}},
                    },
                },
            },
        },
        "impact": {"type": "object"},
        "result": {"type": "object"},
    },
}


def describe(app: FastAPI, service: str) -> None:
    """Make `app.openapi()` answer with our description."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema = _complete(document, service)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own documented way


def _complete(document: dict[str, Any], service: str) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    schemas["DryRun"] = DRY_RUN_SCHEMA
    for name, schema in schemas.items():
        if name.endswith(("Patch", "Upsert")):
            _forget_defaults(schema)
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete_operation(path, method, operation)
            _require_headers(method, operation)
            operation["x-service"] = service
    return document


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    writes = method != "get"
    for status in WRITE_STATUSES if writes else READ_STATUSES:
        responses.setdefault(
            str(status),
            {"description": "A problem.", "content": {"application/problem+json": {"schema": PROBLEM_REF}}},
        )
    if writes:
        if "202" in responses and "200" not in responses:
            responses["200"] = responses["202"] | {"description": "The job, ended in time for `Prefer: wait=…`."}
        responses.setdefault("202", PROPOSED)
        if any(each["name"] == "dry_run" for each in operation.get("parameters", ())):
            _describe_dry_run(responses)
    else:
        responses.setdefault("304", {"description": "Not changed since the version in If-None-Match."})
    if method == "patch":
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            content["application/merge-patch+json"] = content["application/json"]
    operation.setdefault("security", [{"bearer": []}])


def _describe_dry_run(responses: dict[str, Any]) -> None:
    """A dry run answers 200 with its verdict, also where the write itself would be 201, 202 or 204, or 200."""
    done = responses.setdefault("200", {"description": "A dry run: what the write would do."})
    described = done.setdefault("content", {}).setdefault("application/json", {"schema": DRY_RUN_REF})
    if described["schema"] != DRY_RUN_REF:
        described["schema"] = {"anyOf": [described["schema"], DRY_RUN_REF]}


def _forget_defaults(patch: dict[str, Any]) -> None:
    """What a merge patch does not name stays as it is, so a default in its schema would say what is not so."""
    for member in patch.get("properties", {}).values():
        member.pop("default", None)


def _require_headers(method: str, operation: dict[str, Any]) -> None:
    """Say which headers a write cannot do without. A route says otherwise by `x-if-match` in its `openapi_extra`."""
    headers = {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "header"}
    if "if-match" in headers:
        wanted = operation.setdefault("x-if-match", "required" if method in ("put", "patch", "delete") else "none")
        headers["if-match"]["required"] = wanted == "required"
    if "idempotency-key" in headers:
        wanted = operation.setdefault("x-idempotency-key", "optional")
        if wanted == "required":
            headers["idempotency-key"]["description"] = (
                "Required here, but for a dry run; makes a retry safe; kept 72 hours."
            )
