"""Finds the route of a request by the words of its path, where the framework would try one route after the other.

A service has some fifty routes, and trying them costs more than the statement that answers a list.
"""

from collections import defaultdict

from starlette.routing import Match, Route, Router
from starlette.types import Receive, Scope, Send


class RouteIndex:
    """An ASGI application in front of a router, over the routes that the router has when the index is built.

    What it does not find (an unknown path, another method, a wildcard) is left to the router, which knows what to say.
    """

    def __init__(self, router: Router) -> None:
        self._router = router.middleware_stack
        self._routes: defaultdict[tuple[int, str, str], list[Route]] = defaultdict(list)
        for route in router.routes:
            if isinstance(route, Route):
                self._routes[_shape(route.path)].append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for route in self._routes.get(_shape(scope["path"]), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await self._router(scope, receive, send)


def _shape(path: str) -> tuple[int, str, str]:
    """How many segments, the noun, and the noun below an object: (5, "projects", "tasks") for a project's tasks."""
    segments = path.split("/")
    return len(segments), segments[2] if len(segments) > 2 else "", segments[4] if len(segments) > 4 else ""
