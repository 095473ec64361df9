"""The description is valid, complete, and true: what the system answers is what it says that it answers."""

import re
from typing import Any

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.kernel.http_client import Response
from tests.contract.inventory import Inventory
from tests.contract.operations import Description, Operation
from tests.contract.test_routes import told
from tests.factories.system import SystemUnderTest


def validator(description: Description, schema: Any) -> Any:
    """A validator of one schema of the document, with the document's components in reach and its formats checked."""
    rooted = {**schema, "components": description.document["components"]}
    return jsonschema.Draft202012Validator(rooted, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def deviations(description: Description, operation: Operation, answer: Response) -> list[str]:
    """In what an answer is not what the description says of its status."""
    described = operation.details["responses"].get(str(answer.status_code))
    if described is None:
        return [f"{operation} answers {answer.status_code}, which it does not describe"]
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    content = described.get("content", {})
    if not answer.content:
        return [f"{operation} {answer.status_code} has no body"] if content else []
    if "*/*" in content:
        return []
    if media_type not in content:
        return [f"{operation} {answer.status_code} is {media_type}; described are {list(content)}"]
    if "json" not in media_type:
        return []
    errors = validator(description, content[media_type]["schema"]).iter_errors(answer.json())
    return [f"{operation} {answer.status_code} at {error.json_path}: {error.message[:200]}" for error in errors]


def test_the_merged_document_is_valid_openapi(description: Description) -> None:
    errors = [
        f"{list(error.path)}: {error.message}" for error in OpenAPIV31SpecValidator(description.document).iter_errors()
    ]
    assert not errors, "\n".join(errors[:20])


async def test_every_described_route_of_a_service_is_in_the_merged_document(
    system: SystemUnderTest, description: Description
) -> None:
    merged = {str(operation) for operation in description}
    apps: list[Any] = [system.own, *system.pipe._upstreams.values()]
    for app in apps:
        for path, operations in app.openapi()["paths"].items():
            for method in operations:
                assert f"{method.upper()} {path}" in merged, f"{method} {path} is lost in the merge"


def test_every_operation_has_a_name_a_sentence_and_a_group(description: Description) -> None:
    names = [operation.details["operationId"] for operation in description]
    assert len(set(names)) == len(names), "Two route functions have one name, and so do two methods of every client"
    wrong = []
    for operation in description:
        details = operation.details
        if not re.fullmatch(r"[a-z]+(_[a-z]+)*", details["operationId"]):
            wrong.append(f"{operation}: {details['operationId']} is no verb and noun")
        if not details.get("tags"):
            wrong.append(f"{operation} belongs to no area: make its router with area_router")
        if len(details.get("description", "")) < 5 or not details["description"].rstrip().endswith("."):
            wrong.append(f"{operation} has no sentence: give the route function a docstring")
    assert not wrong, "\n".join(wrong)


def test_every_body_has_an_example_that_it_would_take(description: Description) -> None:
    wrong = []
    for operation in description:
        for media_type, content in operation.media_types.items():
            if media_type == "multipart/form-data":
                continue
            example = operation.example
            if example is None:
                wrong.append(f"{operation} has no example: add it to json_schema_extra of its schema")
                continue
            errors = validator(description, content["schema"]).iter_errors(example)
            wrong += [f"{operation}, {media_type}, at {error.json_path}: {error.message}" for error in errors]
    assert not wrong, "\n".join(wrong)


def test_every_operation_describes_its_refusals(description: Description) -> None:
    wrong = []
    for operation in description:
        for status in ("400", "401", "404", *(("409", "412", "422") if operation.writes else ())):
            content = operation.details["responses"].get(status, {}).get("content", {})
            if "application/problem+json" not in content:
                wrong.append(f"{operation} does not describe {status}")
    assert not wrong, "\n".join(wrong)


# What comes into being only later in the life of the inventory's object.
NOT_YET = ("GET /v1/status-reports/{report_id}/document", "GET /v1/status-reports/{report_id}/pdf")


async def test_what_is_read_is_what_the_description_says(ours: Inventory, description: Description) -> None:
    wrong = []
    read = 0
    for operation in description:
        if operation.method != "GET" or operation.streams:
            continue
        answer = await ours.caller(operation).get(ours.path(operation), params=ours.query(operation))
        if answer.status_code != 200 and str(operation) not in NOT_YET:
            wrong.append(told(operation, answer))
        wrong += deviations(description, operation, answer)
        read += 1
    assert not wrong, "\n".join(wrong)
    assert read > 30


async def test_what_is_expanded_does_not_hide_what_is_described(ours: Inventory, description: Description) -> None:
    """Without its expansions an answer is what it was: an expansion adds a sibling, it never switches a type."""
    wrong = []
    for operation in description:
        if operation.method != "GET" or "expand" not in operation.query:
            continue
        names = operation.query["expand"]["description"].removeprefix("Of ").rstrip(".").split(", ")
        answer = await ours.caller(operation).get(ours.path(operation), params={"expand": ",".join(names[:5])})
        if answer.status_code != 200:
            wrong.append(told(operation, answer))
            continue
        document = answer.json()
        for shown in document["data"] if operation.lists else [document]:
            for name in names[:5]:
                if name not in shown:
                    wrong.append(f"{operation}: expand={name} adds nothing")
                shown.pop(name, None)
        plain = (await ours.caller(operation).get(ours.path(operation))).json()
        if document != plain:
            wrong.append(f"{operation}: an expansion changes other members")
    assert not wrong, "\n".join(wrong)


async def test_what_a_write_answers_is_what_the_description_says(ours: Inventory, description: Description) -> None:
    """A dry run's `result` is the answer that the write would have given."""
    wrong = []
    judged = 0
    for operation in description:
        if not operation.writes:
            continue
        headers = {"If-Match": await ours.version(operation)}
        answer = await ours.caller(operation).request(
            operation.method,
            ours.path(operation),
            params={"dry_run": "true"},
            headers=headers,
            **ours.payload(operation),
        )
        wrong += deviations(description, operation, answer)
        if answer.status_code == 200 and operation.answer is not None and operation.method != "DELETE":
            judged += 1
            errors = validator(description, operation.answer).iter_errors(answer.json()["result"])
            wrong += [f"{operation}, result at {error.json_path}: {error.message[:200]}" for error in errors]
    assert not wrong, "\n".join(wrong)
    assert judged > 20


async def test_every_problem_that_is_answered_is_in_the_catalogue(ours: Inventory, description: Description) -> None:
    listed = {each["code"]: each for each in (await ours.system.http.get("/v1/problems")).json()["data"]}
    for operation in description:
        if operation.streams:
            continue
        answer = await ours.tenant["stranger"].request(operation.method, ours.path(operation))
        if answer.status_code >= 400:
            problem = answer.json()
            assert listed[problem["code"]]["status"] == answer.status_code
            page = await ours.system.http.get(problem["type"])
            assert page.status_code == 200, f"{problem['type']} of {operation} leads nowhere"
