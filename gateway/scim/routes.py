"""HTTP of SCIM, in the words of RFC 7644. Described by its own `/Schemas`, and not in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from fastapi import Request
from pydantic import ValidationError
from scim2_models import Context, ResponseParameters
from starlette.responses import Response

from gateway.groups.use_cases import remove_group
from gateway.scim import repository
from gateway.scim.access import ScimBody, ScimReading, ScimWriting, base_of, check_match, is_known
from gateway.scim.binding import bound
from gateway.scim.discovery import configuration, listed, resource_types, schemas
from gateway.scim.envelope import MEDIA_TYPE
from gateway.scim.group import Group
from gateway.scim.library_refusal import refusal_of
from gateway.scim.patch import read_operations
from gateway.scim.query import read_query
from gateway.scim.refusal import NotOffered, refused
from gateway.scim.repository import GROUPS, USERS, Source
from gateway.scim.use_cases import groups, users
from gateway.scim.user import User
from services.kernel.app import area_router
from services.kernel.problems import Forbidden, NotFound
from services.kernel.requests import Read
from services.kernel.write import Write

router = area_router("scim")
router.prefix = "/scim/v2"
router.include_in_schema = False


# -- what there is ----------------------------------------------------------------------------------------------------


@router.get("/ServiceProviderConfig")
async def get_configuration(read: ScimReading) -> Response:
    return _json(configuration(base_of(read.request)))


@router.get("/ResourceTypes")
async def list_resource_types(read: ScimReading) -> Response:
    return _described(read.request, resource_types(base_of(read.request)))


@router.get("/ResourceTypes/{name}")
async def get_resource_type(name: str, read: ScimReading) -> Response:
    return _one_of(resource_types(base_of(read.request)), name)


@router.get("/Schemas")
async def list_schemas(read: ScimReading) -> Response:
    return _described(read.request, schemas(base_of(read.request)))


@router.get("/Schemas/{name}")
async def get_schema(name: str, read: ScimReading) -> Response:
    return _one_of(schemas(base_of(read.request)), name)


def _described(request: Request, documents: list[dict[str, Any]]) -> Response:
    """All of them. A filter is forbidden here (RFC 7644 section 4), so that nobody takes the answer for a filtered one."""
    if "filter" in request.query_params:
        raise Forbidden
    return _json(listed(documents, len(documents), 1))


def _one_of(documents: list[dict[str, Any]], name: str) -> Response:
    found = next((each for each in documents if each["id"] == name), None)
    if found is None:
        raise NotFound
    return _json(found)


# -- what there is not ------------------------------------------------------------------------------------------------


@router.api_route("/Me", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def refuse_me(read: ScimReading) -> Response:
    """A provisioner is software and no user (RFC 7644 section 3.11)."""
    raise NotOffered


@router.post("/Bulk")
async def refuse_bulk(read: ScimReading) -> Response:
    raise NotOffered


@router.post("/.search")
async def search_everything(read: ScimReading) -> Response:
    """Users and groups are searched apart."""
    raise NotOffered


# -- users ------------------------------------------------------------------------------------------------------------


@router.get("/Users")
async def list_users(read: ScimReading) -> Response:
    return await _page(read, USERS, _given(read.request))


@router.post("/Users/.search")
async def search_users(body: ScimBody, read: ScimReading) -> Response:
    return await _page(read, USERS, body)


@router.get("/Users/{user_id}")
async def get_user(user_id: UUID, read: ScimReading) -> Response:
    return await _one(read, USERS, user_id)


@router.post("/Users")
async def create_user(body: ScimBody, write: ScimWriting) -> Response:
    user = users.read_user(body, Context.RESOURCE_CREATION_REQUEST)
    return await _answer(write, USERS, await users.create_user(write.session, user), status=201)


@router.put("/Users/{user_id}")
async def replace_user(user_id: UUID, body: ScimBody, write: ScimWriting) -> Response:
    after = users.read_user(body, Context.RESOURCE_REPLACEMENT_REQUEST)
    row, before = await users.load_user(write.session, base_of(write.request), user_id)
    check_match(write.request, _version(before))
    await users.replace_user(write.session, row, before, after)
    return await _answer(write, USERS, user_id)


@router.patch("/Users/{user_id}")
async def patch_user(user_id: UUID, body: ScimBody, write: ScimWriting) -> Response:
    operations = read_operations(User, body)
    row, before = await users.load_user(write.session, base_of(write.request), user_id)
    check_match(write.request, _version(before))
    await users.patch_user(write.session, row, before, operations)
    return await _answer(write, USERS, user_id)


@router.delete("/Users/{user_id}")
async def delete_user(user_id: UUID, write: ScimWriting) -> Response:
    row, before = await users.load_user(write.session, base_of(write.request), user_id)
    check_match(write.request, _version(before))
    await users.delete_user(write.session, row)
    return await write.answer_empty()


# -- groups -----------------------------------------------------------------------------------------------------------


@router.get("/Groups")
async def list_groups(read: ScimReading) -> Response:
    return await _page(read, GROUPS, _given(read.request))


@router.post("/Groups/.search")
async def search_groups(body: ScimBody, read: ScimReading) -> Response:
    return await _page(read, GROUPS, body)


@router.get("/Groups/{group_id}")
async def get_group(group_id: UUID, read: ScimReading) -> Response:
    return await _one(read, GROUPS, group_id)


@router.post("/Groups")
async def create_group(body: ScimBody, write: ScimWriting) -> Response:
    group = groups.read_group(body, Context.RESOURCE_CREATION_REQUEST)
    return await _answer(write, GROUPS, await groups.create_group(write.session, group), status=201)


@router.put("/Groups/{group_id}")
async def replace_group(group_id: UUID, body: ScimBody, write: ScimWriting) -> Response:
    after = groups.read_group(body, Context.RESOURCE_REPLACEMENT_REQUEST)
    loaded = await groups.load_group(write.session, base_of(write.request), group_id)
    check_match(write.request, _version(loaded.resource))
    await groups.replace_group(write.session, loaded, after)
    return await _answer(write, GROUPS, group_id)


@router.patch("/Groups/{group_id}")
async def patch_group(group_id: UUID, body: ScimBody, write: ScimWriting) -> Response:
    operations = groups.read_group_patch(body)
    loaded = await groups.load_group(write.session, base_of(write.request), group_id, operations)
    check_match(write.request, _version(loaded.resource))
    await groups.patch_group(write.session, loaded, operations)
    return await _answer(write, GROUPS, group_id)


@router.delete("/Groups/{group_id}")
async def delete_group(group_id: UUID, write: ScimWriting) -> Response:
    loaded = await groups.load_group(write.session, base_of(write.request), group_id, ())
    check_match(write.request, _version(loaded.resource))
    await remove_group(write.session, loaded.row)
    return await write.answer_empty()


# -- how it is answered -----------------------------------------------------------------------------------------------


def _given(request: Request) -> dict[str, str]:
    """The parameters of the query string. Raises ScimRefused for one that stands twice."""
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    given = dict(pairs)
    if len(given) != len(pairs):
        raise refused("invalidValue", "a parameter stands twice")
    return given


def _selection(source: Source, request: Request) -> ResponseParameters[Any]:
    """`attributes` and `excludedAttributes` (RFC 7644 section 3.9). Raises ScimRefused."""
    given = {name: value for name, value in _given(request).items() if name in ("attributes", "excludedAttributes")}
    try:
        parameters: ResponseParameters[Any] = bound(ResponseParameters, source.model).model_validate(given)
    except ValidationError as error:
        raise refusal_of(error) from error
    return parameters


def _left_out(source: Source, selection: ResponseParameters[Any]) -> frozenset[str]:
    """The lists that nobody has asked for, which are then not put together."""

    def is_among(name: str, paths: list[Any] | None, *, whole: bool) -> bool:
        words = [str(path).rpartition(":")[2].lower() for path in paths or ()]
        return any(word == name or (not whole and word.startswith(f"{name}.")) for word in words)

    return frozenset(
        name
        for name in source.several
        if is_among(name, selection.excluded_attributes, whole=True)
        or (selection.attributes and not is_among(name, selection.attributes, whole=False))
    )


def _shown(source: Source, document: Mapping[str, Any], selection: ResponseParameters[Any]) -> dict[str, Any]:
    resource = source.model.model_validate(dict(document))
    return resource.model_dump(mode="json", scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=selection)


async def _page(read: Read, source: Source, given: Mapping[str, Any]) -> Response:
    query = read_query(source.model, given)
    left_out = _left_out(source, query.request)
    base = base_of(read.request)
    total, documents = await repository.list_resources(read.session, source, base, query, left_out)
    shown = [_shown(source, each, query.request) for each in documents]
    return _json(listed(shown, total, query.start_index))


async def _one(read: Read, source: Source, resource_id: UUID) -> Response:
    selection = _selection(source, read.request)
    document = await repository.find_resource(
        read.session, source, base_of(read.request), resource_id, _left_out(source, selection)
    )
    if document is None:
        raise NotFound
    if is_known(read.request, document["meta"]["version"]):
        return Response(None, 304, {"ETag": document["meta"]["version"]})
    return _json(_shown(source, document, selection), _headers(document))


async def _answer(write: Write, source: Source, resource_id: UUID, *, status: int = 200) -> Response:
    """The resource as it is now, with its place and version."""
    selection = _selection(source, write.request)
    document = await repository.find_resource(
        write.session, source, base_of(write.request), resource_id, _left_out(source, selection)
    )
    if document is None:
        raise NotFound
    answer = await write.answer(_shown(source, document, selection), status=status)
    for name, value in _headers(document).items():
        answer.headers[name] = value
    if status == 201:
        answer.headers["Location"] = document["meta"]["location"]
    answer.headers["Content-Type"] = MEDIA_TYPE
    return answer


def _headers(document: Mapping[str, Any]) -> dict[str, str]:
    return {"ETag": document["meta"]["version"], "Content-Location": document["meta"]["location"]}


def _version(resource: User | Group) -> str:
    return str(resource.meta.version) if resource.meta is not None else ""


def _json(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(document), 200, headers, MEDIA_TYPE)
