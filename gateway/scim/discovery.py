"""What this service says of itself: configuration, resource types and schemas (RFC 7644 section 4)."""

from typing import Any, Final

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    EnterpriseUser,
    ETag,
    Filter,
    Meta,
    Pagination,
    Patch,
    Reference,
    Resource,
    ResourceType,
    Schema,
    SchemaExtension,
    ServiceProviderConfig,
    Sort,
)

from gateway.scim.group import Group
from gateway.scim.query import DEFAULT_PAGE, LARGEST_PAGE
from gateway.scim.user import User

LIST_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def configuration(base: str) -> dict[str, Any]:
    """The ServiceProviderConfig of RFC 7643 section 5, with pagination as RFC 9865 has it."""
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=LARGEST_PAGE),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        pagination=Pagination(
            cursor=False,
            index=True,
            default_pagination_method=Pagination.DefaultPaginationMethod.index,
            default_page_size=DEFAULT_PAGE,
            max_page_size=LARGEST_PAGE,
        ),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="A token of an integration with the scope scim, drawn by an administrator of the tenant.",
                spec_uri=Reference("https://www.rfc-editor.org/info/rfc6750"),
                primary=True,
            )
        ],
    )
    return _said(config, f"{base}/ServiceProviderConfig", "ServiceProviderConfig")


def resource_types(base: str) -> list[dict[str, Any]]:
    types = [
        ResourceType(
            id="User",
            name="User",
            description="A person of the tenant",
            endpoint=Reference("/Users"),
            schema_=Reference(str(User.__schema__)),
            schema_extensions=[SchemaExtension(schema_=Reference(str(EnterpriseUser.__schema__)), required=False)],
        ),
        ResourceType(
            id="Group",
            name="Group",
            description="People whom the tenant's directory keeps together",
            endpoint=Reference("/Groups"),
            schema_=Reference(str(Group.__schema__)),
        ),
    ]
    return [_said(each, f"{base}/ResourceTypes/{each.id}", "ResourceType") for each in types]


def schemas(base: str) -> list[dict[str, Any]]:
    found: list[Schema] = [User.to_schema(), EnterpriseUser.to_schema(), Group.to_schema()]
    return [_said(each, f"{base}/Schemas/{each.id}", "Schema") for each in found]


def listed(resources: list[dict[str, Any]], total: int, start_index: int) -> dict[str, Any]:
    """A ListResponse (RFC 7644 section 3.4.2)."""
    return {
        "schemas": [LIST_SCHEMA],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def _said(resource: Resource[Any], location: str, kind: str) -> dict[str, Any]:
    resource.meta = Meta(resource_type=kind, location=location)
    return resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
