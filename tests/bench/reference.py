"""What everything is compared with: one FastAPI route over asyncpg that hands on the JSON which PostgreSQL wrote.

It knows no tenant, token, right, ETag or event; it shows the same columns of the same rows as the API does.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from fastapi import FastAPI, Response

from services.planning.schedule.repository import TASKS

DATABASE_URL = "BENCH_DATABASE_URL"

_COLUMNS = ", ".join(f'{expression} as "{name}"' for name, expression in TASKS.columns.items())
STATEMENT = (
    "select convert_to(coalesce(json_agg(r), '[]')::text, 'UTF8') from"
    f" (select {_COLUMNS} from tasks t where t.tenant_id = $1 and t.project_id = $2 order by t.position limit 50) r"
)


def create_app() -> FastAPI:
    """The application; the environment says which database it reads."""
    pools: list[asyncpg.Pool[asyncpg.Record]] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(os.environ[DATABASE_URL], max_size=10, server_settings={"jit": "off"}) as pool:
            pools.append(pool)
            yield

    app = FastAPI(lifespan=lifespan, telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.get("/ready")
    async def ready() -> Response:
        return Response()

    @app.get("/{tenant_id}/{project_id}")
    async def list_tasks(tenant_id: UUID, project_id: UUID) -> Response:
        return Response(await pools[0].fetchval(STATEMENT, tenant_id, project_id), media_type="application/json")

    return app
