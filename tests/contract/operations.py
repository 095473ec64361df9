"""The public API as its own description lists it: every operation, with its schemas resolved."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One method of one path, with the part of the description that speaks of it."""

    method: str
    path: str
    details: Schema
    schemas: Mapping[str, Schema]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def service(self) -> str:
        return str(self.details["x-service"])

    @property
    def writes(self) -> bool:
        """Whether it changes anything; a search is a POST that only reads."""
        return self.method != "GET" and any(each["name"] == "dry_run" for each in self.details.get("parameters", ()))

    @property
    def anonymous(self) -> bool:
        """Whether it is asked for without a bearer token, as its description says; gateway/credentials/anonymous.py."""
        return self.details.get("security") == []

    @property
    def kinds(self) -> list[dict[str, Any]]:
        """The kinds of act that it can be."""
        kinds: list[dict[str, Any]] = self.details.get("x-authority", {}).get("kinds", [])
        return kinds

    @property
    def conditional(self) -> bool:
        """Whether it wants an If-Match."""
        return self._header("if-match").get("required", False) is True

    @property
    def keyed(self) -> bool:
        """Whether it wants an Idempotency-Key."""
        return self.details.get("x-idempotency-key") == "required"

    def _header(self, name: str) -> Schema:
        parameters = self.details.get("parameters", ())
        return next((each for each in parameters if each["in"] == "header" and each["name"].lower() == name), {})

    @property
    def query(self) -> Mapping[str, Schema]:
        """The query parameters by name."""
        return {each["name"]: each for each in self.details.get("parameters", ()) if each["in"] == "query"}

    @property
    def places(self) -> list[tuple[str, str]]:
        """The path's parameters as (noun, parameter): the noun is the segment in front."""
        return re.findall(r"/([^/{}]+)/\{([^/{}]+)\}", self.path)

    @property
    def media_types(self) -> Mapping[str, Any]:
        content: Mapping[str, Any] = self.details.get("requestBody", {}).get("content", {})
        return content

    @property
    def body(self) -> Schema | None:
        """The schema of the JSON body, None without one."""
        described = self.media_types.get("application/json")
        if described is None:
            return None
        schema = described["schema"]
        return self.resolve(next((each for each in schema.get("anyOf", ()) if each != {"type": "null"}), schema))

    @property
    def example(self) -> Any:
        """The example of the body, JSON or a form, None without one."""
        form = self.media_types.get("application/x-www-form-urlencoded", {})
        described = self.media_types.get("application/json", form)
        return described.get("example", (self.body or {}).get("example"))

    @property
    def answer(self) -> Schema | None:
        """The schema of the JSON answer to a success, a dry run left aside."""
        for status in ("201", "200"):
            content = self.details["responses"].get(status, {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            for each in schema.get("anyOf", (schema,)):
                if each and not each.get("$ref", "").endswith("/DryRun"):
                    return self.resolve(each)
        return None

    @property
    def streams(self) -> bool:
        """Whether its answer is a stream of events, which may never end."""
        return self.path.endswith("/stream")

    @property
    def lists(self) -> bool:
        """Whether it is a GET of a list with the envelope of C3."""
        return self.method == "GET" and {"data", "page"} <= set((self.answer or {}).get("properties", ()))

    def resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        return schema

    def walk(self, schema: Schema, place: str = "", seen: tuple[str, ...] = ()) -> Iterator[tuple[str, Schema]]:
        """Every schema that a schema is made of, with a pointer to it; each named one once on a path."""
        name = str(schema.get("$ref", ""))
        if name in seen:
            return
        below = (*seen, name) if name else seen
        schema = self.resolve(schema)
        yield place, schema
        for member, inner in schema.get("properties", {}).items():
            yield from self.walk(inner, f"{place}/{member}", below)
        for joint in ("anyOf", "oneOf", "allOf"):
            for inner in schema.get(joint, ()):
                yield from self.walk(inner, place, below)
        for member in ("items", "additionalProperties"):
            if isinstance(schema.get(member), Mapping):
                yield from self.walk(schema[member], f"{place}/*", below)


class Description:
    """The merged OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations = [
            Operation(method.upper(), path, operations[method], document["components"]["schemas"])
            for path, operations in document["paths"].items()
            for method in METHODS
            if method in operations
        ]

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    @property
    def nouns(self) -> frozenset[str]:
        """Every noun whose objects have an address."""
        return frozenset(noun for operation in self for noun, _ in operation.places)
