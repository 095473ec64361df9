"""Every list keeps the conventions of paging, filters, sorting, fields and expansions (C3 to C7)."""

import base64
import re
from typing import Any

from services.kernel.http_client import Response
from tests.contract.inventory import Inventory
from tests.contract.operations import Description, Operation
from tests.contract.test_routes import is_problem, told

# A value of each type that a filter may have, and one that it cannot have.
GOOD = {"uuid": "0197d1c0-0000-7000-8000-000000000001", "date": "2026-03-02", "date-time": "2026-03-02T08:00:00Z"}
BAD = {"uuid": "nobody", "date": "2026-02-30", "date-time": "yesterday"}
TAKEN_BY_ALL = ("limit", "cursor", "sort", "include_total", "fields", "expand", "q")


def lists(description: Description) -> list[Operation]:
    return [operation for operation in description if operation.lists and "cursor" in operation.query]


async def ask(ours: Inventory, operation: Operation, **parameters: str) -> Response:
    return await ours.caller(operation).get(ours.path(operation), params=parameters)


def words_of(operation: Operation, parameter: str) -> list[str]:
    """The names that the description of `sort`, `fields` or `expand` lists."""
    if parameter not in operation.query:
        return []
    listed = operation.query[parameter]["description"].rpartition("descending: ")[2].removeprefix("Of ")
    return [word.strip() for word in listed.rstrip(".").split(",")]


