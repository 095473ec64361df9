"""HTTP of authority policies, the templates that they start from, and the kinds of act that they speak of."""

from uuid import UUID

import orjson
from starlette.responses import Response

from gateway.authority import repository
from gateway.authority.kinds import POLICY_SET
from gateway.authority.schemas import KindShape, PolicyDocument, PolicyShape, PolicyTemplateShape
from gateway.authority.templates import TEMPLATES
from gateway.authority.use_cases import policies
from services.kernel.access import require_member
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import conditional, whole_list
from services.kernel.problems import NotFound
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing

router = area_router("authority")


@router.get("/v1/authority-kinds", response_model=Listing[KindShape])
async def list_authority_kinds(read: Reading) -> Response:
    """Every kind of act that a policy can speak of, with its default class and the effects that can be limited."""
    kinds = await read.context.service.resources.kinds.all(read.context.service.peers)
    language = read.context.language
    shown = [kind.described() | {"title": kind.title[language]} for _, kind in sorted(kinds.items())]
    return whole_list(read, shown)


@router.get("/v1/policy-templates", response_model=Listing[PolicyTemplateShape])
async def list_policy_templates(read: Reading) -> Response:
    """The policies that a project can start with, by sector and size."""
    language = read.context.language
    shown = [
        {"name": name, "title": each.title[language], "document": each.document} for name, each in TEMPLATES.items()
    ]
    return whole_list(read, shown)


@router.get("/v1/projects/{project_id}/policy", response_model=PolicyShape)
async def get_policy(project_id: UUID, read: Reading) -> Response:
    """Who may decide which kind of act, up to which effect."""
    await require_member(read.session, read.principal, project_id)
    body = await repository.read_policy(read.session, project_id)
    if body is None:
        raise NotFound
    return conditional(read, body, f'"{orjson.loads(body)["version"]}"')


@router.put("/v1/projects/{project_id}/policy", response_model=PolicyShape)
@acts(POLICY_SET)
async def set_policy(project_id: UUID, document: PolicyDocument, write: Writing) -> Response:
    """Replace the project's authority policy."""
    version = await policies.set_policy(write.session, project_id, write.expected_version, document)
    body = await repository.read_policy(write.session, project_id)
    if body is None:
        raise NotFound
    return await write.answer(body, version=version)
