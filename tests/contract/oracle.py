"""Who may do what, told a second time: plain rules over a policy's document and declared tables, and no code of the product.

A cell of the matrix is an operation, somebody, and where the object is. What is expected there is one of `seen` (a read
that is answered), `decide` and `propose` (the verdict of a dry run), `401`, `403` and `404`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from tests.contract.operations import Operation

Where = Literal["own project", "other project", "other tenant"]
Document = Mapping[str, Any]
Measures = Mapping[str, int | Decimal]

# On the project. The deputy is a member to whom the manager has lent the manager's role.
ON_THE_PROJECT = (
    "owner", "programme_manager", "manager", "deputy", "coordinator", "member", "stakeholder", "client_contact", "auditor",
    "guest",
)  # fmt: skip
# In the tenant and on no project.
IN_THE_TENANT = ("stranger", "admin", "portfolio_manager")
EVERYBODY = (*ON_THE_PROJECT, *IN_THE_TENANT, "anonymous")

# Of whoever is on a project, guests and administrators have no view of it.
WITHOUT_A_VIEW = {"guest", "admin"}
ABOVE_THE_MANAGER = {"owner", "programme_manager", "portfolio_manager"}
SEES_COSTS = {"owner", "programme_manager", "portfolio_manager", "manager", "coordinator", "auditor"}


def roles_of(somebody: str, where: Where) -> tuple[str, ...]:
    """The roles in which a policy may name somebody."""
    if where == "other tenant" or somebody in ("anonymous", "stranger"):
        return ()
    if somebody in ("admin", "portfolio_manager"):
        return (somebody,)
    if where == "other project":
        return ()
    return ("member", "manager") if somebody == "deputy" else (somebody,)


# -- the policy -------------------------------------------------------------------------------------------------------


def fits(pattern: str, kind: str) -> bool:
    return kind.startswith(pattern[:-1]) if pattern.endswith("*") else kind == pattern


def said_of(document: Document, role: str, kind: str, measures: Measures) -> str:
    """What the grants say of one role and kind: the most exact pattern counts, and a limit that is passed is a proposal."""
    grants = [grant for grant in document["grants"] if grant["role"] == role and fits(grant["kind"], kind)]
    if not grants:
        return "no"
    grant = max(grants, key=lambda each: len(each["kind"].removesuffix("*")))
    passed = any(measures.get(name, 0) > Decimal(str(limit)) for name, limit in grant["limits"].items())
    return "propose" if grant["may"] == "decide" and passed else str(grant["may"])


def verdict(
    document: Document,
    roles: Sequence[str],
    kinds: Sequence[str],
    measures: Measures,
    *,
    undelegable: frozenset[str] = frozenset(),
    approved: bool = False,
) -> str:
    """Of several roles the best says, of several kinds the worst.

    The second and further roles are lent, so they are worth nothing for kinds that are not lent out.
    """
    order = ("no", "propose", "decide")
    each_kind = []
    for kind in kinds:
        worn = [role for position, role in enumerate(roles) if not position or kind not in undelegable]
        says = {role: said_of(document, role, kind, measures) for role in worn}
        best = max(says.values(), key=order.index, default="no")
        if best == "decide":
            bound = not any(says[role] == "decide" and role in ABOVE_THE_MANAGER for role in worn)
            beyond = any(measures.get(name, 0) > Decimal(str(limit)) for name, limit in document["tolerances"].items())
            wanted = max((rule["count"] for rule in document["approvals"] if fits(rule["kind"], kind)), default=0)
            if (bound and beyond) or (wanted and not approved):
                best = "propose"
        each_kind.append(best)
    return min(each_kind, key=order.index)


def measured(impact: Mapping[str, Any]) -> dict[str, int | Decimal]:
    """What limits are compared with, read off the impact of a change of the plan that somebody is shown who sees costs."""
    cost = {name: Decimal(impact["cost"][name]["amount"]) for name in ("before", "change")} if "cost" in impact else {}
    more, before = max(cost.get("change", Decimal(0)), Decimal(0)), cost.get("before", Decimal(0))
    return {
        "finish_minutes": max(impact.get("finish", {}).get("moved_minutes", 0), 0),
        "milestone_minutes": max((abs(each["moved_minutes"]) for each in impact.get("milestones", ())), default=0),
        "float_minutes": impact.get("float_used_minutes", 0),
        "cost": more,
        "cost_share_bp": more * 10_000 / before if before else Decimal(10_000 if more else 0),
        "periods_locked": len(impact.get("locked_periods", ())),
    }


# -- what is seen -----------------------------------------------------------------------------------------------------

# team: on the project as more than a guest. known: guests, too. costs: who may see what the project costs. curve: the
# same, where the rest of the team is told that it is not for them. directory: the team and administrators. colleagues:
# who is more than a guest somewhere. anybody: whoever is signed in. public: anybody else, too. admin: administrators.
# of <somebody>: theirs alone. nobody: there is none.
TEAM = (
    "absences accounting-periods action-items agenda-items assignments attendances baselines board-cards"
    " board-columns boards calendars checklist-items competence-demands conflicts contract-change-orders"
    " contract-milestones contract-options contracts cost-codes custom-fields decision-reviews decisions"
    " delegations dependencies document-versions documents external gate-passages gates goals import-mappings"
    " imports jobs labels levelling-runs meetings needs outcomes plan-changes proposal-comments proposals"
    " recurrences resource-competences resources responsibilities risk-responses risks staffing-requests"
    " success-criteria task-briefs tasks"
)
AUDIENCE_OF_OBJECTS = dict.fromkeys(TEAM.split(), "team") | {
    "projects": "known",
    "actuals": "costs",
    "budget-lines": "costs",
    "commitments": "costs",
    "status-reports": "costs",
    "group-grants": "directory",
    "memberships": "directory",
    "policy-versions": "directory",
    "archived-projects": "admin",
    "competences": "colleagues",
    "tenant-fields": "colleagues",
    "groups": "colleagues",
    "people": "colleagues",
    "plan-templates": "colleagues",
    "problems": "public",
    "identity-providers": "admin",
    "invitations": "admin",
    "oauth-clients": "admin",
    "sessions": "of manager",
    "tokens": "of manager",
}
TEAM_LISTS = (
    "absences accounting-periods action-items assignments baselines board-cards board-columns boards calendars"
    " checklist-items competence-demands competence-warnings conflicts contract-alerts contract-change-orders"
    " contract-milestones contract-options contracts cost-codes custom-fields decision-calibration"
    " decision-reviews decisions delegations dependencies detected-conflicts driving-path exports float-paths"
    " forecast gate-passages gates goals import-mappings imports labels levelling-clearances levelling-runs"
    " make-ready-actions milestones needs over-allocations overview plan-changes plan-instantiations plan-lint"
    " plan-templates proposals readiness recurrences reschedulings resource-competences resource-loads"
    " resource-replacements resources responsibilities responsibility-matrix risk-responses risks schedule-options"
    " schedule-runs staffing-requests success-criteria task-briefs task-copies task-deletions task-moves"
    " task-shifts tasks track-records wbs-mask wbs-renumberings"
)
AUDIENCE_OF_LISTS = dict.fromkeys(TEAM_LISTS.split(), "team") | {
    "actuals": "costs",
    "budget-lines": "costs",
    "commitments": "costs",
    "planned-costs": "costs",
    "s-curve": "curve",
    "agenda-items": "known",
    "attendances": "known",
    "documents": "known",
    "meetings": "known",
    "outcomes": "known",
    "status-reports": "known",
    "group-grants": "directory",
    "memberships": "directory",
    "policy": "directory",
    "policy-versions": "directory",
}
AUDIENCE_OF_THE_TENANT = {
    "GET /v1/archived-projects": "anybody",
    "GET /v1/authority-kinds": "anybody",
    "GET /v1/competences": "anybody",
    "GET /v1/events": "anybody",
    "GET /v1/groups": "anybody",
    "GET /v1/identity-providers": "anybody",
    "GET /v1/invitations": "anybody",
    "GET /v1/limits": "public",
    "GET /v1/me": "anybody",
    "GET /v1/me/authority": "team",
    "GET /v1/me/proposals": "anybody",
    "GET /v1/oauth-clients": "anybody",
    "GET /v1/openapi.json": "public",
    "GET /v1/people": "anybody",
    "GET /v1/plan-templates": "anybody",
    "GET /v1/policy-templates": "anybody",
    "GET /v1/problems": "public",
    "GET /v1/projects": "anybody",
    "GET /v1/sessions": "anybody",
    "GET /v1/staffing-requests": "anybody",
    "GET /v1/tenant-fields": "anybody",
    "GET /v1/tokens": "anybody",
    # A draft has no signed document.
    "GET /v1/status-reports/{report_id}/document": "nobody",
}


class NotPlaced(AssertionError):
    """The oracle has no row for this."""


def audience_of(operation: Operation) -> str:
    """Who sees the object or the list that an operation is about."""
    if str(operation) in AUDIENCE_OF_THE_TENANT:
        return AUDIENCE_OF_THE_TENANT[str(operation)]
    segments = operation.path.split("/")[2:]
    if segments[0] == "projects" and len(segments) > 2:
        table, noun = AUDIENCE_OF_LISTS, segments[2]
    elif len(segments) > 1:
        table, noun = AUDIENCE_OF_OBJECTS, segments[0]
    else:
        raise NotPlaced(f"{operation}: say in AUDIENCE_OF_THE_TENANT who sees it")
    if noun not in table:
        raise NotPlaced(f"{operation}: say in the tables of tests/contract/oracle.py who sees {noun}")
    return table[noun]


def sees(audience: str, somebody: str, where: Where) -> bool:
    roles = set(roles_of(somebody, where))
    if audience == "public":
        return True
    if somebody == "anonymous" or audience == "nobody":
        return False
    if audience == "anybody":
        return True
    if where == "other tenant":
        return False
    if audience == "admin":
        return somebody == "admin"
    if audience == "colleagues":
        return somebody not in ("guest", "stranger")
    if audience.startswith("of "):
        return where == "own project" and somebody == audience.removeprefix("of ")
    team = bool(roles - WITHOUT_A_VIEW)
    if audience == "known":
        return team or "guest" in roles
    if audience == "directory":
        return team or "admin" in roles
    if audience in ("costs", "curve"):
        return bool(roles & SEES_COSTS)
    if audience == "team":
        return team
    raise NotPlaced(f"no rule for the audience {audience}")


def expected_of_read(operation: Operation, somebody: str, where: Where) -> str:
    audience = audience_of(operation)
    if somebody == "anonymous" and audience != "public":
        return "401"
    if sees(audience, somebody, where):
        return "seen"
    return "403" if audience == "curve" and sees("team", somebody, where) else "404"


# -- what is done -----------------------------------------------------------------------------------------------------

# Which of its kinds the inventory's request is, where the route declares several.
ACTS: Mapping[str, tuple[str, ...]] = {
    "PATCH /v1/absences/{absence_id}": ("resource.absence", "resource.change"),
    "DELETE /v1/absences/{absence_id}": ("resource.absence", "resource.change", "schedule.dates"),
    "POST /v1/projects/{project_id}/absences": ("resource.absence", "resource.change", "schedule.dates"),
    "PATCH /v1/action-items/{action_item_id}": ("action_item.change",),
    "PATCH /v1/assignments/{assignment_id}": ("resource.assign",),
    "DELETE /v1/assignments/{assignment_id}": ("resource.assign",),
    "POST /v1/projects/{project_id}/assignments": ("resource.assign",),
    "PATCH /v1/contract-milestones/{contract_milestone_id}": ("contract.follow",),
    "POST /v1/staffing-requests/{staffing_request_id}/agreement": (
        "staffing.agree",
        "resource.assign",
        "schedule.dates",
    ),
    "POST /v1/conflicts/{conflict_id}/ruling": ("conflict.rule",),
    "PATCH /v1/documents/{document_id}": ("document.share_external",),
    "POST /v1/documents/{document_id}/versions": ("document.write",),
    "PUT /v1/external/{system}/{type}/{external_id}": ("scope.task",),
    "PATCH /v1/memberships/{membership_id}": ("membership.grant",),
    "DELETE /v1/memberships/{membership_id}": ("membership.grant",),
    "POST /v1/projects/{project_id}/memberships": ("membership.grant",),
    "PATCH /v1/projects/{project_id}": ("project.change",),
    "POST /v1/projects/{project_id}/action-items/batch": ("action_item.change",),
    "POST /v1/projects/{project_id}/gate-passages": ("gate.pass",),
    "POST /v1/projects/{project_id}/imports": ("import.plan",),
    "POST /v1/projects/{project_id}/plan-instantiations": ("plan_template.use",),
    "POST /v1/levelling-runs/{levelling_run_id}/application": ("levelling.apply",),
    "POST /v1/projects/{project_id}/levelling-clearances": ("levelling.clear",),
    "PUT /v1/projects/{project_id}/policy": ("policy.set", "policy.tolerances"),
    "POST /v1/projects/{project_id}/risk-responses": ("risk.response",),
    "PATCH /v1/recurrences/{recurrence_id}": ("scope.task",),
    "PATCH /v1/success-criteria/{criterion_id}": ("goal.set",),
    "PATCH /v1/tasks/{task_id}": ("schedule.dates",),
    "POST /v1/projects/{project_id}/tasks/batch": ("scope.task",),
    "POST /v1/tasks/{task_id}/board-position": ("board.move",),
    "POST /v1/checklist-items/{checklist_item_id}/subtask": ("scope.task", "checklist.keep"),
    "POST /v1/plan-changes/{plan_change_id}/reversal": ("scope.task",),
    "POST /v1/projects/{project_id}/task-copies": ("resource.assign", "scope.task"),
    "POST /v1/projects/{project_id}/resource-replacements": ("resource.assign", "schedule.dates"),
}
# What is judged by no policy: each by a rule of its own, over the roles of whoever asks.
FROM_THE_MANAGER_UP = {"owner", "programme_manager", "manager"}


def expected_of_write(operation: Operation, somebody: str, where: Where, document: Document, measures: Measures) -> str:
    """`measures` are the effects of the request, as far as limits speak of them."""
    if somebody == "anonymous":
        return "401"
    judges = {kind["judged_by"] for kind in operation.kinds}
    if len(judges) != 1:
        raise NotPlaced(f"{operation}: it has no judge, or several")
    judge = judges.pop()
    if judge == "tenant":
        return _by_the_tenant(operation, somebody, where)
    if judge == "oneself":
        return _by_oneself(operation, somebody, where, document)
    if not _reaches(operation, somebody, where):
        return "404"
    if judge == "proposal":
        # The inventory's is the coordinator's, and changes the state of the project.
        says = _by_the_policy(operation, somebody, where, document, measures, ("project.status",))
        return "decide" if says == "decide" and somebody != "coordinator" else "403"
    kinds = ACTS.get(str(operation), tuple(kind["kind"] for kind in operation.kinds))
    if len(kinds) > 1 and str(operation) not in ACTS:
        raise NotPlaced(f"{operation}: say in ACTS of tests/contract/oracle.py which of its kinds the example is")
    if str(operation) == "POST /v1/projects/{project_id}/delegations" and somebody not in FROM_THE_MANAGER_UP:
        return "403"  # The example lends the manager's role.
    says = _by_the_policy(operation, somebody, where, document, measures, kinds)
    if says == "no":
        return "404" if somebody == "admin" else "403"
    return says


def _by_the_policy(
    operation: Operation, somebody: str, where: Where, document: Document, measures: Measures, kinds: Sequence[str]
) -> str:
    undelegable = frozenset(kind["kind"] for kind in operation.kinds if not kind["delegable"])
    return verdict(document, roles_of(somebody, where), kinds, measures, undelegable=undelegable)


# What administrators see to without seeing the project.
OF_ADMINISTRATORS = {"membership.grant", "owner.appoint", "manager.appoint", "policy.set", "policy.tolerances"}


def _reaches(operation: Operation, somebody: str, where: Where) -> bool:
    """Whether what is to be changed exists for somebody: the project, and where one is named the very object."""
    roles = set(roles_of(somebody, where))
    named = not operation.path.startswith("/v1/projects/")
    if named and not sees(audience_of(operation), somebody, where):
        return False
    if "admin" in roles:
        return {kind["kind"] for kind in operation.kinds} <= OF_ADMINISTRATORS
    return bool(roles - WITHOUT_A_VIEW)


def _by_the_tenant(operation: Operation, somebody: str, where: Where) -> str:
    if str(operation) == "POST /v1/projects":
        return "403" if somebody == "guest" else "decide"
    if operation.places and not sees(audience_of(operation), somebody, where):
        return "404"
    # The inventory's person is the deputy, and everybody changes their own name.
    oneself = operation.path == "/v1/people/{person_id}" and somebody == "deputy" and where == "own project"
    return "decide" if somebody == "admin" or oneself else "403"


def _by_oneself(operation: Operation, somebody: str, where: Where, document: Document) -> str:
    kinds = {kind["kind"] for kind in operation.kinds}
    if not operation.places:
        return "decide"
    if kinds <= {"session.own", "token.own", "job.cancel"}:
        return "decide" if somebody == "manager" and where == "own project" else "404"
    if not sees("team", somebody, where):
        return "404"
    if kinds == {"proposal.comment"}:
        return "decide"
    if kinds == {"staffing.answer"}:
        # The line owner is the inventory's member, to whom the manager's role was lent as well.
        return "decide" if somebody == "deputy" and where == "own project" else "403"
    if kinds == {"brief.acknowledge"}:
        # The task is the inventory's member's.
        return "decide" if somebody == "deputy" and where == "own project" else "403"
    if operation.path == "/v1/projects/{project_id}/proposals":
        # A draft may hold what its author may at least propose.
        return "403" if verdict(document, roles_of(somebody, where), ("scope.task",), {}) == "no" else "decide"
    if kinds == {"proposal.own"}:
        return "decide" if somebody == "coordinator" and where == "own project" else "403"
    raise NotPlaced(f"{operation}: say whose own it is")
