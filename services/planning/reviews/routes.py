"""HTTP of this area: path, status, one call."""

from uuid import UUID

import orjson
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting
from services.planning.decisions.kinds import DECISION_REVIEW
from services.planning.reviews import use_cases
from services.planning.reviews.repository import DECISION_REVIEWS
from services.planning.reviews.schemas import CalibrationShape, DecisionReviewShape, NewDecisionReview

router = area_router("decision-reviews")


@router.get(
    "/v1/projects/{project_id}/decision-reviews",
    response_model=Listing[DecisionReviewShape],
    openapi_extra={"parameters": DECISION_REVIEWS.list_parameters()},
)
async def list_decision_reviews(project_id: UUID, read: Reading) -> Response:
    """The reviews of the project's decisions, the newest first."""
    return await DECISION_REVIEWS.page(read, project_id)


@router.post("/v1/projects/{project_id}/decision-reviews/searches", response_model=Listing[DecisionReviewShape])
async def search_decision_reviews(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The reviews that meet a combination of conditions."""
    return await DECISION_REVIEWS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/decision-reviews", status_code=201, response_model=DecisionReviewShape)
@acts(DECISION_REVIEW)
async def review_decision(project_id: UUID, new: NewDecisionReview, write: KeyedWriting) -> Response:
    """Compare what a decision was to bring about with the plan and the costs as they are now."""
    review = await use_cases.review_decision(write.session, project_id, new)
    body = await DECISION_REVIEWS.represent(write.session, review.id)
    return await write.answer(body, status=201, version=review.version, location=f"/v1/decision-reviews/{review.id}")


@router.get(
    "/v1/decision-reviews/{review_id}",
    response_model=DecisionReviewShape,
    openapi_extra={"parameters": DECISION_REVIEWS.object_parameters()},
)
async def get_decision_review(review_id: UUID, read: Reading) -> Response:
    """One review."""
    return await DECISION_REVIEWS.one(read, review_id)


@router.get("/v1/projects/{project_id}/decision-calibration", response_model=CalibrationShape)
async def get_decision_calibration(project_id: UUID, read: Reading) -> Response:
    """How far the predictions of reviewed decisions were off, in days and money, by kind of act."""
    body = orjson.dumps(await use_cases.read_calibration(read, project_id))
    return Response(body, media_type="application/json")
