"""Which service owns which noun of the public API, and which time-outs a path travels under.

One noun has one owner (api-conventions C1), so routing is a look-up: nothing here depends on a request's method or body,
with the one exception of jobs, whose ids every service gives out.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

PLANNING: Final = "planning"
COORDINATION: Final = "coordination"
REPORTING: Final = "reporting"
GATEWAY: Final = "gateway"

_NOUNS_BY_SERVICE: Final[dict[str, str]] = {
    PLANNING: """
        projects tasks dependencies calendars resources assignments goals success-criteria baselines cost-codes
        budget-lines commitments actuals risks risk-responses decisions decision-reviews conflicts responsibilities gates
        gate-passages imports schedule-runs reschedulings levelling-runs levelling-clearances milestones external
        import-mappings accounting-periods absences competences resource-competences competence-demands
        task-shifts task-moves task-copies task-deletions resource-replacements plan-changes
        wbs-renumberings
        staffing-requests contracts contract-milestones contract-options contract-change-orders
        labels boards board-columns board-cards checklist-items custom-fields tenant-fields custom-values
        task-briefs needs make-ready-actions recurrences plan-templates plan-instantiations
    """,
    COORDINATION: "meetings agenda-items attendances outcomes action-items documents document-versions",
    REPORTING: "status-reports",
    GATEWAY: """
        tenants people memberships tokens delegations handovers proposals proposal-comments policy-versions track-records
        authority-kinds policy-templates events problems limits me openapi.json reference sessions password-changes
        password-resets passwords email-changes email-confirmations invitations invitation-acceptances oauth oauth-clients
        identity-providers sign-in-attempts sign-in-completions groups group-grants archived-projects
    """,
}

# A project has exactly one of each of these, so the word is singular and exists only below a project.
_SINGULARS_OF_A_PROJECT: Final[dict[str, str]] = {
    "overview": REPORTING,
    "s-curve": REPORTING,
    "policy": GATEWAY,
    "forecast": PLANNING,
    "resource-loads": PLANNING,
    "over-allocations": PLANNING,
    "planned-costs": PLANNING,
    "competence-warnings": PLANNING,
    "contract-alerts": PLANNING,
    "readiness": PLANNING,
    "schedule-options": PLANNING,
    "wbs-mask": PLANNING,
    "driving-path": PLANNING,
    "float-paths": PLANNING,
    "plan-lint": PLANNING,
    "exports": PLANNING,
    "responsibility-matrix": PLANNING,
    "detected-conflicts": PLANNING,
    "decision-calibration": PLANNING,
}

# RFC 7644 has its own words below its own root (gateway/scim).
_SCIM: Final = ["", "scim", "v2"]
_SCIM_ENDPOINTS: Final = frozenset(
    {"ServiceProviderConfig", "ResourceTypes", "Schemas", "Users", "Groups", "Me", "Bulk", ".search"}
)

_NO_SEGMENTS: Final = frozenset({"", ".", ".."})
_SAFE_TO_ASK_AROUND: Final = frozenset({"GET", "HEAD", "DELETE"})


class Traffic(Enum):
    """How long a request may take, by what it carries."""

    INTERACTIVE = "interactive"  # A person waits for a small answer.
    TRANSFER = "transfer"  # A file goes up or down: slow is fine as long as bytes keep moving.
    STREAM = "stream"  # Server-sent events: open for hours.


@dataclass(frozen=True, slots=True)
class Route:
    """Where a path leads.

    `services` has one name, except for jobs: there the owners are asked in order and the first answer other than 404
    wins, which is only right for `methods` that do nothing where the id is unknown. `methods` is None for "any".
    """

    services: tuple[str, ...]
    methods: frozenset[str] | None = None


def _routes() -> dict[str, Route]:
    return {noun: Route((service,)) for service, nouns in _NOUNS_BY_SERVICE.items() for noun in nouns.split()}


ROUTES: Final[dict[str, Route]] = _routes()
_BELOW_A_PROJECT: Final[dict[str, Route]] = ROUTES | {
    word: Route((service,)) for word, service in _SINGULARS_OF_A_PROJECT.items()
}
_JOBS: Final = Route((PLANNING, COORDINATION, REPORTING), methods=_SAFE_TO_ASK_AROUND)

_TRAFFIC_BY_LAST_SEGMENT: Final[dict[str, Traffic]] = {
    "stream": Traffic.STREAM,
    "content": Traffic.TRANSFER,
    "imports": Traffic.TRANSFER,
    "exports": Traffic.TRANSFER,
    "mspdi": Traffic.TRANSFER,
    "tandem-json": Traffic.TRANSFER,
    "csv": Traffic.TRANSFER,
    "xlsx": Traffic.TRANSFER,
    "icalendar": Traffic.TRANSFER,
    "gantt-svg": Traffic.TRANSFER,
    "gantt-pdf": Traffic.TRANSFER,
    "pdf": Traffic.TRANSFER,
}


def resolve(path: str) -> Route | None:
    """The owner of a decoded URL path (`scope["path"]`), or None where no noun of the API stands there.

    `/v1/{noun}/…` goes to the owner of the noun; `/v1/projects/{project_id}/{noun}/…` to the owner of the nested noun;
    the endpoints below `/scim/v2/` are the gateway's own.
    Empty and dot segments (so also a trailing or doubled slash) lead nowhere: a path has one spelling, and what the
    gateway judged is what the service sees.
    """
    segments = path.split("/")
    if segments[:3] == _SCIM:
        known = len(segments) > 3 and segments[3] in _SCIM_ENDPOINTS and _NO_SEGMENTS.isdisjoint(segments[4:])
        return Route((GATEWAY,)) if known else None
    if len(segments) < 3 or segments[0] or segments[1] != "v1":
        return None
    for segment in segments[2:]:
        if segment in _NO_SEGMENTS:
            return None
    noun = segments[2]
    if noun == "projects" and len(segments) > 4:
        return _BELOW_A_PROJECT.get(segments[4])
    if noun == "jobs":
        return _JOBS if len(segments) > 3 else None
    return ROUTES.get(noun)


def traffic_of(path: str) -> Traffic:
    """The class of time-outs for a path, told by its last segment."""
    return _TRAFFIC_BY_LAST_SEGMENT.get(path.rpartition("/")[2], Traffic.INTERACTIVE)
