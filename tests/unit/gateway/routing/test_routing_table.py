"""The routing table: one noun, one owner, one spelling of a path."""

import pytest

from gateway.routing.routing_table import COORDINATION, GATEWAY, PLANNING, REPORTING, Traffic, resolve, traffic_of

ID = "0190a5f0-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/projects", PLANNING),
        (f"/v1/projects/{ID}", PLANNING),
        (f"/v1/projects/{ID}/tasks", PLANNING),
        (f"/v1/projects/{ID}/schedule-runs", PLANNING),
        ("/v1/projects/batch", PLANNING),
        (f"/v1/tasks/{ID}", PLANNING),
        (f"/v1/projects/{ID}/meetings", COORDINATION),
        (f"/v1/meetings/{ID}/agenda-items", COORDINATION),
        (f"/v1/document-versions/{ID}/content", COORDINATION),
        (f"/v1/projects/{ID}/overview", REPORTING),
        (f"/v1/projects/{ID}/status-reports", REPORTING),
        (f"/v1/projects/{ID}/proposals", GATEWAY),
        (f"/v1/projects/{ID}/memberships", GATEWAY),
        (f"/v1/projects/{ID}/policy", GATEWAY),
        (f"/v1/proposals/{ID}/decision", GATEWAY),
        ("/v1/events/stream", GATEWAY),
        ("/v1/openapi.json", GATEWAY),
        ("/v1/me/authority", GATEWAY),
    ],
)
def test_a_path_leads_to_the_owner_of_its_noun(path: str, service: str) -> None:
    route = resolve(path)

    assert route is not None
    assert route.services == (service,)
    assert route.methods is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1",
        "/v1/",
        "/v1/nonsense",
        "/v2/projects",
        "v1/projects",
        "/v1/projects/",
        "/v1//projects",
        "//v1/projects",
        f"/v1/projects/{ID}/tasks/",
        f"/v1/projects/{ID}//tasks",
        f"/v1/projects/{ID}/nonsense",
        f"/v1/projects/{ID}/../tasks",
        "/v1/./projects",
        "/V1/projects",
        "/v1/Projects",
        "/v1/overview",
        "/v1/jobs",
    ],
)
def test_another_spelling_or_an_unknown_noun_leads_nowhere(path: str) -> None:
    assert resolve(path) is None


def test_a_job_is_asked_for_at_each_service_that_gives_out_job_ids_and_never_written_to() -> None:
    route = resolve(f"/v1/jobs/{ID}")

    assert route is not None
    assert route.services == (PLANNING, COORDINATION, REPORTING)
    assert route.methods == {"GET", "HEAD", "DELETE"}


def test_files_and_streams_travel_under_their_own_time_outs() -> None:
    assert traffic_of(f"/v1/tasks/{ID}") is Traffic.INTERACTIVE
    assert traffic_of(f"/v1/document-versions/{ID}/content") is Traffic.TRANSFER
    assert traffic_of(f"/v1/projects/{ID}/imports") is Traffic.TRANSFER
    assert traffic_of("/v1/events/stream") is Traffic.STREAM
