"""A user: a person of the directory as SCIM shows them."""

from typing import Annotated, Final

import scim2_models
from scim2_models import URN, EnterpriseUser, Mutability, Required, Resource, Uniqueness

from services.kernel.language import choose_language

# What the directory or this service says, and no provisioner: it is never part of what is kept.
NOT_KEPT: Final = frozenset({"schemas", "id", "meta", "active", "groups"})


class Email(scim2_models.Email):
    """An address. The directory's own rule says what one is, since it has addresses that were never provisioned."""

    value: str | None = None


class User(Resource[EnterpriseUser]):
    """A person of the tenant.

    The core schema of RFC 7643 section 4.1 and its enterprise extension, without credentials (password,
    x509Certificates) and without what would look like rights (roles, entitlements): neither is kept.
    """

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """What the provisioner knows the person by; unique in the tenant, whatever the case of its letters."""

    name: scim2_models.Name | None = None
    """The parts of the person's name."""

    display_name: str | None = None
    """The name that colleagues see; without it the name is put together from its parts."""

    nick_name: str | None = None
    """What the person is called."""

    profile_url: scim2_models.Reference[scim2_models.External] | None = None
    """Where more is said of the person."""

    title: str | None = None
    """What the person is in the organisation, such as "Vice President"."""

    user_type: str | None = None
    """How the person belongs to the organisation, such as "Contractor"."""

    preferred_language: str | None = None
    """The language that the person is written to in: Norwegian for nb, nn and no, English for others."""

    locale: str | None = None
    """How the person reads numbers and dates."""

    timezone: str | None = None
    """The person's time zone by its IANA name."""

    active: bool | None = None
    """Whether the person may do anything here; false ends every session and token of theirs at once."""

    emails: list[Email] | None = None
    """The person's addresses. The primary one is written to, else the one of type work, else the first."""

    phone_numbers: list[scim2_models.PhoneNumber] | None = None
    """The person's telephone numbers."""

    ims: list[scim2_models.Im] | None = None
    """The person's addresses for instant messages."""

    photos: list[scim2_models.Photo] | None = None
    """Where pictures of the person are."""

    addresses: list[scim2_models.Address] | None = None
    """The person's postal addresses."""

    groups: Annotated[list[scim2_models.GroupMembership] | None, Mutability.read_only] = None
    """The groups that the person is in."""


def name_of(user: User) -> str:
    """The name that the directory shows."""
    parts = user.name
    put_together = " ".join(filter(None, (parts.given_name, parts.family_name))) if parts is not None else ""
    return user.display_name or (parts and parts.formatted) or put_together or user.user_name or ""


def address_of(user: User) -> str | None:
    """The address that the directory writes to; the user name where it has the form of one and there is no other."""
    addresses = [each for each in user.emails or () if each.value]
    if addresses:
        # Of equals, the one that stands first.
        return str(max(addresses, key=lambda each: (bool(each.primary), each.type == "work")).value)
    return user.user_name if user.user_name and "@" in user.user_name else None


def language_of(user: User) -> str:
    """The language of the directory: `nb` or `en`."""
    return str(choose_language((user.preferred_language or "").replace("_", "-")).value)
