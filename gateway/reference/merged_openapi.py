"""One description of the whole API, merged from the services' own; a component that two share must be the same."""

from collections.abc import Mapping
from typing import Any

INFO = {
    "title": "Tandem",
    "version": "1",
    "summary": "Backend for running projects, with graded authority.",
    "description": (
        "One API over planning, coordination, reporting and the gateway. A write that its caller may not decide "
        "becomes a proposal (202) that carries its computed impact; `Prefer: authority=strict` answers 403 instead, "
        "`?dry_run=true` says what would happen and stores nothing."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}


class Collision(Exception):
    """Two services describe the same path, or different things under the same name."""


def merge(documents: Mapping[str, Mapping[str, Any]], public_url: str) -> dict[str, Any]:
    """The merged OpenAPI 3.1 document. Raises Collision for a path of two services, but jobs, whose shape is one.

    A schema whose name another service uses for something else gets its service's name in front.
    """
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for service, document in documents.items():
        renamed = _renamed(service, document, schemas)
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            schemas[renamed.get(name, name)] = _rewrite(schema, renamed)
        for path, operations in document.get("paths", {}).items():
            if path in paths and not path.startswith("/v1/jobs/"):
                raise Collision(f"{path} is described by {service} and by another service")
            if path not in paths:
                paths[path] = _rewrite(operations, renamed)
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": public_url}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _renamed(service: str, document: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, str]:
    own = document.get("components", {}).get("schemas", {})
    return {name: f"{service.title()}{name}" for name, schema in own.items() if name in known and known[name] != schema}


def _rewrite(node: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            name: f"#/components/schemas/{renamed.get(_tail(value), _tail(value))}"
            if name == "$ref" and isinstance(value, str) and value.startswith("#/components/schemas/")
            else _rewrite(value, renamed)
            for name, value in node.items()
        }
    if isinstance(node, list):
        return [_rewrite(each, renamed) for each in node]
    return node


def _tail(reference: str) -> str:
    return reference.rpartition("/")[2]