async def test_a_limit_lies_between_1_and_200(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in lists(description):
        for limit in ("0", "-1", "201", "1e9", "NaN", "", "1.5", "٣", "9" * 400):
            answer = await ask(ours, operation, limit=limit)
            if not is_problem(answer, 400) or answer.json()["code"] != "invalid_limit":
                wrong.append(f"{limit[:9]}: {told(operation, answer)}")
        for limit in ("1", "200"):
            answer = await ask(ours, operation, limit=limit)
            if answer.status_code != 200 or answer.json()["page"]["limit"] != int(limit):
                wrong.append(f"{limit}: {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


async def test_what_a_list_does_not_know_is_refused_and_never_ignored(
    ours: Inventory, description: Description
) -> None:
    refused = {
        "unknown_filter": [{"unheard_of": "1"}, {"unheard_of[in]": "1"}, {"id[": "1"}, {"tenant_id": "1"}],
        "unknown_sort": [
            {"sort": "unheard_of"},
            {"sort": "tenant_id"},
            {"sort": ""},
            {"sort": "created_at;drop table"},
        ],
        "unknown_field": [{"fields": "unheard_of"}, {"fields": "tenant_id"}, {"fields": ""}],
        "unknown_expansion": [{"expand": "unheard_of"}, {"expand": ""}],
    }
    wrong = []
    for operation in lists(description):
        for code, queries in refused.items():
            for query in queries:
                answer = await ask(ours, operation, **query)
                if not is_problem(answer, 400) or answer.json()["code"] != code:
                    wrong.append(f"{query}: {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


async def test_single_objects_refuse_what_they_do_not_know(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in description:
        if operation.method == "GET" and "fields" in operation.query and not operation.lists:
            for query in ({"unheard_of": "1"}, {"fields": "tenant_id"}, {"expand": "unheard_of"}, {"limit": "1"}):
                answer = await ask(ours, operation, **query)
                if not is_problem(answer, 400):
                    wrong.append(f"{query}: {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


async def test_every_declared_filter_works_and_refuses_what_is_no_value(
    ours: Inventory, description: Description
) -> None:
    wrong = []
    for operation in lists(description):
        for name, parameter in operation.query.items():
            if name in TAKEN_BY_ALL:
                continue
            schema = parameter["schema"]
            good, bad = _values(schema)
            for value in good:
                answer = await ask(ours, operation, **{name: value})
                # A list of values is refused where one of them has another type; which type it wants is not described.
                if answer.status_code != 200 and not (name.endswith(("[in]", "[nin]")) and is_problem(answer, 400)):
                    wrong.append(f"{name}={value}: {told(operation, answer)}")
            for value in bad:
                answer = await ask(ours, operation, **{name: value})
                if not is_problem(answer, 400) or answer.json()["code"] != "invalid_filter_value":
                    wrong.append(f"{name}={value[:20]}: {told(operation, answer)}")
            for value in ("'; drop table tasks -- %_\\ & | ! : * \u202e", "x" * 600, "9" * 30, "0001-01-01"):
                answer = await ask(ours, operation, **{name: value})
                if answer.status_code != 200 and not is_problem(answer, 400):
                    wrong.append(f"{name}={value[:20]}: {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


def _values(schema: Any) -> tuple[list[str], list[str]]:
    """Values that fit a filter's schema, and values that do not."""
    if "enum" in schema:
        return list(schema["enum"]), ["unheard_of"]
    if schema["type"] == "boolean":
        return ["true", "false"], ["1", "TRUE", ""]
    if schema["type"] == "integer":
        return ["0", "-1", str(2**63 - 1)], ["x", "1.5", str(2**63), "1e3", "NaN"]
    kind = schema.get("format")
    if kind in GOOD:
        return [GOOD[kind]], [BAD[kind], ""]
    return ["x"] if schema.get("maxLength") != 40 else [], []


async def test_every_declared_sort_works_in_both_directions(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in lists(description):
        for key in words_of(operation, "sort"):
            for sort in (key, f"-{key}"):
                first = await ask(ours, operation, sort=sort, limit="1")
                whole = await ask(ours, operation, sort=sort, limit="200")
                if first.status_code != 200 or whole.status_code != 200:
                    wrong.append(f"{sort}: {told(operation, first)}")
                    continue
                paged, cursor = first.json()["data"], first.json()["page"]["next_cursor"]
                while cursor is not None:
                    page = await ask(ours, operation, sort=sort, limit="1", cursor=cursor)
                    if page.status_code != 200:
                        wrong.append(f"{sort}, next page: {told(operation, page)}")
                        break
                    paged += page.json()["data"]
                    cursor = page.json()["page"]["next_cursor"]
                if [each["id"] for each in paged] != [each["id"] for each in whole.json()["data"]]:
                    wrong.append(f"{operation} by {sort}: its pages are not the list")
    assert not wrong, "\n".join(wrong)


async def test_every_field_and_expansion_can_be_asked_for(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in description:
        if operation.method != "GET" or "fields" not in operation.query:
            continue
        for field in words_of(operation, "fields"):
            answer = await ask(ours, operation, fields=field)
            if answer.status_code != 200:
                wrong.append(f"{field}: {told(operation, answer)}")
                continue
            document = answer.json()
            shown = document["data"] if operation.lists else [document]
            more = [sorted(each) for each in shown if set(each) != {"id", "type", field}]
            wrong += [f"{operation}: fields={field} shows {members}" for members in more]
        for expansion in words_of(operation, "expand"):
            answer = await ask(ours, operation, expand=expansion)
            if answer.status_code != 200:
                wrong.append(f"{expansion}: {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


async def test_a_cursor_is_good_for_its_own_query_and_tenant_only(
    ours: Inventory, theirs: Inventory, description: Description
) -> None:
    wrong = []
    walked = 0
    for operation in lists(description):
        answer = await ask(ours, operation, limit="1")
        cursor = answer.json()["page"]["next_cursor"]
        if cursor is None:
            continue
        walked += 1
        flipped = ("B" if cursor[0] == "A" else "A") + cursor[1:]
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        forged = base64.urlsafe_b64encode(raw[:16] + raw[16:].replace(b'"', b"'")).decode().rstrip("=")
        for bad in (flipped, forged, cursor[:-4], f"{cursor}AAAA", "", "AAAA", "é", "null"):
            answer = await ask(ours, operation, limit="1", cursor=bad)
            if not is_problem(answer, 400) or answer.json()["code"] != "invalid_cursor":
                wrong.append(f"cursor {bad[:20]}: {told(operation, answer)}")
        others = [{"q": "x"}] if "q" in operation.query else []
        present = operation.query["sort"]["schema"]["example"]
        others += [{"sort": present.removeprefix("-") if present.startswith("-") else f"-{present}"}]
        for other in others:
            answer = await ask(ours, operation, cursor=cursor, **other)
            if not is_problem(answer, 400) or answer.json()["code"] != "cursor_mismatch":
                wrong.append(f"{other}: {told(operation, answer)}")
        foreign = await theirs.caller(operation).get(theirs.path(operation), params={"cursor": cursor})
        if not is_problem(foreign, 400) or foreign.json()["code"] != "cursor_mismatch":
            wrong.append(f"another tenant: {told(operation, foreign)}")
    assert not wrong, "\n".join(wrong)
    assert walked > 5, "hardly any list has a second page, so this has walked nothing"


async def test_an_empty_list_is_a_list_and_counts_when_asked(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in lists(description):
        if "q" in operation.query:
            answer = await ask(ours, operation, q="nothing has this in it")
            if answer.status_code != 200 or answer.json() != {"data": [], "page": {"next_cursor": None, "limit": 50}}:
                wrong.append(told(operation, answer))
        counted = await ask(ours, operation, include_total="true", limit="1")
        whole = await ask(ours, operation, limit="200")
        if counted.status_code != 200 or counted.json()["page"].get("total") != len(whole.json()["data"]):
            wrong.append(told(operation, counted))
        if not is_problem(await ask(ours, operation, include_total="yes"), 400):
            wrong.append(f"{operation} takes include_total=yes")
    assert not wrong, "\n".join(wrong)


async def test_who_has_the_present_version_is_spared_it(ours: Inventory, description: Description) -> None:
    wrong = []
    for operation in description:
        if operation.method != "GET" or operation.streams or "fields" not in operation.query:
            continue
        first = await ask(ours, operation)
        tag = first.headers.get("etag", "")
        if not re.fullmatch(r'"[0-9a-f]+"', tag):
            wrong.append(f"{operation}: ETag is {tag!r}")
            continue
        for known, status in ((tag, 304), (f"W/{tag}", 304), ("*", 304), (f'"x", {tag}', 304), ('"x"', 200)):
            answer = await ours.caller(operation).get(ours.path(operation), headers={"If-None-Match": known})
            if answer.status_code != status or (status == 304 and answer.content):
                wrong.append(f"If-None-Match {known}: {told(operation, answer)}")
    assert not wrong, "\n".join(wrong)


async def test_a_search_finds_what_the_list_has_and_refuses_what_is_no_condition(
    ours: Inventory, description: Description
) -> None:
    nested: dict[str, Any] = {"all": []}
    for _ in range(10):
        nested = {"all": [nested]}
    refused: list[Any] = [
        {"where": {"field": "unheard_of", "value": 1}},
        {"where": {"field": "id; drop table", "op": "eq", "value": 1}},
        {"where": {"any": "x"}},
        {"where": {"all": [], "any": []}},
        {"where": {"field": ["a"], "value": 1}},
        {"where": nested},
        {"where": {"all": [{"all": []}] * 5, "more": 1}},
        {"sort": ["unheard_of"]},
        {"cursor": "AAAA"},
    ]
    operations = {str(operation): operation for operation in description}
    wrong = []
    for operation in description:
        if not operation.path.endswith("/searches"):
            continue
        for body in refused:
            answer = await ours.caller(operation).post(ours.path(operation), body)
            if not is_problem(answer, 400, 422):
                wrong.append(f"{body}: {told(operation, answer)}")
        found = await ours.caller(operation).post(ours.path(operation), {"limit": 200})
        listed = await ask(ours, operations[f"GET {operation.path.removesuffix('/searches')}"], limit="200")
        if found.status_code != 200 or found.json()["data"] != listed.json()["data"]:
            wrong.append(told(operation, found))
        none = await ours.caller(operation).post(ours.path(operation), {"where": {"any": []}})
        if none.json().get("data") != []:
            wrong.append(told(operation, none))
    assert not wrong, "\n".join(wrong)
