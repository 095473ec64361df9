"""Waiting for a job in place, as `Prefer: wait` asks for it."""

from pathlib import Path

from services.kernel.ids import new_id
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest

PLAN = Path(__file__).parents[3] / "data" / "msproject" / "p34.xml"


async def test_who_prefers_to_wait_is_answered_with_the_job_that_has_ended(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    answer = await world["manager"].request(
        "POST",
        f"/v1/projects/{world.project_id}/imports",
        files={"file": (PLAN.name, PLAN.read_bytes(), "application/xml")},
        headers={"Prefer": "authority=strict, wait=20"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["preference-applied"] == "wait=20"
    assert answer.json()["state"] == "succeeded"
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"


async def test_who_does_not_wait_gets_the_job_as_it_stands(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    for preference in ({}, {"Prefer": "wait=0"}):
        answer = await world["manager"].request(
            "POST",
            f"/v1/projects/{world.project_id}/imports",
            files={"file": (f"{new_id()}.xml", b"<not-a-plan/>", "application/xml")},
            headers=preference,
        )
        assert answer.status_code == 202, answer.text
        assert "preference-applied" not in answer.headers
