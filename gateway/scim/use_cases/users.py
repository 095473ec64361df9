"""What a provisioner does with users: each is a person of the directory, whom every service hears of as of others."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError
from scim2_models import Context, SCIMException

from gateway.groups.use_cases import leave_groups
from gateway.identity import repository as directory
from gateway.identity.events import PERSON_ADDED
from gateway.identity.schemas import Email
from gateway.identity.use_cases import apply_to_person
from gateway.scim import repository
from gateway.scim.access import is_administrator
from gateway.scim.library_refusal import refusal_of
from gateway.scim.patch import TOLERANT, apply_operations
from gateway.scim.provisioned_user import ProvisionedUser
from gateway.scim.query import storable
from gateway.scim.refusal import UserNameTaken, refused
from gateway.scim.repository import USERS
from gateway.scim.user import NOT_KEPT, User, address_of, language_of, name_of
from services.kernel.ids import new_id
from services.kernel.problems import Forbidden, NotFound
from services.kernel.schemas import Line
from services.kernel.session import WriteSession

LARGEST_DOCUMENT = 64 * 1024
_LINE: TypeAdapter[str] = TypeAdapter(Line)
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


class AddressOfOffice(Forbidden):
    """Whoever says which address somebody has says, in the end, who signs in as them."""

    code = "address_of_office"
    title = {
        "en": "The address of somebody with a role in the tenant is an administrator's to change",
        "nb": "Adressen til en med rolle i organisasjonen endres av en administrator",
    }


def read_user(body: Mapping[str, Any], context: Context) -> User:
    """A user as a request describes them. Raises ScimRefused."""
    try:
        parsed: User = User.model_validate(dict(body), scim_ctx=context, scim_policy=TOLERANT)
        return parsed
    except (ValidationError, SCIMException) as error:
        raise refusal_of(error) from error


async def load_user(session: WriteSession, base: str, person_id: UUID) -> tuple[Any, User]:
    """The person's row, locked, and the user that they are. Raises NotFound."""
    row = await directory.load_person(session, person_id)
    document = await repository.find_resource(session, USERS, base, person_id)
    if document is None:
        raise NotFound
    return row, User.model_validate(document)


async def create_user(session: WriteSession, user: User) -> UUID:
    """A new person. Raises ScimRefused, UserNameTaken."""
    person_id = new_id()
    values = _values(user)
    document = _document(user)
    await _require_free(session, user, person_id)
    active = user.active is not False
    person = values | {"kind": "person", "tenant_role": None}
    await directory.add_person(session, person_id, person | {"active": active})
    session.record(PERSON_ADDED, "person", person_id, person | {"active": active}, project_id=None, audience="tenant")
    session.add(ProvisionedUser(id=person_id, user_name=_compared(user), document=document))
    await session.flush()
    return person_id


async def replace_user(session: WriteSession, row: Any, before: User, after: User) -> None:
    """PUT. What is left out is taken away; whether somebody is active stays as it is unless it is said."""
    if after.active is None:
        after.active = before.active
    try:
        after.replace(before)
    except (ValidationError, SCIMException) as error:
        raise refusal_of(error) from error
    await _keep(session, row, before, after)


async def patch_user(session: WriteSession, row: Any, before: User, operations: Sequence[Mapping[str, Any]]) -> None:
    after = before.model_copy(deep=True)
    if apply_operations(after, operations):
        await _keep(session, row, before, after)


async def delete_user(session: WriteSession, row: Any) -> None:
    """The person is active no more, in no group, and no user; what was kept of them is gone. Their history stays."""
    if row.active:
        await apply_to_person(session, row, {"active": False})
    await leave_groups(session, row.id)
    kept = await repository.load_provisioned(session, row.id)
    if kept is None:
        kept = ProvisionedUser(id=row.id, user_name="", document={})
        session.add(kept)
    kept.user_name, kept.document, kept.deleted_at = "", {}, session.now
    await session.flush()


async def _keep(session: WriteSession, row: Any, before: User, after: User) -> None:
    """Store the user as changed; the directory hears of what it cares for."""
    document = _document(after)
    old, new = _values(before, trusted=True), _values(after)
    if _compared(before) != _compared(after):
        await _require_free(session, after, row.id)
    # Only what the provisioner has changed: a name that was corrected by hand stays until it says another one.
    changes: dict[str, Any] = {name: value for name, value in new.items() if value != old[name]}
    changes = {name: value for name, value in changes.items() if value != getattr(row, name)}
    active = after.active is not False
    if active != row.active:
        changes["active"] = active
    if "email" in changes and row.tenant_role is not None and not is_administrator(session.principal):
        raise AddressOfOffice
    if changes:
        await apply_to_person(session, row, changes)
    kept = await repository.load_provisioned(session, row.id)
    if kept is None:
        session.add(ProvisionedUser(id=row.id, user_name=_compared(after), document=document))
    elif (kept.user_name, kept.document) != (_compared(after), document):
        kept.user_name, kept.document = _compared(after), document
    await session.flush()


async def _require_free(session: WriteSession, user: User, person_id: UUID) -> None:
    if await repository.user_name_is_taken(session, _compared(user), person_id):
        raise UserNameTaken


def _compared(user: User) -> str:
    return (user.user_name or "").lower()


def _document(user: User) -> dict[str, Any]:
    """What is kept of a user. Raises ScimRefused for what no database can hold, or nobody should."""
    document = {name: each for name, each in user.model_dump(mode="json").items() if name not in NOT_KEPT}
    if not _is_storable(document) or len(orjson.dumps(document)) > LARGEST_DOCUMENT:
        raise refused("invalidValue", f"a user is text of at most {LARGEST_DOCUMENT} bytes, without NUL characters")
    return document


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return all(_is_storable(each) for each in value.values())
    return not isinstance(value, list) or all(_is_storable(each) for each in value)


def _values(user: User, *, trusted: bool = False) -> dict[str, Any]:
    """What the directory keeps of a user: `name`, `email`, `language`. Raises ScimRefused unless it is `trusted`."""
    values = {"name": name_of(user), "email": address_of(user), "language": language_of(user)}
    if trusted:
        return values
    if not (user.user_name or "").strip() or len(user.user_name or "") > 300:
        raise refused("invalidValue", "userName has 1 to 300 characters")
    try:
        values["name"] = _LINE.validate_python(values["name"])
        if values["email"] is not None:
            values["email"] = _address(user, values["email"])
    except ValidationError as error:
        raise refused("invalidValue", f"the name or address cannot be used: {error.errors()[0]['msg']}") from error
    return values


def _address(user: User, address: str) -> str | None:
    """An address that somebody can be written to; a user name that is none is no mistake."""
    try:
        return _EMAIL.validate_python(address)
    except ValidationError:
        if any(each.value for each in user.emails or ()):
            raise
        return None
