"""Every SQL statement of SCIM. Resources are written as JSON in PostgreSQL, as every list is (decision 13).

In each statement `$1` is the tenant and `$2` the URL below which the resources are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from scim2_models import EnterpriseUser, Resource
from sqlalchemy import select

from gateway.scim.group import Group
from gateway.scim.provisioned_user import ProvisionedUser
from gateway.scim.query import Arguments, Query, condition, order
from gateway.scim.user import User
from services.kernel.session import Reader, WriteSession


@dataclass(frozen=True)
class Source:
    """Where the resources of one type come from: rows, the identity of each, the JSON of each attribute.

    `kept` is the JSON of those attributes that `attributes` does not name; `several` are lists from other tables, which
    are left out of a representation where nobody wants them.
    """

    model: type[Resource[Any]]
    rows: str
    id: str
    kept: str
    attributes: Mapping[str, str]
    several: Mapping[str, str]

    def attribute(self, name: str) -> str:
        """SQL: the JSON of an attribute."""
        return self.attributes.get(name) or self.several.get(name) or f"({self.kept} -> '{name}')"

    def resource(self, left_out: frozenset[str] = frozenset()) -> str:
        """SQL: the whole resource as JSON text."""
        own = ", ".join(f"'{name}', {json}" for name, json in self.attributes.items() if name != "schemas")
        lists = "".join(
            f" || jsonb_strip_nulls(jsonb_build_object('{name}', {json}))"
            for name, json in self.several.items()
            if name not in left_out
        )
        return f"({self.kept} || jsonb_strip_nulls(jsonb_build_object({own})){lists})::text"


_ENTERPRISE: Final = str(EnterpriseUser.__schema__)

USERS: Final = Source(
    model=User,
    rows="""people p
      left join provisioned_users s on s.tenant_id = p.tenant_id and s.id = p.id
      cross join lateral (select coalesce(s.document, jsonb_strip_nulls(jsonb_build_object(
        'userName', coalesce(p.email, p.id::text), 'displayName', p.name, 'preferredLanguage', p.language,
        'emails', case when p.email is not null then
          jsonb_build_array(jsonb_build_object('value', p.email, 'type', 'work', 'primary', true)) end))) as document) d
      where p.tenant_id = $1 and $2::text is not null and p.kind = 'person' and s.deleted_at is null""",
    id="p.id",
    kept="d.document",
    attributes={
        "id": "to_jsonb(p.id)",
        "active": "to_jsonb(p.active)",
        "schemas": f"""(jsonb_build_array('{User.__schema__}') || case when d.document ? '{_ENTERPRISE}'
          then jsonb_build_array('{_ENTERPRISE}') else '[]'::jsonb end)""",
        "meta": """jsonb_build_object('resourceType', 'User', 'created', p.created_at, 'lastModified',
          greatest(p.updated_at, s.updated_at), 'location', $2::text || '/Users/' || p.id, 'version',
          'W/"' || p.version || '.' || coalesce(s.version, 0) || '"')""",
    },
    several={
        "groups": """(select jsonb_agg(jsonb_build_object('value', g.id, '$ref', $2::text || '/Groups/' || g.id,
          'display', g.display_name, 'type', 'direct') order by g.id) from group_members m
          join groups g on g.tenant_id = m.tenant_id and g.id = m.group_id
          where m.tenant_id = p.tenant_id and m.person_id = p.id)"""
    },
)

GROUPS: Final = Source(
    model=Group,
    rows="groups t where t.tenant_id = $1 and $2::text is not null",
    id="t.id",
    kept="'{}'::jsonb",
    attributes={
        "id": "to_jsonb(t.id)",
        "externalId": "to_jsonb(t.external_id)",
        "displayName": "to_jsonb(t.display_name)",
        "schemas": f"jsonb_build_array('{Group.__schema__}')",
        "meta": """jsonb_build_object('resourceType', 'Group', 'created', t.created_at, 'lastModified', t.updated_at,
          'location', $2::text || '/Groups/' || t.id, 'version', 'W/"' || t.version || '"')""",
    },
    several={
        "members": """(select jsonb_agg(jsonb_build_object('value', p.id, '$ref', $2::text || '/Users/' || p.id,
          'display', p.name, 'type', 'User') order by p.id) from group_members m
          join people p on p.tenant_id = m.tenant_id and p.id = m.person_id
          where m.tenant_id = t.tenant_id and m.group_id = t.id)"""
    },
)


async def find_resource(
    reader: Reader, source: Source, base: str, resource_id: UUID, left_out: frozenset[str] = frozenset()
) -> dict[str, Any] | None:
    """One resource, None where there is none of the tenant's."""
    text = await reader.value(
        f"select {source.resource(left_out)} from {source.rows} and {source.id} = $3",
        reader.tenant_id,
        base,
        resource_id,
    )
    return None if text is None else orjson.loads(text)


async def list_resources(
    reader: Reader, source: Source, base: str, query: Query, left_out: frozenset[str]
) -> tuple[int, Sequence[dict[str, Any]]]:
    """How many resources the query finds, and those of its page. Raises ScimRefused."""
    arguments = Arguments(start=2)
    where = source.rows
    if query.request.filter is not None:
        where += f" and {condition(query.request.filter, source.attribute, arguments)}"
    total: int = await reader.value(f"select count(*) from {where}", reader.tenant_id, base, *arguments.values)
    if query.limit == 0 or total <= query.offset:
        return total, []
    by = order(query, source.model, source.attribute)
    ordered = ", ".join(filter(None, (by, source.id)))
    page = f"limit {arguments.name(query.limit, 'bigint')} offset {arguments.name(query.offset, 'bigint')}"
    rows = await reader.rows(
        f"select {source.resource(left_out)} as resource from {where} order by {ordered} {page}",
        reader.tenant_id,
        base,
        *arguments.values,
    )
    return total, [orjson.loads(row["resource"]) for row in rows]


async def load_provisioned(session: WriteSession, person_id: UUID) -> ProvisionedUser | None:
    """What is kept of a person for their provisioner, None where nothing has been said of them."""
    found: ProvisionedUser | None = await session.scalar(
        select(ProvisionedUser).where(ProvisionedUser.tenant_id == session.tenant_id, ProvisionedUser.id == person_id)
    )
    return found


async def user_name_is_taken(session: WriteSession, user_name: str, except_id: UUID) -> bool:
    """Whether somebody else is a user by this name, which is in small letters; those never provisioned by their address."""
    found = await session.value(
        """select true from people p left join provisioned_users s on s.tenant_id = p.tenant_id and s.id = p.id
           where p.tenant_id = $1 and p.id <> $3 and p.kind = 'person' and s.deleted_at is null
             and coalesce(s.user_name, lower(p.email)) = $2 limit 1""",
        session.tenant_id,
        user_name,
        except_id,
    )
    return bool(found)


async def those_who_are_users(reader: Reader, person_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the named people whom SCIM shows."""
    rows = await reader.rows(
        """select p.id from people p left join provisioned_users s on s.tenant_id = p.tenant_id and s.id = p.id
           where p.tenant_id = $1 and p.id = any($2::uuid[]) and p.kind = 'person' and s.deleted_at is null""",
        reader.tenant_id,
        list(person_ids),
    )
    return {row["id"] for row in rows}
