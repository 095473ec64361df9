"""HTTP of authority policies, the templates that they start from, and the kinds of act that they speak of."""

from uuid import UUID

import orjson
from starlette.responses import Response

from gateway.authority import repository
from gateway.authority.kinds import POLICY_SET, POLICY_TOLERANCES
from gateway.authority.repository import POLICY_VERSIONS
from gateway.authority.schemas import (
    KindShape,
    NewPolicy,
    PolicyShape,
    PolicyTemplateShape,
    PolicyVersionShape,
    TrackRecord,
)
from gateway.authority.templates import TEMPLATES
from gateway.authority.track_record import track_records
from gateway.authority.use_cases import policies
from gateway.identity.use_cases import require_known
from services.kernel.access import judge, may_see_costs, require_member
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import conditional, whole_list
from services.kernel.confidentiality import without_money
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
    await require_known(read.session, read.principal, project_id)
    body = await repository.read_policy(read.session, project_id)
    if body is None:
        raise NotFound
    return conditional(read, body, f'"{orjson.loads(body)["version"]}"')


@router.put("/v1/projects/{project_id}/policy", response_model=PolicyShape)
@acts(POLICY_SET, POLICY_TOLERANCES)
async def set_policy(project_id: UUID, new: NewPolicy, write: Writing) -> Response:
    """Replace the project's authority policy. `dry_run` tells what the new one would have said in the last 90 days."""
    stored = await policies.set_policy(write.session, project_id, write.expected_version, new)
    body = await repository.read_policy(write.session, project_id)
    if body is None:
        raise NotFound
    effects: dict[str, object] = {"changes": stored.changes}
    if write.dry_run:
        effects["simulation"] = await policies.simulated(write.session, project_id, stored.document)
    return await write.answer(body, version=stored.number, effects=effects)


@router.get(
    "/v1/projects/{project_id}/policy-versions",
    response_model=Listing[PolicyVersionShape],
    openapi_extra={"parameters": POLICY_VERSIONS.list_parameters()},
)
async def list_policy_versions(project_id: UUID, read: Reading) -> Response:
    """Every policy that the project has had, with what each changed and why."""
    return await POLICY_VERSIONS.page(read, project_id)


@router.get(
    "/v1/policy-versions/{version_id}",
    response_model=PolicyVersionShape,
    openapi_extra={"parameters": POLICY_VERSIONS.object_parameters()},
)
async def get_policy_version(version_id: UUID, read: Reading) -> Response:
    """One version."""
    return await POLICY_VERSIONS.one(read, version_id)


@router.get("/v1/projects/{project_id}/track-records", response_model=Listing[TrackRecord])
async def list_track_records(project_id: UUID, read: Reading) -> Response:
    """What became of people's proposals, as evidence for lending them more; one's own, or all for who may delegate."""
    await require_member(read.session, read.principal, project_id)
    kinds = await read.context.service.resources.kinds.all(read.context.service.peers)
    records = track_records(
        await repository.settled_proposals(read.session, project_id),
        {name: kind.measures for name, kind in kinds.items()},
        {name: kind.delegable for name, kind in kinds.items()},
    )
    may = await judge(read.session, read.principal, "gateway", project_id, ["delegation.grant"], {})
    if may.verdict != "decide":
        records = [record for record in records if record["person_id"] == str(read.principal.person_id)]
    seen = await may_see_costs(read.session, read.principal, project_id)
    return whole_list(read, records if seen else without_money(records))
