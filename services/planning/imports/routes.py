"""HTTP of this area: path, status, one call."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Depends
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing
from services.planning.imports import mappings, people, reversal, use_cases
from services.planning.imports.kinds import IMPORT_MAPPING, IMPORT_PEOPLE, IMPORT_PLAN, IMPORT_REVERSE
from services.planning.imports.repository import IMPORT_MAPPINGS, IMPORTS
from services.planning.imports.schemas import (
    PLAN_UPLOAD,
    AcceptedImport,
    ImportMappingPatch,
    ImportMappingShape,
    ImportPeopleShape,
    ImportShape,
    NewImportMapping,
    PeopleMatches,
)
from services.planning.imports.upload import PlanFile, receive_plan
from services.planning.schedule.kinds import BASELINE_SET

router = area_router("imports")
UploadedPlan = Annotated[PlanFile, Depends(receive_plan, scope="function")]


@router.post(
    "/v1/projects/{project_id}/imports",
    status_code=202,
    response_model=AcceptedImport,
    openapi_extra={"requestBody": PLAN_UPLOAD},
)
@acts(IMPORT_PLAN, BASELINE_SET)
async def import_plan(project_id: UUID, file: UploadedPlan, write: KeyedWriting) -> Response:
    """Take over a plan from a file of up to 50 MB and 100,000 tasks; a job reads it. The format is seen from its content.

    Microsoft Project's XML; the JSON of an export of ours; the JSON of a Trello board, of Asana and of Jira; the CSV of Asana and of Jira; any other CSV or
    XLSX by an import mapping, or by the names of its columns. The same file, or another version of the same plan of Microsoft
    Project, is refused in the same project; of a board only what is new is taken. A dry run reads the file at once and
    answers with what the import would make, what would be lost, the persons and the first rows of a table.
    """
    if write.dry_run:
        return await write.answer(await use_cases.try_import(write.session, project_id, file))
    job_id = await use_cases.ask_for_import(write.session, project_id, file)
    return await write.answer(use_cases.accepted(job_id), status=202, location=f"/v1/jobs/{job_id}")


@router.get(
    "/v1/projects/{project_id}/imports",
    response_model=Listing[ImportShape],
    openapi_extra={"parameters": IMPORTS.list_parameters()},
)
async def list_imports(project_id: UUID, read: Reading) -> Response:
    """The plans that the project has taken over, the newest first."""
    return await IMPORTS.page(read, project_id)


@router.get(
    "/v1/imports/{import_id}", response_model=ImportShape, openapi_extra={"parameters": IMPORTS.object_parameters()}
)
async def get_import(import_id: UUID, read: Reading) -> Response:
    """What was taken, changed and dropped, and why."""
    return await IMPORTS.one(read, import_id)


@router.post("/v1/imports/{import_id}/reversal", response_model=ImportShape)
@acts(IMPORT_REVERSE)
async def reverse_import(import_id: UUID, write: KeyedWriting) -> Response:
    """Undo an import: remove what it made, unless somebody has changed or used it since.

    A 409 names the places. Baselines that came with the file stay, as every baseline does.
    """
    record = await reversal.reverse_import(write.session, import_id)
    return await write.answer(await IMPORTS.represent(write.session, import_id), version=record.version)


@router.get("/v1/imports/{import_id}/people", response_model=ImportPeopleShape)
async def get_import_people(import_id: UUID, read: Reading) -> Response:
    """The persons of the file, and whom of the tenant's people each seems to be by the address."""
    return Response(orjson.dumps(await people.read_people(read, import_id)), media_type="application/json")


@router.post("/v1/imports/{import_id}/people", response_model=ImportPeopleShape)
@acts(IMPORT_PEOPLE)
async def match_import_people(import_id: UUID, matches: PeopleMatches, write: Writing) -> Response:
    """Say who the persons of the file are: the tasks in which they are the first are given to them."""
    found = await people.match_people(write.session, import_id, matches.people)
    return await write.answer(people.shown(import_id, found))


@router.get(
    "/v1/projects/{project_id}/import-mappings",
    response_model=Listing[ImportMappingShape],
    openapi_extra={"parameters": IMPORT_MAPPINGS.list_parameters()},
)
async def list_import_mappings(project_id: UUID, read: Reading) -> Response:
    """What the columns of the project's tables mean."""
    return await IMPORT_MAPPINGS.page(read, project_id)


@router.post("/v1/projects/{project_id}/import-mappings/searches", response_model=Listing[ImportMappingShape])
async def search_import_mappings(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The mappings that meet a combination of conditions."""
    return await IMPORT_MAPPINGS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/import-mappings", status_code=201, response_model=ImportMappingShape)
@acts(IMPORT_MAPPING)
async def add_import_mapping(project_id: UUID, new: NewImportMapping, write: Writing) -> Response:
    """Keep what the columns of a table mean, for the imports that name it as `mapping_id`."""
    made = await mappings.add_mapping(write.session, project_id, new)
    body = await IMPORT_MAPPINGS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/import-mappings/{made.id}")


@router.get(
    "/v1/import-mappings/{import_mapping_id}",
    response_model=ImportMappingShape,
    openapi_extra={"parameters": IMPORT_MAPPINGS.object_parameters()},
)
async def get_import_mapping(import_mapping_id: UUID, read: Reading) -> Response:
    """One mapping."""
    return await IMPORT_MAPPINGS.one(read, import_mapping_id)


@router.patch("/v1/import-mappings/{import_mapping_id}", response_model=ImportMappingShape)
@acts(IMPORT_MAPPING)
async def change_import_mapping(import_mapping_id: UUID, patch: ImportMappingPatch, write: Writing) -> Response:
    """The columns mean something else."""
    made = await mappings.change_mapping(write.session, import_mapping_id, write.expected_version, patch)
    body = await IMPORT_MAPPINGS.represent(write.session, import_mapping_id)
    return await write.answer(body, version=made.version)


@router.delete("/v1/import-mappings/{import_mapping_id}", status_code=204)
@acts(IMPORT_MAPPING)
async def remove_import_mapping(import_mapping_id: UUID, write: Writing) -> Response:
    """Keep the mapping no longer."""
    await mappings.remove_mapping(write.session, import_mapping_id, write.expected_version)
    return await write.answer_empty()
