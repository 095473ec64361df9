"""The gateway and the three services in one process: the same applications, called in process instead of over HTTP."""

import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from gateway.app import create_app as create_gateway
from gateway.app import front
from services.kernel.http_client import AsgiApp
from services.kernel.settings import Settings

SERVICES = ("planning", "coordination", "reporting")


def create_app() -> ASGIApp:
    """All four, as one ASGI application; its lifespan starts the services first and the gateway last."""
    peers: dict[str, AsgiApp] = {}
    apps: list[FastAPI] = []
    for name in SERVICES:
        module = importlib.import_module(f"services.{name}.app")
        # Each sees the others through this one mapping, which is complete before anything starts.
        apps.append(module.create_app(Settings.load(name), peers))
    gateway = create_gateway(Settings.load("gateway"), dict(zip(SERVICES, apps, strict=True)))
    peers.update(zip(SERVICES, apps, strict=True))
    peers["gateway"] = gateway
    within = gateway.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with AsyncExitStack() as stack:
            for each in apps:
                await stack.enter_async_context(each.router.lifespan_context(each))
            await stack.enter_async_context(within(app))
            yield

    gateway.router.lifespan_context = lifespan
    return front(gateway)
