"""The library's generic messages, bound to a resource type once: building such a class costs more than a request."""

from functools import cache
from typing import Any


@cache
def bound(message: Any, model: type) -> Any:
    """`message[model]`, such as `PatchOp[User]`."""
    return message[model]
