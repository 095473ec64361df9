"""Writing a thing under the name that another system has for it: the ordinary use cases, found by the reference."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel, ValidationError

from services.kernel.access import require_member
from services.kernel.batch import Outcome, errors_of
from services.kernel.collection import Collection
from services.kernel.problems import NotFound, Stale, ValidationFailed
from services.kernel.schemas import ExternalRef
from services.kernel.session import WriteSession
from services.planning.external_refs.external_reference import ExternalRefTaken
from services.planning.external_refs.repository import find, hold


@dataclass(frozen=True, slots=True)
class Upserted:
    """What an upsert came to; `effects` are those of the ordinary write."""

    object_id: UUID
    version: int
    is_new: bool
    effects: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Upserting:
    """The use cases of a noun that other systems feed, and the shapes that they take.

    Without `change` the noun is written once, and its one reference stands in the body as `external_ref`: the same
    again is what is stored already. `lock` is what the noun's writes lock first; the version is read behind it.
    """

    collection: Collection
    new: type[BaseModel]
    create: Callable[[WriteSession, UUID, Any], Awaitable[Any]]
    patch: type[BaseModel] | None = None
    change: Callable[[WriteSession, UUID, int, Any], Awaitable[Any]] | None = None
    lock: Callable[[WriteSession, UUID], Awaitable[Any]] | None = None

    async def operate(self, session: WriteSession, project_id: UUID, body: Any) -> Outcome:
        """An upsert in a batch: the body's first reference names the object."""
        values = {name: getattr(body, name) for name in body.model_fields_set}
        upserted = await self.put(session, project_id, body.external_refs[0], values, None)
        return Outcome(201 if upserted.is_new else 200, upserted.object_id, upserted.version)

    async def put(
        self, session: WriteSession, project_id: UUID, ref: ExternalRef, values: Mapping[str, Any], expected: int | None
    ) -> Upserted:
        """Change what carries the reference by the members that are named, or create it with them.

        Raises ExternalRefTaken where it is another noun's or another project's, Stale where the caller expects another
        version (of what does not exist, any), ValidationFailed where a member is missing or is none of the noun's.
        """
        await require_member(session, session.principal, project_id)
        key = (ref.system, ref.type, ref.id)
        await hold(session, key)
        if self.lock is not None:
            await self.lock(session, project_id)
        found = await find(session, key)
        if found is None:
            if expected is not None:
                raise Stale(expected_version=expected, current_version=None, changed_fields=[])
            return _upserted(await self.create(session, project_id, self._read(self.new, values, ref, [])))
        noun, object_id = found
        if noun != self.collection.noun:
            raise ExternalRefTaken
        try:
            await self.collection.require_in(session, object_id, project_id)
        except NotFound:
            raise ExternalRefTaken from None
        present = orjson.loads(await self.collection.represent(session, object_id))
        version: int = present["version"]
        if expected is not None:
            await self.collection.check_version(session, object_id, version, expected)
        if self.change is None or self.patch is None:
            return _upserted(await self.create(session, project_id, self._read(self.new, values, ref, [])))
        body = self._read(self.patch, values, ref, present["external_refs"])
        if not body.model_fields_set:
            return Upserted(object_id, version, is_new=False)
        result = _upserted(await self.change(session, object_id, version, body))
        return Upserted(object_id, result.version, is_new=False, effects=result.effects)

    def _read(
        self, shape: type[BaseModel], values: Mapping[str, Any], ref: ExternalRef, known: list[dict[str, Any]]
    ) -> BaseModel:
        """The body that the ordinary route would have read, with the reference in it."""
        own: dict[str, Any] = {}
        if self.change is None:
            own["external_ref"] = ref
        else:
            refs = values.get("external_refs") or [ExternalRef(**each) for each in known]
            others = [each for each in refs if (each.system, each.type, each.id) != (ref.system, ref.type, ref.id)]
            same = [each for each in refs if each not in others]
            named = ref if ref.url is not None or not same else same[0]
            if "external_refs" in values or named not in refs:
                own["external_refs"] = [named, *others]
        body = {**values, **own}
        try:
            return shape.model_validate(body)
        except ValidationError as error:
            raise ValidationFailed(errors=errors_of(error, body)) from error


def _upserted(result: Any) -> Upserted:
    """What the use cases give back: an object, perhaps with its effects, or an id with whether it is new."""
    first, second = result if isinstance(result, tuple) else (result, None)
    if isinstance(first, UUID):
        return Upserted(first, 1, bool(second))
    return Upserted(first.id, first.version, is_new=True, effects=second)
