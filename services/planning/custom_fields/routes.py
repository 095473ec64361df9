"""HTTP of this area: path, status, one call."""

from hashlib import sha256
from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery, conditional
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing
from services.planning.custom_fields import use_cases
from services.planning.custom_fields.kinds import FIELD_DEFINE, FIELD_FILL, TENANT_FIELD_DEFINE
from services.planning.custom_fields.repository import CUSTOM_FIELDS, TENANT_FIELDS, values_seen, values_shown
from services.planning.custom_fields.schemas import (
    CustomFieldPatch,
    CustomFieldShape,
    CustomValuesBatch,
    CustomValuesBatchShape,
    CustomValuesPatch,
    CustomValuesShape,
    NewCustomField,
    NewTenantField,
    TenantFieldPatch,
    TenantFieldShape,
)

router = area_router("custom-fields")


@router.get(
    "/v1/projects/{project_id}/custom-fields",
    response_model=Listing[CustomFieldShape],
    openapi_extra={"parameters": CUSTOM_FIELDS.list_parameters()},
)
async def list_custom_fields(project_id: UUID, read: Reading) -> Response:
    """The fields that the project's tasks have besides."""
    return await CUSTOM_FIELDS.page(read, project_id)


@router.post("/v1/projects/{project_id}/custom-fields/searches", response_model=Listing[CustomFieldShape])
async def search_custom_fields(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The fields that meet a combination of conditions."""
    return await CUSTOM_FIELDS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/custom-fields", status_code=201, response_model=CustomFieldShape)
@acts(FIELD_DEFINE)
async def define_custom_field(project_id: UUID, new: NewCustomField, write: Writing) -> Response:
    """Define a field for all tasks of the project."""
    made = await use_cases.define_field(write.session, project_id, new)
    body = await CUSTOM_FIELDS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/custom-fields/{made.id}")


@router.get(
    "/v1/custom-fields/{custom_field_id}",
    response_model=CustomFieldShape,
    openapi_extra={"parameters": CUSTOM_FIELDS.object_parameters()},
)
async def get_custom_field(custom_field_id: UUID, read: Reading) -> Response:
    """One custom field."""
    return await CUSTOM_FIELDS.one(read, custom_field_id)


@router.patch("/v1/custom-fields/{custom_field_id}", response_model=CustomFieldShape)
@acts(FIELD_DEFINE)
async def change_custom_field(custom_field_id: UUID, patch: CustomFieldPatch, write: Writing) -> Response:
    """Call a field otherwise, or change its options or its formula."""
    made = await use_cases.change_field(write.session, custom_field_id, write.expected_version, patch)
    return await write.answer(await CUSTOM_FIELDS.represent(write.session, custom_field_id), version=made.version)


@router.delete("/v1/custom-fields/{custom_field_id}", status_code=204)
@acts(FIELD_DEFINE)
async def remove_custom_field(custom_field_id: UUID, write: Writing) -> Response:
    """Remove a field with its values, where no formula uses it."""
    await use_cases.remove_field(write.session, custom_field_id, write.expected_version)
    return await write.answer_empty()


@router.get(
    "/v1/tenant-fields",
    response_model=Listing[TenantFieldShape],
    openapi_extra={"parameters": TENANT_FIELDS.list_parameters()},
)
async def list_tenant_fields(read: Reading) -> Response:
    """The fields that the tasks of all projects have."""
    return await TENANT_FIELDS.page(read)


@router.post("/v1/tenant-fields", status_code=201, response_model=TenantFieldShape)
@acts(TENANT_FIELD_DEFINE)
async def define_tenant_field(new: NewTenantField, write: Writing) -> Response:
    """Define a field for the tasks of all projects."""
    made = await use_cases.define_tenant_field(write.session, new)
    body = await TENANT_FIELDS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/tenant-fields/{made.id}")


@router.get(
    "/v1/tenant-fields/{tenant_field_id}",
    response_model=TenantFieldShape,
    openapi_extra={"parameters": TENANT_FIELDS.object_parameters()},
)
async def get_tenant_field(tenant_field_id: UUID, read: Reading) -> Response:
    """One field of all projects."""
    return await TENANT_FIELDS.one(read, tenant_field_id)


@router.patch("/v1/tenant-fields/{tenant_field_id}", response_model=TenantFieldShape)
@acts(TENANT_FIELD_DEFINE)
async def change_tenant_field(tenant_field_id: UUID, patch: TenantFieldPatch, write: Writing) -> Response:
    """Call a field of all projects otherwise, or change its options."""
    made = await use_cases.change_tenant_field(write.session, tenant_field_id, write.expected_version, patch)
    return await write.answer(await TENANT_FIELDS.represent(write.session, tenant_field_id), version=made.version)


@router.delete("/v1/tenant-fields/{tenant_field_id}", status_code=204)
@acts(TENANT_FIELD_DEFINE)
async def remove_tenant_field(tenant_field_id: UUID, write: Writing) -> Response:
    """Remove a field of all projects with its values, where no formula uses it."""
    await use_cases.remove_tenant_field(write.session, tenant_field_id, write.expected_version)
    return await write.answer_empty()


@router.get("/v1/tasks/{task_id}/custom-values", response_model=CustomValuesShape)
async def get_values(task_id: UUID, read: Reading) -> Response:
    """The values of a task's custom fields, formulas among them."""
    body = await values_seen(read, task_id)
    return conditional(read, body, f'"{sha256(body).hexdigest()[:24]}"')


@router.post("/v1/tasks/{task_id}/custom-values", response_model=CustomValuesShape)
@acts(FIELD_FILL)
async def fill_in(task_id: UUID, patch: CustomValuesPatch, write: Writing) -> Response:
    """Fill in fields of a task; the others stay, and formulas follow."""
    await use_cases.fill_in(write.session, task_id, patch)
    return await write.answer(await values_shown(write.session, task_id))


@router.post("/v1/projects/{project_id}/custom-values", response_model=CustomValuesBatchShape)
@acts(FIELD_FILL)
async def fill_in_many(project_id: UUID, batch: CustomValuesBatch, write: KeyedWriting) -> Response:
    """Fill in fields of up to a thousand tasks, all or none; formulas follow once."""
    await use_cases.fill_in_many(write.session, project_id, batch)
    tasks = len({row.task_id for row in batch.tasks})
    return await write.answer({"type": "custom_values_batch", "project_id": str(project_id), "tasks": tasks})
