"""HTTP of one's own authority: what one may decide on a project, up to which limits, and who decides the rest."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response

from gateway.authority.schemas import MyAuthority
from services.kernel.access import Candidate, candidates, deciders, hats_of, policy_of, require_member
from services.kernel.app import area_router
from services.kernel.authority import ABOVE_THE_MANAGER, Act, Hat, Kind, Policy, longest_fit
from services.kernel.identity import Principal
from services.kernel.problems import Malformed
from services.kernel.requests import Reading

router = area_router("authority")


@router.get(
    "/v1/me/authority",
    response_model=MyAuthority,
    openapi_extra={
        "parameters": [
            {"name": "project_id", "in": "query", "required": True, "schema": {"type": "string", "format": "uuid"}}
        ]
    },
)
async def get_my_authority(read: Reading) -> Response:
    """For every kind of act: what I may do, by which role or delegation, up to which limits, and who decides the rest."""
    try:
        project_id = UUID(read.request.query_params.get("project_id", ""))
    except ValueError as error:
        raise Malformed(reason="project_id names a project") from error
    role = await require_member(read.session, read.principal, project_id)
    hats = await hats_of(read.session, read.principal, project_id)
    policy = await policy_of(read.session, project_id)
    people = await candidates(read.session, project_id)
    kinds = await read.context.service.resources.kinds.all(read.context.service.peers)
    language = read.context.language
    document = {
        "project_id": str(project_id),
        "role": role,
        "roles": sorted({hat.role for hat in hats}),
        "solo": policy.solo,
        "kinds": [
            _explained(kind, kind.title[language], policy, hats, people, read.principal)
            for _, kind in sorted(kinds.items())
            if kind.judged_by == "policy"
        ],
    }
    return Response(orjson.dumps(document), media_type="application/json")


def _explained(
    kind: Kind, title: str, policy: Policy, hats: Sequence[Hat], people: Sequence[Candidate], principal: Principal
) -> dict[str, Any]:
    approvals = policy.approvals_for([kind.name])
    authority = policy.judge(hats, Act([kind.name], {}, principal.is_machine, approvals))
    limits = _limits(kind.name, policy, hats, authority.role, authority.delegation_id)
    above = authority.role in ABOVE_THE_MANAGER
    tolerances = {} if above else {name: limit for name, limit in policy.tolerances.items() if name in kind.measures}
    mine = authority.verdict == "decide" and not limits and not tolerances
    beyond = {name: limit + 1 for name, limit in (tolerances | limits).items()} if authority.verdict == "decide" else {}
    return {
        "kind": kind.name,
        "title": title,
        "class": kind.default,
        "may": authority.verdict,
        "through": authority.role,
        "delegation_id": authority.delegation_id,
        "limits": limits,
        "tolerances": tolerances,
        "approvals": approvals,
        "step_up_minutes": policy.minutes_of_step_up([kind.name]),
        "decidable_by": [] if mine else deciders(policy, people, [kind.name], beyond),
    }


def _limits(
    kind: str, policy: Policy, hats: Sequence[Hat], role: str | None, delegation_id: str | None
) -> dict[str, int]:
    """The limits of the grants by which one decides; where two speak of the same measure, the narrower counts."""
    limits: dict[str, int] = {}
    for hat in hats:
        if (hat.role, hat.delegation_id) != (role, delegation_id):
            continue
        grants = [[each for each in policy.document.get("grants") or () if each["role"] == role], hat.grants or ()]
        for grant in (longest_fit(each, kind) for each in grants):
            if grant is not None and grant["may"] == "decide":
                for name, limit in (grant.get("limits") or {}).items():
                    limits[name] = min(limit, limits.get(name, limit))
    return limits
