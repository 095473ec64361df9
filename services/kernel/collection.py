"""A collection: one declaration of how a noun is shown, listed, filtered, sorted, expanded and kept from strangers.

Hot reads skip objects: each becomes one statement that writes the JSON in PostgreSQL, and its bytes go out. The same
columns make the list, the single object and the answer to a write, so a representation exists once.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.kernel.access import judge, role_in, sees_confidential, sees_project
from services.kernel.confidentiality import DEFAULT_VIEWERS
from services.kernel.entity import object_columns
from services.kernel.filtering import OPERATORS, Arguments, Filter, Sort, after, condition, order_by, parse_sort
from services.kernel.pagination import CursorSigner, page_of, parse_limit
from services.kernel.problems import Malformed, NotFound, Stale, UnknownExpansion, UnknownField, UnknownFilter
from services.kernel.requests import Read
from services.kernel.session import Reader, WriteSession

Predicate = Callable[[str, str], str]
# What the reader may do with an object, where that is not said by kinds alone.
Viewer = Callable[["Read", UUID], Awaitable[Mapping[str, Any]]]
_RESERVED = ("limit", "cursor", "sort", "fields", "expand", "include_total", "q")
MAXIMUM_EXPANSIONS = 5
MAXIMUM_CONDITIONS = 50
MAXIMUM_DEPTH = 5
# A column of the source, perhaps with the one member of its JSON that is shown.
_COLUMN = re.compile(r"\bt\.(\w+)(?:\s*->>?\s*'(\w+)')?")
# Columns that are set once, or with every write.
_BOOKKEEPING = frozenset(object_columns("").keys() | {"project_id"})


@dataclass(frozen=True, slots=True)
class _Plan:
    """A list query that has been checked and written as SQL; `$1` tenant, `$2` person, `$3` container, then `tail`."""

    statement: str
    tail: tuple[Any, ...]
    limit: int
    binding: str
    count_statement: str | None


@dataclass(frozen=True)
class Collection:
    """The declaration. SQL fragments speak of the alias `t`; `$person` in them stands for the reader's id, `$costs` and
    `$rates` for whether the reader sees what the project costs, and what people's hours cost, `$language` for the
    language in which they read.

    `container` is the column of a project-nested list (`t.project_id`); `list_visible(container, person)` decides
    whether such a list exists for the reader, `visible(project column, person)` whether a row does.
    """

    noun: str
    source: str
    columns: Mapping[str, str]
    filters: Mapping[str, Filter] = field(default_factory=dict)
    sorts: Mapping[str, Sort] = field(default_factory=dict)
    default_sort: str = "created_at"
    container: str | None = "t.project_id"
    visible: Predicate = sees_project
    list_visible: Predicate = sees_project
    project: str = "t.project_id"
    expansions: Mapping[str, str] = field(default_factory=dict)
    searched: Sequence[str] = ()
    viewer_kinds: Mapping[str, str] = field(default_factory=dict)
    _plans: dict[str, _Plan] = field(default_factory=dict, repr=False, compare=False)

    def with_more(self, filters: Mapping[str, Filter], sorts: Mapping[str, Sort]) -> "Collection":
        """The same collection with filters and sorts that are known for one request only, since they come from data."""
        return replace(self, filters={**self.filters, **filters}, sorts={**self.sorts, **sorts}, _plans={})

    # -- one object ---------------------------------------------------------------------------------------------------

    async def represent(self, reader: Reader, object_id: UUID) -> bytes:
        """The representation of an object that the caller has already been allowed to touch. Raises NotFound."""
        statement = (
            f"select convert_to(row_to_json(r)::text, 'UTF8') from {self.source}"
            f" cross join lateral (select {self._select(None, ())}) r where t.tenant_id = $1 and t.id = $2"
        )
        bound = _bound(statement, self.project, "$3")
        arguments = [object_id]
        if bound != statement or "$language" in bound:
            if not isinstance(reader, WriteSession):
                raise TypeError(f"who is shown a {self.noun} must be known")
            if bound != statement:
                arguments.append(reader.principal.person_id)
            bound = _in_language(bound, reader.language)
        body: bytes | None = await reader.value(bound, reader.tenant_id, *arguments)
        if body is None:
            raise NotFound
        return body

    async def one(self, read: Read, object_id: UUID, viewer: Viewer | None = None) -> Response:
        """GET of one object: `fields`, `expand`, ETag and 304. Raises NotFound for the absent and for the secret.

        `viewer` says what `expand=viewer` shows where the kinds of `viewer_kinds` do not say it by themselves.
        """
        query = dict(_query(read))
        fields = self._fields(query.pop("fields", None))
        expansions = self._expansions(query.pop("expand", None), single=True)
        if query:
            raise UnknownFilter(name=next(iter(query))[:50])
        wanted = [name for name in expansions if name != "viewer"]
        statement = (
            f"select convert_to(row_to_json(r)::text, 'UTF8') as body, t.version, {self.project} as project_id"
            f" from {self.source} cross join lateral (select {self._select(fields, wanted)}) r"
            f" where t.tenant_id = $1 and t.id = $3 and {self.visible(self.project, '$2')}"
        )
        person_id = read.principal.person_id
        bound = _in_language(_bound(statement, self.project, "$2"), read.context.language)
        row = await read.session.row(bound, read.principal.tenant_id, person_id, object_id)
        if row is None:
            raise NotFound
        body: bytes = row["body"]
        if "viewer" in expansions:
            shown = await (viewer(read, object_id) if viewer else self._viewer(read, row["project_id"]))
            body = orjson.dumps(orjson.loads(body) | {"viewer": shown})
        etag = f'"{row["version"]}"'
        if expansions:
            # What is expanded changes without the object's version, so a 304 could hide it.
            return Response(body, 200, {"ETag": etag}, "application/json")
        return conditional(read, body, etag)

    async def _viewer(self, read: Read, project_id: UUID) -> dict[str, Any]:
        service = read.context.service.name
        if await role_in(read.session, read.principal, project_id) in (None, "guest"):
            # Somebody with whom the object was shared: they may read it, and that is all.
            return {"can": dict.fromkeys(self.viewer_kinds, "no")}
        can: dict[str, str] = {}
        for act, kind in self.viewer_kinds.items():
            authority = await judge(read.session, read.principal, service, project_id, [kind], {})
            can[act] = authority.verdict
        return {"can": can}

    # -- versions -----------------------------------------------------------------------------------------------------

    async def require_visible(self, reader: Reader, object_id: UUID, person_id: UUID) -> None:
        """Raise NotFound unless the person may see the object now."""
        statement = f"select {self.visible(self.project, '$3')} from {self.source} where t.tenant_id = $1 and t.id = $2"
        if not await reader.value(statement, reader.tenant_id, object_id, person_id):
            raise NotFound

    async def require_in(self, reader: Reader, object_id: UUID, project_id: UUID) -> None:
        """Raise NotFound unless the object is there and is the project's."""
        statement = f"select {self.project} = $3 from {self.source} where t.tenant_id = $1 and t.id = $2"
        if not await reader.value(statement, reader.tenant_id, object_id, project_id):
            raise NotFound

    async def check_version(self, session: WriteSession, object_id: UUID, current: int, expected: int) -> None:
        """Raise Stale, naming what has changed since, when the caller's version is not the stored one.

        The UPDATE compares once more, in its WHERE; whoever was overtaken in between is told the same.
        """
        session.ground = _Ground(self, object_id, expected)
        if current != expected:
            raise Stale(
                expected_version=expected,
                current_version=current,
                changed_fields=await self.changed_since(session, session.principal.person_id, object_id, expected),
            )

    async def changed_since(self, reader: Reader, person_id: UUID, object_id: UUID, version: int) -> list[str]:
        """The members that have changed since a version, as far as the person may see them at all.

        Of a version that never was, every member that can change.
        """
        masks = {
            name: f"${name}" for name in DEFAULT_VIEWERS if any(f"${name}" in sql for sql in self.columns.values())
        }
        asked = "".join(f", {place} as {name}" for name, place in masks.items())
        statement = (
            f"select t.version, t.changed_in::text, {self.visible(self.project, '$2')} as visible{asked}"
            f" from {self.source} where t.tenant_id = $1 and t.id = $3"
        )
        row = await reader.row(_bound(statement, self.project, "$2"), reader.tenant_id, person_id, object_id)
        if row is None or not row["visible"]:
            return []
        hidden = [place for name, place in masks.items() if not row[name]]
        changed: dict[str, str] = orjson.loads(row["changed_in"])
        known = 1 <= version <= row["version"]
        return [
            name
            for name, sql in self.columns.items()
            if not any(place in sql for place in hidden)
            and any(
                int(changed.get(f"{column}.{part}" if part else column, 0)) > version
                if known
                else column not in _BOOKKEEPING
                for column, part in _COLUMN.findall(sql)
            )
        ]

    # -- lists --------------------------------------------------------------------------------------------------------

    async def page(self, read: Read, container_id: UUID | None = None) -> Response:
        """GET of a list, by the request's query. Raises NotFound when the container is not the reader's to see."""
        text = read.request.scope["query_string"].decode("latin-1")
        plan = self._plans.get(text)
        if plan is None:
            plan = self._plan(_query(read), read)
            if "cursor=" not in text and len(text) < 500:
                if len(self._plans) > 1_000:
                    self._plans.clear()
                self._plans[text] = plan
        return await self._run(read, plan, container_id)

    async def search(self, read: Read, query: "SearchQuery", container_id: UUID | None = None) -> Response:
        """POST …/searches: the same list with a boolean combination of conditions."""
        parameters = [("limit", str(query.limit))]
        if query.sort:
            parameters.append(("sort", ",".join(query.sort)))
        if query.cursor:
            parameters.append(("cursor", query.cursor))
        return await self._run(read, self._plan(parameters, read, query.where), container_id)

    async def page_among(self, read: Read, ids: Sequence[UUID]) -> Response:
        """GET of a list of no container, by the request's query, of no other objects than these."""
        return await self._run(read, self._plan(_query(read), read, among=ids), None)

    async def matching(
        self, reader: Reader, person_id: UUID, where: dict[str, Any], container_id: UUID, limit: int
    ) -> list[UUID]:
        """The ids of what meets a combination of conditions in a container that the person sees, up to a limit.

        Raises Malformed and what else a search does of its conditions.
        """
        arguments = Arguments([None, None, None])
        clauses = ["t.tenant_id = $1 and $2::uuid is not null", f"{self.container} = $3"]
        clauses.append(self._where(where, arguments, 0))
        statement = f"select t.id from {self.source} where {' and '.join(clauses)} order by t.id limit {int(limit)}"
        project = "$3" if self.container == self.project else self.project
        rows = await reader.rows(
            _bound(statement, project, "$2"), reader.tenant_id, person_id, container_id, *arguments.values[3:]
        )
        return [row["id"] for row in rows]

    async def _run(self, read: Read, plan: _Plan, container_id: UUID | None) -> Response:
        arguments = [read.principal.tenant_id, read.principal.person_id]
        if self.container is not None:
            if container_id is None:
                raise TypeError(f"a list of {self.noun} needs its container")
            arguments.append(container_id)
        statement = _in_language(plan.statement, read.context.language)
        row = await read.session.row(statement, *arguments, *plan.tail)
        if row is None or not row["visible"]:
            raise NotFound
        total = None
        if plan.count_statement is not None:
            counted = _in_language(plan.count_statement, read.context.language)
            total = await read.session.value(counted, *arguments, *plan.tail)
        next_cursor = None
        if row["next"] is not None:
            signer = cursor_signer(read)
            next_cursor = signer.write(orjson.loads(row["next"]), self._bind(plan.binding, read, container_id))
        body = page_of(row["data"] or b"[]", next_cursor, plan.limit, total)
        # SHA-256, since processors have instructions for it: twice as fast as BLAKE2 over a page of 80 kB.
        return conditional(read, body, f'"{hashlib.sha256(body).hexdigest()[:24]}"')

    def _bind(self, binding: str, read: Read, container_id: UUID | None) -> str:
        return f"{self.noun}|{read.principal.tenant_id}|{container_id}|{binding}"

    def _plan(
        self,
        parameters: Sequence[tuple[str, str]],
        read: Read,
        where: "dict[str, Any] | None" = None,
        among: Sequence[UUID] | None = None,
    ) -> _Plan:
        reserved: dict[str, str] = {}
        asked: list[tuple[str, str, str]] = []
        for name, value in parameters:
            base, bracket, rest = name.partition("[")
            if name in _RESERVED:
                if name in reserved:
                    raise Malformed(reason=f"{name} stands more than once")
                reserved[name] = value
            elif bracket and not rest.endswith("]"):
                raise UnknownFilter(name=name[:50])
            else:
                asked.append((base, rest.removesuffix("]") or "eq", value))
        tenant_person_container = [None, None] if self.container is None else [None, None, None]
        arguments = Arguments(list(tenant_person_container))
        clauses = ["t.tenant_id = $1 and $2::uuid is not null"]
        if self.container is not None:
            clauses.append(f"{self.container} = $3")
        if self.container is None or self.visible not in (sees_project, self.list_visible):
            clauses.append(self.visible(self.project, "$2"))
        if len(asked) > MAXIMUM_CONDITIONS:
            raise Malformed(reason="too many filters")
        # Of a project's list the project is known, so who may see what is asked once and not for each row.
        project = "$3" if self.container is not None and self.container == self.project else self.project
        clauses.extend(condition(self.filters, name, operator, value, arguments) for name, operator, value in asked)
        if among is not None:
            clauses.append(f"t.id = any({arguments.add(list(among))}::uuid[])")
        if where is not None:
            clauses.append(self._where(where, arguments, 0))
        if "q" in reserved:
            clauses.append(self._text(reserved["q"], arguments))
        keys = parse_sort(self.sorts, reserved.get("sort", self.default_sort))
        # Not by orjson, which refuses whole numbers beyond 64 bits; a condition on text may name one.
        binding = f"{sorted(asked)}|{json.dumps(where)}|{reserved.get('q')}|{[(n, d) for n, _, d in keys]}"
        counted = f"select count(*) from {self.source} where {' and '.join(clauses)}"
        limit = parse_limit(reserved.get("limit"))
        if "cursor" in reserved:
            container_id = _container_of(read) if self.container is not None else None
            bound = self._bind(binding, read, container_id)
            values = cursor_signer(read).read(reserved["cursor"], bound, len(keys) + 1)
            clauses.append(after(keys, "t.id", values, arguments))
        fields = self._fields(reserved.get("fields"))
        expansions = self._expansions(reserved.get("expand"), single=False)
        sort_values = ", ".join((*(f"({key.expression})::text" for _, key, _ in keys), "t.id::text"))
        exists = "true" if self.container is None else self.list_visible("$3", "$2")
        statement = (
            f"select {exists} as visible, listed.* from ("
            f"select convert_to('[' || array_to_string((array_agg(j))[1:{limit}], ',') || ']', 'UTF8') as data,"
            f" case when count(*) > {limit} then (array_agg(k))[{limit}] end as next"
            f" from (select row_to_json(r)::text as j, json_build_array({sort_values})::text as k"
            f" from {self.source} cross join lateral (select {self._select(fields, expansions)}) r"
            f" where {' and '.join(clauses)} order by {order_by(keys, 't.id')} limit {limit + 1}) page) listed"
        )
        statement = _bound(statement, project, "$2")
        count_statement = None
        if _flag(reserved.get("include_total")):
            if "cursor" in reserved:
                raise Malformed(reason="include_total goes with the first page only")
            count_statement = _bound(counted, project, "$2")
        tail = tuple(arguments.values[len(tenant_person_container) :])
        return _Plan(statement, tail, limit, binding, count_statement)

    def _where(self, node: Any, arguments: Arguments, depth: int) -> str:
        if depth > MAXIMUM_DEPTH or len(arguments.values) > MAXIMUM_CONDITIONS or not isinstance(node, dict):
            raise Malformed(reason="where nests too deeply, is too long or is no object")
        for name, joint in (("all", " and "), ("any", " or ")):
            if set(node) == {name} and isinstance(node[name], list):
                parts = [self._where(part, arguments, depth + 1) for part in node[name]]
                return "(" + (joint.join(parts) if parts else ("true" if name == "all" else "false")) + ")"
        if set(node) == {"not"}:
            return f"not coalesce({self._where(node['not'], arguments, depth + 1)}, false)"
        if set(node) <= {"field", "op", "value"} and {"field", "value"} <= set(node):
            name, operator = node["field"], node.get("op", "eq")
            if isinstance(name, str) and isinstance(operator, str):
                return condition(self.filters, name, operator, node["value"], arguments)
        raise Malformed(reason="a condition is {field, op, value}, {all: […]}, {any: […]} or {not: …}")

    def _text(self, words: str, arguments: Arguments) -> str:
        if not self.searched or not 1 <= len(words) <= 200 or "\x00" in words:
            raise UnknownFilter(name="q")
        parameter = arguments.add(words)
        return (
            "(" + " or ".join(f"position(lower({parameter}::text) in lower({sql})) > 0" for sql in self.searched) + ")"
        )

    # -- fields and expansions ----------------------------------------------------------------------------------------

    def _fields(self, text: str | None) -> list[str] | None:
        if text is None:
            return None
        names = text.split(",")
        for name in names:
            if name not in self.columns:
                raise UnknownField(name=name[:50])
        return ["id", "type", *(name for name in dict.fromkeys(names) if name not in ("id", "type"))]

    def _expansions(self, text: str | None, *, single: bool) -> list[str]:
        if text is None:
            return []
        names = list(dict.fromkeys(text.split(",")))
        for name in names:
            allowed = name in self.expansions or (single and name == "viewer" and self.viewer_kinds)
            if not allowed or len(names) > MAXIMUM_EXPANSIONS:
                raise UnknownExpansion(name=name[:50])
        return names

    def _select(self, fields: Sequence[str] | None, expansions: Sequence[str]) -> str:
        names = self.columns if fields is None else fields
        parts = [f'{self.columns[name]} as "{name}"' for name in names]
        parts += [f'{self.expansions[name]} as "{name}"' for name in expansions]
        return ", ".join(parts)

    # -- description --------------------------------------------------------------------------------------------------

    def list_parameters(self) -> list[dict[str, Any]]:
        """The query parameters of the list, for OpenAPI."""
        described = [
            _parameter("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "Objects on a page."),
            _parameter("cursor", {"type": "string", "maxLength": 2000}, "`page.next_cursor` of the page before."),
            _parameter(
                "sort",
                {"type": "string", "maxLength": 200, "example": self.default_sort},
                f"Keys joined by commas, `-` for descending: {', '.join(self.sorts)}.",
            ),
            _parameter("include_total", {"type": "boolean"}, "Count the whole list as `page.total`."),
            *self.object_parameters(single=False),
        ]
        if self.searched:
            described.append(_parameter("q", {"type": "string", "minLength": 1, "maxLength": 200}, "Text to look for."))
        for name, declared in self.filters.items():
            for operator in OPERATORS[declared.kind]:
                schema = _filter_schema(declared, operator)
                described.append(_parameter(name if operator == "eq" else f"{name}[{operator}]", schema, ""))
        return described

    def object_parameters(self, *, single: bool = True) -> list[dict[str, Any]]:
        """`fields` and `expand`, for OpenAPI."""
        expandable = [*self.expansions, *(["viewer"] if single and self.viewer_kinds else [])]
        parameters = [_parameter("fields", {"type": "string", "maxLength": 1000}, f"Of {', '.join(self.columns)}.")]
        if expandable:
            parameters.append(
                _parameter("expand", {"type": "string", "maxLength": 300}, f"Of {', '.join(expandable)}.")
            )
        return parameters


@dataclass(frozen=True, slots=True)
class _Ground:
    """The version of an object of a collection that a write was checked against."""

    collection: Collection
    object_id: UUID
    version: int

    async def check(self, reader: Reader, person_id: UUID) -> None:
        collection = self.collection
        statement = f"select t.version from {collection.source} where t.tenant_id = $1 and t.id = $2"
        current = await reader.value(statement, reader.tenant_id, self.object_id)
        if current is None:
            raise NotFound
        if current != self.version:
            changed = await collection.changed_since(reader, person_id, self.object_id, self.version)
            raise Stale(expected_version=self.version, current_version=current, changed_fields=changed)


class SearchQuery(BaseModel):
    """The body of POST …/searches."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"where": {"all": []}, "limit": 50}})

    where: dict[str, Any] = Field(
        default_factory=lambda: {"all": []}, description="A tree of all, any, not and conditions."
    )
    sort: list[Annotated[str, Field(max_length=60)]] = Field(default_factory=list, max_length=4)
    limit: Annotated[int, Field(ge=1, le=200, strict=True)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None


def conditional(read: Read, body: bytes, etag: str) -> Response:
    """The body with its ETag, or 304 when the reader has this version already."""
    known = read.request.headers.get("if-none-match")
    if known is not None and (
        known.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
    ):
        return Response(b"", 304, {"ETag": etag})
    return Response(body, 200, {"ETag": etag}, "application/json")


def whole_list(read: Read, rows: Sequence[Mapping[str, Any]]) -> Response:
    """A list that is short by nature and comes as one page. It takes no query, so any parameter is refused (C5)."""
    for name, _ in _query(read):
        raise UnknownFilter(name=name[:50])
    body = orjson.dumps({"data": rows, "page": {"next_cursor": None, "limit": len(rows)}})
    return conditional(read, body, f'"{hashlib.sha256(body).hexdigest()[:24]}"')


def _bound(statement: str, project: str, person: str) -> str:
    """The statement with what depends on the reader filled in."""
    for confidential in DEFAULT_VIEWERS:
        place = f"${confidential}"
        if place in statement:
            statement = statement.replace(place, sees_confidential(confidential, project, person))
    return statement.replace("$person", person)


def _in_language(statement: str, language: Literal["en", "nb"]) -> str:
    """The statement with what depends on the reader's language filled in."""
    return statement.replace("$language", "'nb'" if language == "nb" else "'en'")


def cursor_signer(read: Read) -> CursorSigner:
    return _signer(read.context.service.settings.cursor_key)


@lru_cache
def _signer(key: str) -> CursorSigner:
    return CursorSigner(key)


def _container_of(read: Read) -> UUID:
    return UUID(str(next(iter(read.request.path_params.values()))))


def _query(read: Read) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            read.request.scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=80
        )
    except ValueError as error:
        raise Malformed(reason="too many query parameters") from error


def _flag(text: str | None) -> bool:
    if text not in (None, "true", "false"):
        raise Malformed(reason="include_total is true or false")
    return text == "true"


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "text": {"type": "string", "maxLength": 500},
    "integer": {"type": "integer"},
    "decimal": {"type": "string", "maxLength": 40},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "local": {"type": "string", "maxLength": 40},
    "instant": {"type": "string", "format": "date-time"},
}


def _filter_schema(declared: Filter, operator: str) -> dict[str, Any]:
    if operator == "null":
        return {"type": "boolean"}
    if operator in ("in", "nin"):
        return {"type": "string", "maxLength": 4000, "description": "values joined by commas"}
    if declared.values and operator == "eq":
        return {"type": "string", "enum": list(declared.values)}
    return _SCHEMAS[declared.kind]
