"""Writes a new migration of one service: ``make migration SERVICE=planning NAME="add lag to dependencies"``.

The step is the difference between the tables declared in code and a scratch database that has all earlier steps.
"""

import asyncio
import importlib
import os
import sys
import tempfile
from pathlib import Path

from deploy.local.errors import CannotStart
from deploy.local.stack import LocalStack


async def write_migration(service: str, name: str) -> int:
    """Exit status of the command that writes the step into the service's folder."""

    async def migrate(migrated: str, owner_url: str) -> None:
        if migrated == service:
            await importlib.import_module("services.kernel.migrations").migrate(service, owner_url)

    with tempfile.TemporaryDirectory() as folder:
        stack = LocalStack(Path(folder) / "data", environment="test", durable=False, apps={}, migrate=migrate)
        try:
            await stack.start_servers()
            environment = (
                os.environ | stack.environment | {"TANDEM_OWNER_DATABASE_URL": stack.owner_database_url(service)}
            )
            command = (sys.executable, "-m", "services.kernel.migrations", "revision", service, name)
            writing = await asyncio.create_subprocess_exec(*command, env=environment)
            return await writing.wait()
        finally:
            await stack.stop()


def main() -> int:
    _, service, name = sys.argv
    try:
        return asyncio.run(write_migration(service, name))
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
