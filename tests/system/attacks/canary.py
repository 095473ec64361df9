"""A tenant with its mark in every text that anybody may write, so that whatever of it turns up elsewhere is recognised."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from services.kernel.http_client import Response
from services.kernel.ids import new_id
from tests.contract.inventory import FILE, PLAN, PROJECT, Inventory
from tests.contract.operations import Description, Operation
from tests.factories.system import Person, SystemUnderTest, Tenant

# Texts whose form another system or the law of the place prescribes.
OF_A_FORM = {
    "email",
    "language",
    "time_zone",
    "key",
    "code",
    "currency",
    "issuer",
    "client_id",
    "redirect_uri",
    "system",
}


def texts_of(operations: Iterable[Operation]) -> frozenset[str]:
    """The names of the members that take any text of some length wherever they stand in the operations' bodies."""
    free: set[str] = set()
    bound: set[str] = set()
    for operation in operations:
        for place, schema in operation.walk(operation.body or {}):
            names = free if _takes_any_text(schema) else bound
            if schema.get("type") == "string":
                names.add(place.rpartition("/")[2])
    return frozenset(free - bound - OF_A_FORM)


def _takes_any_text(schema: Mapping[str, Any]) -> bool:
    if schema.get("type") != "string" or {"enum", "const", "format"} & set(schema):
        return False
    return schema.get("maxLength", 0) >= 100 and bool(re.search(schema.get("pattern", ""), f"A word {new_id()}"))


class MarkedInventory(Inventory):
    """An inventory whose texts all end in the mark."""

    def __init__(self, system: SystemUnderTest, tenant: Tenant, mark: str, description: Description) -> None:
        super().__init__(system, tenant)
        self.mark = mark
        self._everywhere = texts_of(description)
        # Those of the body that is being written.
        self._texts = self._everywhere

    def referring(self, body: Any, member: str = "") -> Any:
        written = super().referring(body, member)
        if isinstance(body, str) and member in self._texts and not body.startswith("{"):
            return f"{body} {self.mark}"
        return written

    async def _make(self, manager: Person, method: str, path: str, body: Any, operation: Operation | None) -> Response:
        if body is FILE:
            named = {"file": (f"{self.mark}.txt", self.mark.encode(), "text/plain")}
            return await manager.request("POST", path, files=named, data={"title": self.mark})
        if body is PLAN:
            name, content, media_type = PLAN["file"]
            marked = content.replace(b"<Name>Survey", b"<Name>Survey " + self.mark.encode())
            return await manager.request("POST", path, files={"file": (name, marked, media_type)})
        self._texts = self._everywhere if operation is None else texts_of([operation])
        return await super()._make(manager, method, path, body, operation)

    async def mark_the_rest(self) -> None:
        """The project, its people, and what an invitation or a comment says."""
        manager = self.tenant["manager"]
        project = self.named(PROJECT)
        version = (await manager.get(project)).json()["version"]
        named = await manager.patch(project, {"name": f"A bridge {self.mark}", "description": self.mark}, version)
        assert named.status_code == 200, named.text
        for role, person in self.tenant.people.items():
            known = (await self.tenant.admin.get(f"/v1/people/{person.id}")).json()
            body: Mapping[str, Any] = {"name": f"{role} {self.mark}"}
            renamed = await self.tenant.admin.patch(f"/v1/people/{person.id}", body, known["version"])
            assert renamed.status_code == 200, renamed.text
        said = await manager.post(f"/v1/proposals/{self.ids['proposals']}/comments", {"text": self.mark})
        assert said.status_code == 201, said.text
