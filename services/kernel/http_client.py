"""The one module that imports httpx: calls between services and in tests go through a client made here."""

from typing import Any, Protocol

import httpx

HttpClient = httpx.AsyncClient
Response = httpx.Response
HttpFailed = httpx.HTTPError


class AsgiApp(Protocol):
    """An ASGI application, as a server would call it."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


def client(target: "str | AsgiApp", timeout_seconds: float = 5.0) -> httpx.AsyncClient:
    """A client of a base URL, or of an application in this process. It follows no redirects and trusts no proxy."""
    if isinstance(target, str):
        return httpx.AsyncClient(base_url=target, timeout=timeout_seconds, trust_env=False)
    transport = httpx.ASGITransport(app=target)
    return httpx.AsyncClient(base_url="http://in-process", transport=transport, timeout=timeout_seconds)
