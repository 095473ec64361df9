"""PATCH of RFC 7644 section 3.5.2: one resource and some operations in, the changed resource out. Pure.

The library applies the operations. Here stands what it must be told about how Microsoft Entra ID and Okta speak: names
of operations in capitals, booleans as strings, paths as members of a value without a path, references as bare strings
or lists of one, attributes of the standard that are not kept here.
"""

from collections.abc import Iterator, Mapping, Sequence
from inspect import isclass
from typing import Any, Final, TypeVar

import scim2_models
from pydantic import ValidationError
from scim2_models import (
    BaseModel,
    Context,
    EnterpriseUser,
    InvalidPathException,
    PatchOp,
    Path,
    Resource,
    SCIMException,
    ScimPolicy,
)

from gateway.scim.binding import bound
from gateway.scim.library_refusal import refusal_of
from gateway.scim.refusal import refused

MESSAGE: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST_OPERATIONS: Final = 1000
LONGEST_PATH: Final = 1000
# What is not kept is passed over, as RFC 7644 section 3.3 lets a provider do; the rest is how Entra ID expects it.
TOLERANT: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
# All that the standard knows of a user: a path that is not even in there is a mistake, and told so.
_STANDARD: Final[Mapping[str, Any]] = {
    "User": scim2_models.User[EnterpriseUser],
    "Group": scim2_models.Group,
}

R = TypeVar("R", bound=Resource[Any])


def read_operations(model: type[R], body: Any) -> list[dict[str, Any]]:
    """The operations of a PATCH body, in the plain form that the standard describes. Raises ScimRefused."""
    if not isinstance(body, dict):
        raise refused("invalidSyntax", "a PATCH is an object")
    members = {str(name).lower(): value for name, value in body.items()}
    schemas, operations = members.get("schemas"), members.get("operations")
    if not isinstance(schemas, list) or MESSAGE not in schemas:
        raise refused("invalidSyntax", f"schemas names {MESSAGE}")
    if not isinstance(operations, list) or not 0 < len(operations) <= MOST_OPERATIONS:
        raise refused("invalidValue", f"Operations has one operation at least, {MOST_OPERATIONS} at most")
    return [plain for operation in operations for plain in _plain(model, operation)]


def apply_operations(resource: R, operations: Sequence[Mapping[str, Any]]) -> bool:
    """Change the resource by all of them or by none. Returns whether anything is different. Raises ScimRefused."""
    if not operations:
        return False
    message = {"schemas": [MESSAGE], "Operations": list(operations)}
    try:
        patch = bound(PatchOp, type(resource)).model_validate(
            message, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=TOLERANT
        )
        return bool(patch.patch(resource, scim_policy=TOLERANT))
    except (ValidationError, SCIMException) as error:
        raise refusal_of(error) from error


def _plain(model: type[R], operation: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(operation, dict):
        raise refused("invalidSyntax", "an operation is an object")
    members = {str(name).lower(): value for name, value in operation.items()}
    op, path, value = members.get("op"), members.get("path"), members.get("value")
    if not isinstance(op, str) or op.lower() not in ("add", "replace", "remove"):
        raise refused("invalidSyntax", "op is add, replace or remove")
    if path is not None and not isinstance(path, str):
        raise refused("invalidPath", "a path is a string")
    plain = {"op": op.lower()} | {name: members[name] for name in ("path", "value") if members.get(name) is not None}
    if path and plain["op"] == "replace" and "value" in members and value is None:
        # To write nothing is to take away (section 3.5.2.3).
        plain["op"] = "remove"
    if path:
        if _is_kept(model, path):
            yield plain | ({"value": _referring(model, path, value)} if value is not None else {})
        return
    plain.pop("path", None)
    if not isinstance(value, dict):
        yield plain
        return
    # Entra ID puts paths with filters into the value of an operation that has no path itself.
    whole = {name: each for name, each in value.items() if "[" not in name}
    if whole or not value:
        whole = {name: _referring(model, name, each) for name, each in whole.items()}
        yield plain | {"value": whole}
    for name, each in value.items():
        if "[" in name and _is_kept(model, name):
            yield {"op": op.lower(), "path": name, "value": each}


def _is_kept(model: type[R], path: str) -> bool:
    """Whether the path leads to something that is kept. Raises ScimRefused where it leads nowhere in the standard."""
    if len(path) > LONGEST_PATH:
        raise refused("invalidPath", f"a path has at most {LONGEST_PATH} characters")
    if _leads_somewhere(model, path):
        return True
    if not _leads_somewhere(_STANDARD[model.__name__], path):
        raise refused("invalidPath", f"there is no attribute {path[:100]}")
    return False


def _leads_somewhere(model: type[Resource[Any]], path: str) -> bool:
    try:
        found = bound(Path, model)(path)
        return found.model is not None or found.resolve() is not None
    except InvalidPathException as error:
        raise refusal_of(error) from error
    except SCIMException:
        return False


def _referring(model: type[R], path: str, value: Any) -> Any:
    """A reference such as the manager, which is an object of one `value`; Entra ID writes the string, or a list of one."""
    if not isinstance(value, str | list):
        return value
    try:
        binding = bound(Path, model)(path).resolve()
    except SCIMException:
        return value
    if binding is None or binding.is_multivalued or binding.sub_field_name is not None:
        return value
    kind = binding.target_type
    if not isclass(kind) or not issubclass(kind, BaseModel) or "value" not in kind.model_fields:
        return value
    if isinstance(value, list):
        return value[0] if len(value) == 1 else value
    return {"value": value}
