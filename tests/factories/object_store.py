"""An S3 server for tests: SeaweedFS from its wheel, on free ports of the loopback address, with one bucket's worth of keys."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from deploy.local.ports import free_port
from services.kernel.http_client import HttpFailed, client

ACCESS_KEY, SECRET_KEY = "tandem", "tandem-in-tests"
BUCKET = "tandem"
_KEYS = {
    "identities": [
        {
            "name": "tandem",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List"],
        }
    ]
}
# Its parts listen on ports of their own, each with a second one; by default all of them are fixed.
_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)


class ObjectStore:
    """A running server; `stop` ends it and `start` brings it back with what it held."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        taken: set[int] = set()
        for _ in _PORTS:
            taken.add(free_port(frozenset(taken)))
        self._ports = dict(zip(_PORTS, sorted(taken), strict=True))
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """The value of TANDEM_STORAGE_URL, in the form that `storage` takes."""
        return f"s3://{BUCKET}/files?region=eu-north-1&endpoint={self._endpoint}"

    @property
    def environment(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    @property
    def _endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports['s3.port']}"

    async def start(self) -> None:
        """Return when the bucket answers."""
        keys = self._folder / "keys.json"
        keys.write_text(json.dumps(_KEYS))
        (self._folder / "data").mkdir(exist_ok=True)
        arguments = [
            "server",
            "-s3",
            f"-dir={self._folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.config={keys}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=20",
            *(f"-{name}={port}" for name, port in self._ports.items()),
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("weed")),
                *arguments,
                cwd=self._folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
                stdout=log,
                stderr=log,
            )
        async with client(self._endpoint, timeout_seconds=2) as http:
            for _ in range(150):
                with contextlib.suppress(HttpFailed):
                    if (await http.get("/")).status_code in (200, 403):
                        break
                await asyncio.sleep(0.1)
        await self._make_bucket()

    async def _make_bucket(self) -> None:
        filer = f"http://127.0.0.1:{self._ports['filer.port']}"
        async with client(filer, timeout_seconds=5) as http:
            for _ in range(100):
                with contextlib.suppress(HttpFailed):
                    # 409: it is there already.
                    if (await http.post(f"/buckets/{BUCKET}/")).status_code in (201, 409):
                        return
                await asyncio.sleep(0.1)
        raise RuntimeError((self._folder / "log").read_text()[-2000:])

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            # Asked politely it takes ten seconds to leave its cluster of one.
            self._process.kill()
            await self._process.wait()


@contextlib.asynccontextmanager
async def running_object_store(folder: Path) -> AsyncIterator[ObjectStore]:
    store = ObjectStore(folder)
    try:
        await store.start()
        yield store
    finally:
        await store.stop()
