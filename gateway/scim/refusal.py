"""How SCIM refuses: the problems of this area, and the form in which every refusal leaves it (RFC 7644 section 3.12)."""

from typing import Any, Final

from services.kernel.problems import Conflict, Malformed, Problem

ERROR_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
# What a problem of the kernel is in the words of SCIM, where those have one.
SCIM_TYPES: Final = {
    "malformed": "invalidSyntax",
    "already_exists": "uniqueness",
    "validation_failed": "invalidValue",
}


class ScimRefused(Malformed):
    """A request that RFC 7644 gives a `scimType` for."""

    code = "scim_refused"
    title = {"en": "The SCIM request cannot be used", "nb": "SCIM-forespørselen kan ikke brukes"}
    members = ("scim_type",)


class NotOffered(Problem):
    """A part of RFC 7644 that a provider need not have."""

    status = 501
    code = "scim_not_offered"
    title = {"en": "This part of SCIM is not offered", "nb": "Denne delen av SCIM tilbys ikke"}


class UserNameTaken(Conflict):
    code = "user_name_taken"
    title = {"en": "That userName is taken", "nb": "Det brukernavnet er opptatt"}
    detail = {
        "en": "Another person of the tenant has this userName.",
        "nb": "En annen person i organisasjonen har dette brukernavnet.",
    }
    members = ("scim_type",)

    def __init__(self) -> None:
        super().__init__(scim_type="uniqueness")


def refused(scim_type: str, reason: str) -> ScimRefused:
    return ScimRefused(scim_type=scim_type, reason=reason[:500])


def scim_error(problem: dict[str, Any]) -> dict[str, Any]:
    """The error document of RFC 7644 for a problem document of RFC 9457."""
    scim_type = problem.get("scim_type") or SCIM_TYPES.get(problem["code"])
    places = "; ".join(f"{each['pointer']}: {each['detail']}" for each in problem["errors"])
    document = {
        "schemas": [ERROR_SCHEMA],
        "status": str(problem["status"]),
        "detail": ". ".join(part.rstrip(".") for part in (problem["title"], problem["detail"], places) if part),
    }
    return document | ({"scimType": scim_type} if scim_type else {})
