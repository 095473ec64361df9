"""What a provisioner does with groups. Memberships of projects follow where a group was granted one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from scim2_models import Context, SCIMException

from gateway.groups import group as kept
from gateway.groups import repository as group_repository
from gateway.groups.use_cases import add_group, change_group
from gateway.scim import repository
from gateway.scim.group import Group, Member
from gateway.scim.library_refusal import refusal_of
from gateway.scim.patch import TOLERANT, apply_operations, read_operations
from gateway.scim.query import storable
from gateway.scim.refusal import refused
from gateway.scim.repository import GROUPS
from services.kernel.problems import NotFound
from services.kernel.schemas import Line
from services.kernel.session import WriteSession

MOST_MEMBERS: Final = 20_000
_ONE_MEMBER: Final = re.compile(r'members\[value eq "([^"\\]+)"\]', re.IGNORECASE)
_LINE: TypeAdapter[str] = TypeAdapter(Line)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A group for a change: its row, what SCIM shows of it, and who of its members was looked at."""

    row: kept.Group
    resource: Group
    members: set[UUID]


def read_group(body: Mapping[str, Any], context: Context) -> Group:
    """A group as a request describes it. Raises ScimRefused."""
    try:
        parsed: Group = Group.model_validate(dict(body), scim_ctx=context, scim_policy=TOLERANT)
        return parsed
    except (ValidationError, SCIMException) as error:
        raise refusal_of(error) from error


def read_group_patch(body: Any) -> list[dict[str, Any]]:
    """The operations of a PATCH, members reduced to who they are: what else is said of them, the directory knows."""
    return [_of_people(operation) for operation in read_operations(Group, body)]


def _of_people(operation: dict[str, Any]) -> dict[str, Any]:
    value = operation.get("value")
    if str(operation.get("path", "")).lower() == "members":
        return operation | {"value": _people_alone(value)} if value is not None else operation
    if isinstance(value, dict):
        return operation | {
            "value": {name: _people_alone(each) if name.lower() == "members" else each for name, each in value.items()}
        }
    return operation


def _people_alone(entries: Any) -> Any:
    if isinstance(entries, list):
        return [_people_alone(entry) for entry in entries]
    if not isinstance(entries, dict):
        return entries
    return {name: value for name, value in entries.items() if name.lower() not in ("display", "$ref")}


async def load_group(
    session: WriteSession, base: str, group_id: UUID, operations: Sequence[Mapping[str, Any]] | None = None
) -> Loaded:
    """The group, locked, with all of its members, or those alone that the operations of a PATCH name. Raises NotFound."""
    row = await group_repository.load_group(session, group_id)
    document = await repository.find_resource(session, GROUPS, base, group_id, frozenset({"members"}))
    if document is None:
        raise NotFound
    named = None if operations is None else named_members(operations)
    members = await group_repository.members_of(session, group_id, named)
    resource = Group.model_validate(document)
    resource.members = [Member(value=str(each), type="User") for each in sorted(members)] or None
    return Loaded(row, resource, members)


def named_members(operations: Sequence[Mapping[str, Any]]) -> set[UUID] | None:
    """The members that a PATCH is about, None where it is about all of them.

    Provisioners add and remove people one by one, in groups of thousands: what they do not name need not be loaded.
    """
    named: set[UUID] = set()
    for operation in operations:
        path, value = operation.get("path"), operation.get("value")
        entries = _entries(operation["op"], path, value)
        if entries is None:
            return None
        for entry in entries:
            if not isinstance(entry, dict) or set(entry) - {"value", "display", "$ref", "type"}:
                return None
            found = _uuid(entry.get("value"))
            if found is None:
                return None
            named.add(found)
    return named


def _entries(op: str, path: str | None, value: Any) -> Sequence[Any] | None:
    """The entries of `members` that an operation adds or removes by name; None where it says so in no simple way."""
    if path is None:
        members = [each for name, each in value.items() if name.lower() == "members"] if isinstance(value, dict) else []
        if not members:
            return ()
        value = members[0]
    elif path.lower() in ("displayname", "externalid"):
        return ()
    elif path.lower() != "members":
        one = _ONE_MEMBER.fullmatch(path)
        return [{"value": one[1]}] if one is not None and op == "remove" and value is None else None
    if op == "replace" or value is None:
        return None
    return value if isinstance(value, list) else [value]


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


async def create_group(session: WriteSession, group: Group) -> UUID:
    members = await _people(session, group, set())
    added = await add_group(session, _name(group), _external_id(group), members)
    return added.id


async def replace_group(session: WriteSession, loaded: Loaded, after: Group) -> None:
    """PUT. The members are those of the request, and no others."""
    await _keep(session, loaded, after)


async def patch_group(session: WriteSession, loaded: Loaded, operations: Sequence[Mapping[str, Any]]) -> None:
    after = loaded.resource.model_copy(deep=True)
    apply_operations(after, operations)
    await _keep(session, loaded, after)


async def _keep(session: WriteSession, loaded: Loaded, after: Group) -> None:
    wanted = await _people(session, after, loaded.members)
    added, removed = wanted - loaded.members, loaded.members - wanted
    values = {"display_name": _name(after), "external_id": _external_id(after)}
    changes = {name: value for name, value in values.items() if value != getattr(loaded.row, name)}
    if changes or added or removed:
        await change_group(session, loaded.row, changes, added, removed)


async def _people(session: WriteSession, group: Group, known: set[UUID]) -> set[UUID]:
    """The members, who are users of the tenant. Raises ScimRefused."""
    people: set[UUID] = set()
    for member in group.members or ():
        person_id = _uuid(member.value)
        if person_id is None or (member.type is not None and member.type.lower() != "user"):
            raise refused("invalidValue", f"members: {str(member.value)[:60]} is no user; a group has users as members")
        people.add(person_id)
    if len(people) > MOST_MEMBERS:
        raise refused("tooMany", f"a request names at most {MOST_MEMBERS} members")
    new = people - known
    unknown = new - await repository.those_who_are_users(session, sorted(new)) if new else set()
    if unknown:
        raise refused("invalidValue", f"members: there is no user {min(unknown)}")
    return people


def _name(group: Group) -> str:
    try:
        name = _LINE.validate_python(group.display_name)
    except ValidationError as error:
        raise refused("invalidValue", f"displayName: {error.errors()[0]['msg']}") from error
    if not storable(name):
        raise refused("invalidValue", "displayName has no NUL characters")
    return name


def _external_id(group: Group) -> str | None:
    if group.external_id is not None and (len(group.external_id) > 300 or not storable(group.external_id)):
        raise refused("invalidValue", "externalId has at most 300 characters and no NUL")
    return group.external_id
