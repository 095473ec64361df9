"""Tiny applications that stand in for the services, so that the launchers are examined by themselves."""

from pathlib import Path

SOURCE = """
import asyncio, json, os
import asyncpg

NAME = {name!r}


def create_app():
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({{"type": "lifespan.startup.complete"}})
            await receive()
            await send({{"type": "lifespan.shutdown.complete"}})
            return
        connection = await asyncpg.connect(os.environ["TANDEM_" + (NAME if NAME in {services!r} else "GATEWAY") + "_DATABASE_URL"])
        try:
            user = await connection.fetchval("select current_user")
        finally:
            await connection.close()
        settings = {{name: value for name, value in os.environ.items() if name.startswith("TANDEM_")}}
        body = json.dumps({{"user": user, "pid": os.getpid(), "settings": settings}}).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({{"type": "http.response.start", "status": 200, "headers": headers}})
        await send({{"type": "http.response.body", "body": body}})

    return app
"""
SERVICES = ("PLANNING", "COORDINATION", "REPORTING", "GATEWAY")


def write_stand_in(folder: Path, name: str) -> str:
    """Write the application of one service below `folder` and return its factory's address."""
    module = f"stand_in_{name.replace('-', '_')}"
    (folder / f"{module}.py").write_text(SOURCE.format(name=name.upper(), services=SERVICES))
    return f"{module}:create_app"
