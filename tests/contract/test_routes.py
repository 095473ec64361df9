"""Every operation of the description keeps the conventions: who gets in, what is refused, and how it is answered."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from gateway.credentials.anonymous import ANONYMOUS
from gateway.routing.pipe import PUBLIC_PATHS, PUBLIC_PREFIXES
from gateway.routing.routing_table import resolve
from services.kernel.http_client import Response, client
from services.kernel.ids import new_id
from services.kernel.service import Service
from tests.contract.inventory import Inventory
from tests.contract.operations import Description, Operation, Schema
from tests.contract.rows import digest
from tests.factories.system import Person, SystemUnderTest, Tenant

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SAME = {"traceparent": TRACE, "Tandem-Request-Id": "the-same"}
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_public(path: str) -> bool:
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIXES)


def guarded(description: Description) -> Iterator[Operation]:
    return (operation for operation in description if not is_public(operation.path) and not operation.anonymous)


def with_json_body(description: Description) -> Iterator[Operation]:
    return (operation for operation in description if operation.body is not None)


def is_problem(answer: Response, *statuses: int) -> bool:
    """Whether the answer is a problem document of one of these statuses, complete as C9 wants it."""
    if answer.status_code not in statuses or answer.headers.get("content-type") != "application/problem+json":
        return False
    document = answer.json()
    wanted = {"type", "title", "status", "detail", "instance", "code", "errors", "trace_id", "retryable"}
    return wanted <= set(document) and document["status"] == answer.status_code and bool(document["title"])


def told(operation: Operation, answer: Response) -> str:
    return f"{operation}: {answer.status_code} {answer.text[:300]}"


def nameless(answer: Response, *ids: str) -> tuple[Any, ...]:
    """All that an answer tells, with the ids that were asked about left out."""
    text = answer.text
    for each in ids:
        text = text.replace(each, "?")
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, text, headers


def service_of(system: SystemUnderTest, name: str) -> Service:
    app: Any = system.own if name == "gateway" else system.pipe._upstreams[name]
    service: Service = app.state.service
    return service


# -- where it is ------------------------------------------------------------------------------------------------------


def test_every_described_path_leads_to_the_service_that_describes_it(description: Description) -> None:
    lost = {}
    for operation in description:
        route = resolve(re.sub(r"\{[^}]+\}", "x", operation.path))
        # Jobs are described once, and asked for everywhere.
        if route is None or (len(route.services) == 1 and operation.service not in route.services):
            lost[operation.path] = operation.service
    assert not lost, f"Add the noun to gateway/routing/routing_table.py: {lost}"


# The name that another system has for a thing: three words of theirs, where else our id stands.
EXTERNAL = "/v1/external/{system}/{type}/{external_id}"


def test_a_path_has_one_spelling_of_plural_kebab_nouns_and_nests_one_level(description: Description) -> None:
    shape = re.compile(r"^/v1(/[a-z][a-z0-9.]*(-[a-z0-9]+)*(/\{[a-z_]+\})?){1,2}(/[a-z]+(-[a-z]+)*)?$")
    odd = [
        operation.path
        for operation in description
        if (not shape.match(operation.path) or len(operation.places) > 1) and operation.path != EXTERNAL
    ]
    assert not odd, f"Address objects flat, /v1/{{noun}}/{{id}} (C1): {odd}"


async def test_unknown_paths_and_odd_spellings_of_known_ones_are_not_found(
    ours: Inventory, description: Description
) -> None:
    spellings: list[Callable[[str], str]] = [
        lambda path: f"{path}/",
        lambda path: path.replace("/v1/", "/v1//", 1),
        lambda path: path.replace("/v1/", "//v1/", 1),
        lambda path: path.replace("/v1/", "/V1/", 1),
        lambda path: "/v1/" + path[4:].upper(),
        lambda path: path.replace("/v1/", "/v1/%2e/", 1),
        lambda path: path.replace("/v1/", "/v1/%2e%2e/v1/", 1),
        lambda path: f"{path}/no-such-thing",
        lambda path: f"{path}%00",
    ]
    wrong = []
    for operation in guarded(description):
        if operation.method != "GET" or operation.streams:
            continue
        for spell in spellings:
            path = spell(ours.path(operation))
            answer = await ours.caller(operation).request("GET", path)
            if not is_problem(answer, 400, 404, 405):
                wrong.append(f"{path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


async def test_a_method_that_a_path_does_not_have_is_refused_and_does_nothing(
    system: SystemUnderTest, ours: Inventory, description: Description
) -> None:
    methods: dict[str, set[str]] = {}
    for operation in description:
        methods.setdefault(operation.path, set()).add(operation.method)
    samples = {operation.path: operation for operation in guarded(description)}
    wrong = []
    for path, operation in samples.items():
        known = methods[path]
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} - known:
            answer = await ours.caller(operation).request(method, ours.path(operation), json={})
            if not is_problem(answer, 404, 405):
                wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:100]}")
        head = await ours.caller(operation).request("HEAD", ours.path(operation))
        if head.content or head.status_code >= 500:
            wrong.append(f"HEAD {path}: {head.status_code}")
        override = await ours.caller(operation).request(
            "OPTIONS", ours.path(operation), headers={"X-HTTP-Method-Override": "DELETE"}
        )
        if override.status_code != 405:
            wrong.append(f"{path}: an override was heard: {override.status_code}")
    assert not wrong, "\n".join(wrong)


# -- who gets in ------------------------------------------------------------------------------------------------------


async def test_nobody_gets_in_without_a_token(
    system: SystemUnderTest, ours: Inventory, description: Description
) -> None:
    wrong = []
    for operation in guarded(description):
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Tandem-Identity": "forged"}):
            answer = await system.http.request(
                operation.method, ours.path(operation), headers=headers, **ours.payload(operation)
            )
            if not is_problem(answer, 401) or "bearer" not in answer.headers.get("www-authenticate", "").lower():
                wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)


def test_the_doors_that_open_without_a_token_are_the_declared_ones(description: Description) -> None:
    doors = {(operation.method, operation.path) for operation in description if operation.anonymous}
    assert doors == ANONYMOUS, "Say in gateway/credentials/anonymous.py why somebody without a token may ask for this"


async def test_a_door_gives_nothing_to_whoever_has_no_secret(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in description:
        if operation.anonymous:
            answer = await ours.system.http.request(operation.method, operation.path, **ours.payload(operation))
            told_to_nobody = answer.status_code == 202 and answer.json() == {"status": "accepted"}
            if not told_to_nobody and not is_problem(answer, 400, 401, 404, 410):
                wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)


async def test_no_service_answers_a_request_that_did_not_come_through_the_gateway(
    system: SystemUnderTest, ours: Inventory, description: Description
) -> None:
    wrong = []
    for operation in guarded(description):
        app: Any = system.own if operation.service == "gateway" else system.pipe._upstreams[operation.service]
        for headers in ({}, {"Tandem-Identity": "forged"}, {"Authorization": f"Bearer {ours.tenant['manager'].token}"}):
            answer = await client(app).request(
                operation.method,
                ours.path(operation),
                headers=headers,
                params=ours.query(operation),
                **ours.payload(operation),
            )
            if not is_problem(answer, 401):
                wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)


def test_there_is_an_object_of_every_noun_to_try_with(ours: Inventory, description: Description) -> None:
    missing = description.nouns - set(ours.ids)
    assert not missing, f"Say in RECIPES of tests/contract/inventory.py how one of these is made: {sorted(missing)}"


async def test_the_objects_of_another_tenant_are_as_absent_as_those_that_never_were(
    ours: Inventory, theirs: Inventory, description: Description
) -> None:
    await _absent(theirs.tenant, ours, description, everybody_sees=("problems",))


async def test_the_objects_of_a_project_are_absent_to_a_stranger_of_the_same_tenant(
    ours: Inventory, description: Description
) -> None:
    stranger = Tenant(ours.tenant["stranger"])
    stranger.people["manager"] = ours.tenant["stranger"]
    await _absent(stranger, ours, description, everybody_sees=("problems", "people"))


async def _absent(
    asking: Tenant, ours: Inventory, description: Description, *, everybody_sees: tuple[str, ...]
) -> None:
    wrong = []
    for operation in description:
        if not operation.places or operation.places[0][0] in everybody_sees:
            continue
        caller = asking.admin if ours.caller(operation) is ours.tenant.admin else asking["manager"]
        noun = operation.places[0][0]
        random = str(new_id())
        options = ours.payload(operation) | {"params": ours.query(operation), "headers": SAME | {"If-Match": '"1"'}}
        absent = await caller.request(operation.method, ours.path(operation, **{noun: random}), **options)
        secret = await caller.request(operation.method, ours.path(operation), **options)
        if not is_problem(secret, 404):
            wrong.append(told(operation, secret))
        elif nameless(absent, random) != nameless(secret, ours.ids[noun]):
            wrong.append(f"{operation} tells the two apart:\n  {absent.text}\n  {secret.text}")
    assert not wrong, "\n".join(wrong)


async def test_a_token_that_may_only_read_writes_nothing(
    system: SystemUnderTest, ours: Inventory, description: Description
) -> None:
    """Tokens apart: everybody keeps house with their own, and draws none that is wider than the one that asks."""
    body = {"name": "reader", "scopes": [f"{service}:read" for service in ("planning", "coordination", "reporting")]}
    wrong = []
    readers = {}
    callers = [ours.tenant[role] for role in ("owner", "manager", "coordinator", "member")]
    for person in (*callers, ours.tenant.admin):
        drawn = await person.post("/v1/tokens", body)
        assert drawn.status_code == 201, drawn.text
        readers[person.token] = Person(system.http, drawn.json()["secret"], person.id)
    for operation in description:
        reader = readers[ours.caller(operation).token]
        if operation.writes or operation.keyed:
            answer = await reader.request(
                operation.method,
                ours.path(operation),
                params={"dry_run": "true"},
                headers={"If-Match": await ours.version(operation)},
                **ours.payload(operation),
            )
            expected = CANNOT_SUCCEED.get(str(operation), ())
            if not is_problem(answer, 403) and answer.status_code not in expected and "/tokens" not in operation.path:
                wrong.append(told(operation, answer))
        elif operation.method == "GET" and not operation.streams:
            answer = await reader.get(ours.path(operation), params=ours.query(operation))
            if answer.status_code == 403:
                wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)


async def test_an_id_that_is_no_uuid_is_not_found(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in guarded(description):
        if operation.path == EXTERNAL:
            continue  # What another system calls itself is up to it.
        for noun, _ in operation.places:
            for odd in ("1", "x' or 1=1--", "%00", "00000000-0000-0000-0000-00000000000g", "a" * 2000):
                answer = await ours.caller(operation).request(
                    operation.method, ours.path(operation, **{noun: odd}), **ours.payload(operation)
                )
                if not is_problem(answer, 400, 404):
                    wrong.append(f"{odd[:20]} {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


async def test_a_body_cannot_tell_another_tenants_ids_from_those_that_never_were(
    ours: Inventory, theirs: Inventory, description: Description
) -> None:
    wrong = []
    for operation in with_json_body(description):
        if not operation.writes:
            continue
        example = theirs.body(operation)
        assert isinstance(example, dict), f"{operation} has no example"
        for place in [*_references(operation, example)]:
            noun = place[-1] if isinstance(place[-1], str) else place[-2]
            # The operation of a batch names its object plainly.
            named = (
                ours.ids[operation.path.split("/")[-2]]
                if noun == "id"
                else ours.referring("id", str(noun).removesuffix("s"))
            )
            foreign, random = named, str(new_id())
            answers = [
                await theirs.caller(operation).request(
                    operation.method,
                    theirs.path(operation),
                    params={"dry_run": "true"} | theirs.query(operation),
                    headers=SAME | {"If-Match": await theirs.version(operation)},
                    json=_changed(example, place, object_id),
                )
                for object_id in (foreign, random)
            ]
            if (
                nameless(answers[0], foreign) != nameless(answers[1], random)
                and max(each.status_code for each in answers) >= 400
            ):
                wrong.append(f"{operation} {place}:\n  {answers[0].text[:400]}\n  {answers[1].text[:400]}")
            elif answers[0].status_code not in (403, 404, 409, 422) and noun not in KEPT_UNSEEN:
                wrong.append(f"{operation} {place} takes an id that nobody knows: {answers[0].status_code}")
    assert not wrong, "\n".join(wrong)


# Ids of another service, which are kept as they are: a service asks no other while it writes, and shows only the id.
KEPT_UNSEEN = ("proposal_id", "parent_task_id", "document_id", "evidence_document_id")


def _references(operation: Operation, example: dict[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """Where ids stand in the example, or could stand in the body's first level."""
    body = operation.body or {}
    for name, schema in body.get("properties", {}).items():
        formats = [operation.resolve(each).get("format") for each in (schema, *schema.get("anyOf", ()))]
        if name.endswith("_id") and "uuid" in formats and name not in example:
            yield (name,)

    def inside(node: Any, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for name, value in members:
            if isinstance(value, str) and UUID_TEXT.fullmatch(value):
                yield (*place, name)
            else:
                yield from inside(value, (*place, name))

    yield from inside(example, ())


def _changed(document: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """A copy of a JSON document with another value at one place."""
    copy = orjson.loads(orjson.dumps(document))
    node = copy
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value
    return copy


# -- what is taken ----------------------------------------------------------------------------------------------------

# What a client must never be able to set, beside a name that nothing has.
OVERREACH = (
    "unheard_of", "id", "tenant_id", "version", "created_by_id", "author_id", "is_admin", "approved_at", "deleted_at",
    "total_cost", "signed_by_id",
)  # fmt: skip


async def test_a_member_that_a_body_does_not_have_is_refused(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in with_json_body(description):
        for name in OVERREACH:
            if name in (operation.body or {}).get("properties", {}):
                continue
            answer = await ours.caller(operation).request(
                operation.method,
                ours.path(operation),
                headers={"If-Match": '"1"'},
                json={**ours.body(operation), name: "x"},
            )
            if not is_problem(answer, 422) or f"/{name}" not in answer.text:
                wrong.append(f"{name}: {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


OF_TYPES: tuple[tuple[set[str], Any], ...] = (
    ({"integer", "number"}, 0),
    ({"string"}, "0"),
    ({"boolean"}, True),
    ({"object"}, {}),
)


async def test_a_value_of_another_type_is_refused_at_its_place(ours: Inventory, description: Description) -> None:
    """No member takes 0 for false, "0" for 0 or true for a text, whatever a lenient reader would make of it."""
    wrong = []
    for operation in with_json_body(description):
        for name, schema in (operation.body or {}).get("properties", {}).items():
            taken = {str(each["type"]) for place, each in operation.walk(schema) if not place and "type" in each}
            for types, value in OF_TYPES:
                if not taken or types & taken:
                    continue
                answer = await ours.caller(operation).request(
                    operation.method,
                    ours.path(operation),
                    headers={"If-Match": '"1"'},
                    json={**ours.body(operation), name: value},
                )
                if not is_problem(answer, 422) or f"/{name}" not in answer.text:
                    wrong.append(f"{name}={value}: {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


# A tree of conditions, a policy's limits by kind, and the amended body of another route: each is judged by its own code.
OPEN_OBJECTS = (
    "/where",
    "/limits",
    "/grants/*/limits",
    "/tolerances",
    "/proposals/auto_accept/*/limits",
    "/body",
    "/bodies/*",
    # By the keys of the project's custom fields, a hundred at most.
    "/values",
    "/tasks/*/values",
)


def test_everything_that_a_body_may_hold_is_bounded(description: Description) -> None:
    loose = []
    for operation in with_json_body(description):
        for place, schema in operation.walk(operation.body or {}):
            kind = schema.get("type")
            if kind == "string" and not _is_bounded(schema):
                loose.append(f"{operation} {place}: a string without maxLength")
            if kind == "array" and "maxItems" not in schema:
                loose.append(f"{operation} {place}: an array without maxItems")
            if kind in ("integer", "number") and not {"minimum", "maximum"} <= _bounds(schema):
                loose.append(f"{operation} {place}: a number without bounds")
            if kind == "object" and schema.get("additionalProperties") is not False and place not in OPEN_OBJECTS:
                loose.append(f"{operation} {place}: an object that takes any member")
    for operation in description:
        for name, parameter in operation.query.items():
            for _, schema in operation.walk(parameter["schema"]):
                if schema.get("type") == "string" and not _is_bounded(schema):
                    loose.append(f"{operation} ?{name}: a string without maxLength")
    assert not loose, "Bound it in the area's schemas.py (Line, Prose, Field(ge=, le=), max_length=):\n" + "\n".join(
        loose
    )


def _is_bounded(schema: Schema) -> bool:
    if "maxLength" in schema or "enum" in schema or "const" in schema:
        return True
    if schema.get("format") in ("uuid", "date", "date-time", "time", "binary"):
        return True
    pattern = schema.get("pattern", "")
    return pattern.startswith("^") and pattern.endswith("$") and not re.search(r"[^\\][*+]|,\}", pattern)


def _bounds(schema: Schema) -> set[str]:
    return {name.replace("exclusiveM", "m") for name in schema}


BROKEN = {
    "no JSON": b"{",
    "trailing data": b"{} {}",
    "NaN": b'{"title": NaN}',
    "Infinity": b'{"title": -Infinity}',
    "an endless number": b'{"title": 1e400}',
    "a member twice": b'{"title": "a", "title": "b"}',
    "a bottomless list": b"[" * 100_000 + b"]" * 100_000,
    "a bottomless object": b'{"title":' * 100_000 + b"1" + b"}" * 100_000,
    "half a surrogate pair": b'{"title": "\\ud800"}',
    "a NUL": b'{"title": "\\u0000"}',
    "a raw NUL": b'{"title": "\x00"}',
    "no UTF-8": b'{"title": "\xff\xfe"}',
    "a byte-order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "a number of 10,000 digits": b'{"title": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("flaw", BROKEN)
async def test_broken_json_is_malformed_everywhere(ours: Inventory, description: Description, flaw: str) -> None:
    wrong = []
    for operation in with_json_body(description):
        answer = await ours.caller(operation).request(
            operation.method,
            ours.path(operation),
            headers={"Content-Type": "application/json", "If-Match": '"1"'},
            content=BROKEN[flaw],
        )
        if not is_problem(answer, 400):
            wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/xml"},
        {"Content-Type": "application/octet-stream"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/json", "Content-Encoding": "br"},
        {},
    ],
    ids=lambda headers: " ".join(headers.values()) or "none",
)
async def test_only_plain_json_in_utf_8_is_taken(
    ours: Inventory, description: Description, headers: dict[str, str]
) -> None:
    wrong = []
    for operation in with_json_body(description):
        answer = await ours.caller(operation).request(
            operation.method,
            ours.path(operation),
            headers={"If-Match": '"1"'} | headers,
            content=orjson.dumps(ours.body(operation)),
        )
        if not is_problem(answer, 400, 415, 422):
            wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)


async def test_a_body_beyond_the_limit_is_too_large(ours: Inventory, description: Description) -> None:
    wrong = []
    body = b'{"title": "' + b"x" * (2 * 1024 * 1024) + b'"}'
    for operation in with_json_body(description):
        answer = await ours.caller(operation).request(
            operation.method, ours.path(operation), headers={"Content-Type": "application/json"}, content=body
        )
        if not is_problem(answer, 413):
            wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)


# -- preconditions, keys, dry runs ------------------------------------------------------------------------------------


async def test_a_change_must_name_one_present_version(ours: Inventory, description: Description) -> None:
    wanted: dict[str | None, tuple[int, ...]] = {
        None: (428,),
        '"99999"': (412,),
        "*": (412,),
        'W/"1"': (400,),
        '"1", "2"': (400,),
        '"x"': (412, 400),
        '"' + "9" * 30 + '"': (412, 400),
        "": (400, 412, 428),
    }
    wrong = []
    for operation in description:
        if not operation.conditional:
            continue
        for value, statuses in wanted.items():
            headers = {} if value is None else {"If-Match": value}
            answer = await ours.caller(operation).request(
                operation.method, ours.path(operation), headers=headers, **ours.payload(operation)
            )
            if not is_problem(answer, *statuses):
                wrong.append(f"If-Match {value}: {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


async def test_a_stale_change_is_told_the_current_version(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in description:
        if operation.conditional:
            answer = await ours.caller(operation).request(
                operation.method, ours.path(operation), headers={"If-Match": '"99999"'}, **ours.payload(operation)
            )
            current = (await ours.version(operation)).strip('"')
            if answer.status_code != 412 or str(answer.json().get("current_version")) != current:
                wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)


# What every write changes, and what is only shown beside the object.
BOOKKEEPING = {"version", "updated_at", "updated_by_id", "effects"}
# Another reading of what `lag_minutes` shows, told of as well when either changes.
SAME_COLUMN = {"lag_percent"}
# Changes that make the one of the example, where repeating the example would change nothing.
OTHER_WORDS: dict[str, Any] = {
    "PATCH /v1/action-items/{item_id}": {"title": "Call another supplier"},
    "PATCH /v1/budget-lines/{line_id}": {"amount": {"amount": "7.00", "currency": "NOK"}, "description": "Less"},
    "PATCH /v1/contracts/{contract_id}": {"title": "Other piles"},
    "PATCH /v1/tasks/{task_id}": {"duration_minutes": 4500, "notes": "Wait for the frost."},
}


async def test_a_stale_change_is_told_which_members_have_changed(
    system: SystemUnderTest, description: Description
) -> None:
    """Of every noun that can be changed: what differs between the two versions, and nothing else."""
    fresh = Inventory(system, await system.tenant())
    await fresh.fill({str(operation): operation for operation in description})
    wrong, compared = [], set()
    for operation in description:
        if operation.method not in ("PATCH", "PUT") or not operation.conditional:
            continue
        caller, path = fresh.caller(operation), fresh.path(operation)
        known = await caller.get(path)
        headers = {"If-Match": known.headers["etag"]}
        body = fresh.referring(OTHER_WORDS.get(str(operation), operation.example))
        changed = await caller.request(operation.method, path, headers=headers, json=body)
        now = await caller.get(path)
        stale = await caller.request(operation.method, path, headers=headers, json=body)
        before, after = known.json(), now.json()
        expected = {name for name in after if after[name] != before[name]} - BOOKKEEPING
        if changed.status_code != 200 or stale.status_code != 412 or not expected:
            wrong.append(f"{told(operation, changed)}\n  {stale.text[:200]}")
        elif set(stale.json()["changed_fields"]) - SAME_COLUMN != expected:
            wrong.append(f"{operation}: {sorted(expected)} changed, and not {stale.json()['changed_fields']}")
        elif stale.json()["current_version"] != after["version"]:
            wrong.append(told(operation, stale))
        compared.add(operation.path)
    assert not wrong, "\n".join(wrong)
    assert len(compared) > 15, compared


async def test_what_wants_a_version_says_so(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in description:
        if operation.writes and not operation.conditional:
            answer = await ours.caller(operation).request(
                operation.method, ours.path(operation), params={"dry_run": "true"}, **ours.payload(operation)
            )
            if answer.status_code == 428:
                wrong.append(str(operation))
    assert not wrong, f'Say openapi_extra={{"x-if-match": "required"}} on the route: {wrong}'


# They compute and store nothing.
READ_BY_POST = ("/searches", "/schedule-runs")


def test_every_write_can_be_tried_first(description: Description) -> None:
    blind = [
        str(operation)
        for operation in description
        if operation.method != "GET"
        and "dry_run" not in operation.query
        and not operation.anonymous
        and not operation.path.endswith(READ_BY_POST)
    ]
    assert not blind, f"Write through `Writing` or `KeyedWriting`: {blind}"


async def test_what_must_not_happen_twice_wants_an_idempotency_key(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in description:
        if operation.keyed:
            answer = await ours.system.http.request(
                operation.method,
                ours.path(operation),
                headers={"Authorization": f"Bearer {ours.caller(operation).token}", "If-Match": '"1"'},
                **ours.payload(operation),
            )
            if not is_problem(answer, 400) or answer.json()["code"] != "idempotency_key_missing":
                wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)


async def test_a_key_that_is_none_is_refused(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in description:
        for key in ("", " ", "x" * 256, "to day") if operation.writes else ():
            answer = await ours.caller(operation).request(
                operation.method,
                ours.path(operation),
                headers={"Idempotency-Key": key, "If-Match": '"99999"'},
                **ours.payload(operation),
            )
            if not is_problem(answer, 400):
                wrong.append(f"{key[:10]!r} {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


async def test_a_dry_run_answers_with_its_verdict_and_stores_nothing(
    system: SystemUnderTest, ours: Inventory, description: Description
) -> None:
    wrong = []
    tenant_id = UUID((await ours.tenant["manager"].get("/v1/me")).json()["tenant_id"])
    for operation in description:
        if not operation.writes:
            continue
        service = service_of(system, operation.service)
        before = await digest(service, tenant_id)
        headers = {"If-Match": await ours.version(operation)}
        answer = await ours.caller(operation).request(
            operation.method,
            ours.path(operation),
            params={"dry_run": "true"},
            headers=headers,
            **ours.payload(operation),
        )
        after = await digest(service, tenant_id)
        changed = sorted(table for table in after if after[table] != before[table])
        if changed:
            wrong.append(f"{operation} wrote {changed}")
        if answer.status_code in CANNOT_SUCCEED.get(str(operation), ()):
            continue
        if answer.status_code != 200 or answer.headers.get("tandem-effect") != "none" or not answer.json()["dry_run"]:
            wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)


# Writes that the state of the inventory's object does not allow: it exists already, has ended, or is not that far.
CANNOT_SUCCEED: dict[str, tuple[int, ...]] = {
    # There is a card in it.
    "DELETE /v1/board-columns/{board_column_id}": (409,),
    "DELETE /v1/jobs/{job_id}": (409,),
    # The manager of the inventory has an account with another password than the example's.
    "POST /v1/email-changes": (403,),
    "POST /v1/password-changes": (403,),
    # The example's issuer is nowhere.
    "POST /v1/identity-providers": (422,),
    # The plan has gone on since the inventory levelled it.
    "POST /v1/levelling-runs/{levelling_run_id}/application": (409,),
    "POST /v1/meetings/{meeting_id}/distributions": (409,),
    # The example's person is a human being.
    "POST /v1/oauth-clients": (422,),
    "POST /v1/meetings/{meeting_id}/signature": (409,),
    "DELETE /v1/proposals/{proposal_id}": (409,),
    "POST /v1/projects": (409,),
    "POST /v1/accounting-periods/{period_id}/reopening": (409,),
    "POST /v1/projects/{project_id}/accounting-periods": (409,),
    "POST /v1/projects/{project_id}/action-items/batch": (422,),
    "POST /v1/projects/{project_id}/assignments": (409,),
    "POST /v1/projects/{project_id}/attendances/batch": (422,),
    "POST /v1/projects/{project_id}/dependencies/batch": (422,),
    "POST /v1/projects/{project_id}/attendances": (409,),
    "POST /v1/projects/{project_id}/competence-demands": (409,),
    "POST /v1/projects/{project_id}/contracts": (409,),
    "POST /v1/projects/{project_id}/cost-codes": (409,),
    "POST /v1/projects/{project_id}/custom-fields": (409,),
    "POST /v1/projects/{project_id}/dependencies": (409,),
    "POST /v1/projects/{project_id}/gates": (409,),
    "POST /v1/projects/{project_id}/imports": (409,),
    "POST /v1/projects/{project_id}/labels": (409,),
    "POST /v1/projects/{project_id}/memberships": (409,),
    # The inventory's project has tasks.
    "POST /v1/projects/{project_id}/plan-instantiations": (409,),
    "POST /v1/projects/{project_id}/responsibilities": (409,),
    "POST /v1/projects/{project_id}/task-briefs": (409,),
    "POST /v1/status-reports/{report_id}/publication": (409,),
    # Nobody has offered anybody yet.
    "POST /v1/staffing-requests/{staffing_request_id}/agreement": (409,),
}


# -- money ------------------------------------------------------------------------------------------------------------


def _with_minus_zero(node: Any) -> Any:
    """The body with minus nothing wherever an amount stands."""
    if isinstance(node, dict):
        if set(node) == {"amount", "currency"}:
            return node | {"amount": "-0.00"}
        return {name: _with_minus_zero(value) for name, value in node.items()}
    return [_with_minus_zero(each) for each in node] if isinstance(node, list) else node


async def test_minus_nothing_is_nothing_wherever_money_is_taken(ours: Inventory, description: Description) -> None:
    wrong, taken = [], 0
    for operation in with_json_body(description):
        body = _with_minus_zero(ours.body(operation))
        if not operation.writes or body == ours.body(operation):
            continue
        answer = await ours.caller(operation).request(
            operation.method,
            ours.path(operation),
            params={"dry_run": "true"},
            headers={"If-Match": await ours.version(operation)},
            json=body,
        )
        taken += answer.status_code == 200
        if answer.status_code not in (200, 409, 422) or '"-0' in answer.text:
            wrong.append(told(operation, answer))
    assert not wrong, "\n".join(wrong)
    assert taken >= 6


# -- batches ----------------------------------------------------------------------------------------------------------

BATCHES = 12


def batches(description: Description) -> list[Operation]:
    found = [operation for operation in description if operation.path.endswith("/batch")]
    assert len(found) >= BATCHES
    return found


def _beside_malformed_ones(ours: Inventory, operation: Operation) -> list[Any]:
    """The operation of the example behind others that cannot be read."""
    good = ours.body(operation)["operations"][0]
    without_body = {name: value for name, value in good.items() if name != "body"}
    more = {**good, "unheard_of": 1}
    deeper = {**good, "body": {**good["body"], "unheard_of": 1}}
    return [7, None, {"op": "conjure"}, {}, without_body, more, deeper, good]


# Where each of them is at fault.
_FAULTS = ["", "", "/op", "/op", "/body", "/unheard_of", "/body/unheard_of"]


async def test_a_malformed_operation_of_a_batch_refuses_itself_and_nothing_else(
    ours: Inventory, description: Description
) -> None:
    wrong = []
    for operation in batches(description):
        answer = await ours.tenant["manager"].request(
            "POST",
            ours.path(operation),
            params={"dry_run": "true"},
            json={"atomic": False, "operations": _beside_malformed_ones(ours, operation)},
        )
        if answer.status_code != 200:
            wrong.append(told(operation, answer))
            continue
        results = answer.json()["result"]["results"]
        pointers = [each["problem"]["errors"][0]["pointer"] for each in results[:-1]]
        expected = [f"/operations/{index}{fault}" for index, fault in enumerate(_FAULTS)]
        last = results[-1]
        if [each["status"] for each in results[:-1]] != [422] * len(_FAULTS) or pointers != expected:
            wrong.append(f"{operation}: {pointers}")
        if last["status"] not in (200, 201) and str(operation) not in BATCH_OF_WHAT_IS:
            wrong.append(f"{operation}: {last}")
    assert not wrong, "\n".join(wrong)


# The inventory has what the example would make, or not what it would change.
BATCH_OF_WHAT_IS = (
    "POST /v1/projects/{project_id}/action-items/batch",
    "POST /v1/projects/{project_id}/attendances/batch",
    "POST /v1/projects/{project_id}/dependencies/batch",
)


async def test_an_atomic_batch_with_a_malformed_operation_names_the_places_and_does_nothing(
    system: SystemUnderTest, ours: Inventory, description: Description
) -> None:
    wrong = []
    tenant_id = UUID((await ours.tenant["manager"].get("/v1/me")).json()["tenant_id"])
    for operation in batches(description):
        service = service_of(system, operation.service)
        before = await digest(service, tenant_id)
        body = {"atomic": True, "operations": _beside_malformed_ones(ours, operation)[::-1]}
        answer = await ours.tenant["manager"].post(ours.path(operation), body)
        pointers = [error["pointer"] for error in answer.json()["errors"]]
        if not is_problem(answer, 422) or answer.json()["code"] != "batch_refused" or len(pointers) < len(_FAULTS):
            wrong.append(told(operation, answer))
        if not {"/operations/1/body/unheard_of", "/operations/5/op", "/operations/7"} <= set(pointers):
            wrong.append(f"{operation}: {pointers}")
        after = await digest(service, tenant_id)
        if after != before:
            wrong.append(f"{operation} wrote {sorted(table for table in after if after[table] != before[table])}")
    assert not wrong, "\n".join(wrong)


async def test_a_batch_holds_a_thousand_operations_and_at_least_one(ours: Inventory, description: Description) -> None:
    for operation in batches(description):
        good = ours.body(operation)["operations"][0]
        unusable: tuple[Any, ...] = ([], [good] * 1001, {}, None)
        for operations in unusable:
            answer = await ours.tenant["manager"].post(ours.path(operation), {"operations": operations})
            assert is_problem(answer, 422), told(operation, answer)
            assert answer.json()["errors"][0]["pointer"] == "/operations"


async def test_a_batch_of_a_project_touches_no_object_of_another(
    ours: Inventory, theirs: Inventory, description: Description
) -> None:
    wrong = []
    for operation in batches(description):
        noun = operation.path.split("/")[-2]
        for object_id in (theirs.ids.get(noun), str(new_id())):
            change: dict[str, Any] = {"op": "update", "id": object_id, "version": 1, "body": {}}
            body = {"atomic": False, "operations": [change]}
            answer = await ours.tenant["manager"].request(
                "POST", ours.path(operation), params={"dry_run": "true"}, json=body
            )
            status = answer.json()["result"]["results"][0]["status"]
            if status != 404 and "update" in str(operation.body):
                wrong.append(f"{operation}: {status}")
    assert not wrong, "\n".join(wrong)


# -- how it answers ---------------------------------------------------------------------------------------------------


async def test_every_answer_names_its_request_and_its_language(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in description:
        if operation.streams and not operation.places:
            continue
        path = ours.path(operation, **{operation.places[0][0]: str(new_id())} if operation.places else {})
        for answer in (
            await ours.caller(operation).request(operation.method, path),
            await ours.system.http.request(operation.method, path),
        ):
            counts = {name: len(answer.headers.get_list(name)) for name in ("tandem-request-id", "content-language")}
            wrong += [f"{operation}: {name} stands {count} times" for name, count in counts.items() if count != 1]
            if answer.headers.get("x-content-type-options") != "nosniff" and answer.status_code < 400:
                wrong.append(f"{operation}: its type may be sniffed")
            if not {"accept-language", "authorization"} <= set(answer.headers.get("vary", "").lower().split(", ")):
                wrong.append(f"{operation}: Vary is {answer.headers.get('vary')}")
            if "server" in answer.headers or "x-powered-by" in answer.headers:
                wrong.append(f"{operation} names its software")
    assert not wrong, "\n".join(wrong)


async def test_what_is_not_for_the_public_is_not_there(system: SystemUnderTest, ours: Inventory) -> None:
    manager = ours.tenant["manager"]
    for path in (
        "/docs",
        "/redoc",
        "/openapi.json",
        "/internal/facts",
        "/internal/heads",
        "/internal/openapi.json",
        "/debug",
    ):
        for answer in (await system.http.get(path), await manager.get(path)):
            assert is_problem(answer, 404), f"{path}: {answer.status_code}"
    for answer in (await system.http.get("/metrics"), await manager.get("/metrics")):
        assert is_problem(answer, 401), "the metrics are for whoever holds a service's identity"
    health = await system.http.get("/health")
    assert (health.status_code, health.json()) == (200, {"status": "alive"}), "health names no versions"


async def test_the_title_follows_the_language_and_the_code_never_does(
    ours: Inventory, description: Description
) -> None:
    wrong = []
    for operation in guarded(description):
        if operation.streams and not operation.places:
            continue
        path = ours.path(operation, **{operation.places[0][0]: "nothing"} if operation.places else {})
        if not operation.places:
            path += "?dry_run=true" if operation.writes else "?no_such_parameter=1"
        spoken = {}
        for language in ("en", "nb", "nn-NO", "no, en;q=0.5", "de"):
            answer = await ours.caller(operation).request(
                operation.method, path, headers={"Accept-Language": language}, **ours.payload(operation)
            )
            spoken[language] = answer
        if spoken["en"].status_code < 400:
            continue
        documents = {language: answer.json() for language, answer in spoken.items()}
        if len({document["code"] for document in documents.values()}) != 1:
            wrong.append(f"{operation}: the code depends on the language")
        if (
            documents["en"]["title"] == documents["nb"]["title"]
            or documents["nb"]["title"] != documents["nn-NO"]["title"]
        ):
            wrong.append(f"{operation}: {documents['en']['title']} / {documents['nb']['title']}")
        languages = [answer.headers["content-language"] for answer in spoken.values()]
        if languages != ["en", "nb", "nb", "nb", "en"]:
            wrong.append(f"{operation}: {languages}")
    assert not wrong, "\n".join(wrong)
