"""A group as SCIM shows it. It is kept in `gateway/groups`, where it also becomes part of projects."""

from typing import Annotated, Any

import scim2_models
from scim2_models import URN, Mutability, Required, Resource


class Member(scim2_models.GroupMember):
    """Somebody in the group."""

    display: Annotated[str | None, Mutability.read_only] = None
    """The person's name, as the directory has it."""


class Group(Resource[Any]):
    """People whom the tenant's directory keeps together."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    """What the group is called."""

    members: list[Member] | None = None
    """The users in the group; a group has no groups as members."""
