"""The index leads to the same route as the router that it stands before."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router

from services.kernel.http_client import client
from services.kernel.route_index import RouteIndex


def _named(name: str) -> Any:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(f"{name} {dict(request.path_params)}")

    return endpoint


ROUTES = [
    Route("/v1/tasks/batch", _named("batch"), methods=["POST"]),
    Route("/v1/tasks/{task_id}", _named("task"), methods=["GET"]),
    Route("/v1/projects/{project_id}/tasks", _named("tasks"), methods=["GET"]),
    Route("/v1/projects/{project_id}/risks", _named("risks"), methods=["GET"]),
    Route("/v1/files/{path:path}", _named("file"), methods=["GET"]),
]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/tasks/7"),
        ("POST", "/v1/tasks/batch"),
        ("GET", "/v1/projects/1/tasks"),
        ("GET", "/v1/projects/1/risks"),
        ("GET", "/v1/files/a/b/c"),
        ("DELETE", "/v1/tasks/7"),
        ("GET", "/v1/nothing"),
        ("GET", "/v1"),
        ("GET", "/"),
    ],
)
async def test_the_index_answers_what_the_router_would(method: str, path: str) -> None:
    plain, indexed = Router(ROUTES), Router(ROUTES)
    indexed.middleware_stack = RouteIndex(indexed)
    answers = []
    for router in (plain, indexed):
        async with client(router) as http:
            answer = await http.request(method, path)
            answers.append((answer.status_code, answer.text))
    assert answers[0] == answers[1]


async def test_the_index_does_not_try_routes_of_other_nouns() -> None:
    router = Router(ROUTES)
    tried: list[str] = []

    class Watched(Route):
        def matches(self, scope: Any) -> Any:
            tried.append(self.path)
            return super().matches(scope)

    router.routes[:] = [Watched(route.path, route.endpoint, methods=["GET"]) for route in ROUTES]
    router.middleware_stack = RouteIndex(router)
    async with client(router) as http:
        await http.get("/v1/projects/1/risks")
    assert tried == ["/v1/projects/{project_id}/risks"]
