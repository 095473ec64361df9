"""The facts of groups. What they do to projects is told by the memberships that follow from them."""

from services.kernel.events import FactType

_PERSON = "0197d1c0-0000-7000-8000-000000000002"
_GROUP = {"display_name": "Bridge crew", "added": [_PERSON], "removed": []}
_GRANT = {"group_id": "0197d1c0-0000-7000-8000-0000000000a1", "role": "member"}

GROUP_ADDED = FactType("gateway.group.added", 1, _GROUP, "The tenant's directory has a group.")
GROUP_CHANGED = FactType(
    "gateway.group.changed", 1, _GROUP, "A group is called otherwise, or people came to it or left it."
)
GROUP_REMOVED = FactType("gateway.group.removed", 1, {"display_name": "Bridge crew"}, "A group is no more.")
GROUP_GRANT_MADE = FactType(
    "gateway.group_grant.granted", 1, _GRANT, "Whoever is in a group is on a project, in a role."
)
GROUP_GRANT_WITHDRAWN = FactType(
    "gateway.group_grant.withdrawn", 1, _GRANT, "A group has no role on a project any more."
)
FACT_TYPES = (GROUP_ADDED, GROUP_CHANGED, GROUP_REMOVED, GROUP_GRANT_MADE, GROUP_GRANT_WITHDRAWN)

# A fact travels in one message of the log; a group that changes by more people than this is told in several.
LARGEST_CHANGE = 500
