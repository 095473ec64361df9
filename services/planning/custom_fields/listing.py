"""How lists of tasks come to be filtered and sorted by a project's own fields, named `field.` and the key."""

import re
from typing import Final
from uuid import UUID

from services.kernel.collection import Collection, SearchQuery
from services.kernel.requests import Read
from services.planning.custom_fields.repository import asked_by_fields

_NAMED: Final = re.compile(rb"field(?:\.|%2e)", re.IGNORECASE)


async def page_with_fields(collection: Collection, read: Read, project_id: UUID) -> Collection:
    """The collection as the request's query needs it: itself, without a look at the fields, where none is named."""
    return await _with_fields(collection, read, project_id, read.request.scope["query_string"])


async def search_with_fields(collection: Collection, read: Read, query: SearchQuery, project_id: UUID) -> Collection:
    """The same for a search."""
    return await _with_fields(collection, read, project_id, repr((query.where, query.sort)).encode())


async def _with_fields(collection: Collection, read: Read, project_id: UUID, text: bytes) -> Collection:
    if _NAMED.search(text) is None:
        return collection
    filters, sorts = await asked_by_fields(read, project_id)
    return collection.with_more(filters, sorts)
