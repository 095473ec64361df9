"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing
from services.planning.gates import use_cases
from services.planning.gates.kinds import GATE_PASS, GATE_PLAN
from services.planning.gates.repository import GATE_PASSAGES, GATES
from services.planning.gates.schemas import GatePassageShape, GatePatch, GateShape, NewGate, NewGatePassage
from services.planning.projects.kinds import PROJECT_STATUS

router = area_router("gates")


@router.get(
    "/v1/projects/{project_id}/gates",
    response_model=Listing[GateShape],
    openapi_extra={"parameters": GATES.list_parameters()},
)
async def list_gates(project_id: UUID, read: Reading) -> Response:
    """The project's gates in the order in which they are passed."""
    return await GATES.page(read, project_id)


@router.post("/v1/projects/{project_id}/gates/searches", response_model=Listing[GateShape])
async def search_gates(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The gates that meet a combination of conditions."""
    return await GATES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/gates", status_code=201, response_model=GateShape)
@acts(GATE_PLAN)
async def plan_gate(project_id: UUID, new: NewGate, write: Writing) -> Response:
    """Put up a gate, with what must be true and what must be there for it to be passed."""
    gate = await use_cases.plan_gate(write.session, project_id, new)
    body = await GATES.represent(write.session, gate.id)
    return await write.answer(body, status=201, version=gate.version, location=f"/v1/gates/{gate.id}")


@router.get("/v1/gates/{gate_id}", response_model=GateShape, openapi_extra={"parameters": GATES.object_parameters()})
async def get_gate(gate_id: UUID, read: Reading) -> Response:
    """One gate."""
    return await GATES.one(read, gate_id)


@router.patch("/v1/gates/{gate_id}", response_model=GateShape)
@acts(GATE_PLAN)
async def change_gate(gate_id: UUID, patch: GatePatch, write: Writing) -> Response:
    """Change a gate that has not been passed."""
    gate = await use_cases.change_gate(write.session, gate_id, write.expected_version, patch)
    return await write.answer(await GATES.represent(write.session, gate_id), version=gate.version)


@router.delete("/v1/gates/{gate_id}", status_code=204)
@acts(GATE_PLAN)
async def remove_gate(gate_id: UUID, write: Writing) -> Response:
    """Take away a gate at which nothing has been decided."""
    await use_cases.remove_gate(write.session, gate_id, write.expected_version)
    return await write.answer_empty()


@router.get(
    "/v1/projects/{project_id}/gate-passages",
    response_model=Listing[GatePassageShape],
    openapi_extra={"parameters": GATE_PASSAGES.list_parameters()},
)
async def list_gate_passages(project_id: UUID, read: Reading) -> Response:
    """What has been decided at the project's gates."""
    return await GATE_PASSAGES.page(read, project_id)


@router.post("/v1/projects/{project_id}/gate-passages", status_code=201, response_model=GatePassageShape)
@acts(GATE_PASS, PROJECT_STATUS)
async def pass_gate(project_id: UUID, new: NewGatePassage, write: KeyedWriting) -> Response:
    """Decide at a gate: pass it, on conditions or without, send it back, or stop the project."""
    passage = await use_cases.pass_gate(write.session, project_id, new)
    body = await GATE_PASSAGES.represent(write.session, passage.id)
    location = f"/v1/gate-passages/{passage.id}"
    return await write.answer(body, status=201, version=passage.version, location=location)


@router.get(
    "/v1/gate-passages/{gate_passage_id}",
    response_model=GatePassageShape,
    openapi_extra={"parameters": GATE_PASSAGES.object_parameters()},
)
async def get_gate_passage(gate_passage_id: UUID, read: Reading) -> Response:
    """One passage."""
    return await GATE_PASSAGES.one(read, gate_passage_id)
