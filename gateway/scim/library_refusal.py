"""What the library finds wrong with a request, as a refusal of this area."""

from pydantic import ValidationError
from scim2_models import Error, SCIMException

from gateway.scim.refusal import ScimRefused, refused


def refusal_of(error: ValidationError | SCIMException) -> ScimRefused:
    """The same refusal as the library has found it."""
    if isinstance(error, SCIMException):
        cause = error.__cause__
        if isinstance(cause, ValidationError):
            first = cause.errors()[0]
            where = ".".join(map(str, first["loc"]))
            return refused(error.scim_type or "invalidValue", f"{where}: {first['msg']}".removeprefix(": "))
        return refused(error.scim_type or "invalidValue", error.detail)
    found = Error.from_validation_errors(error)[0]
    return refused(found.scim_type or "invalidValue", found.detail or "the value cannot be used")
