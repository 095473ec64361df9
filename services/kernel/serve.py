"""Serves one application until it is told to stop, and then drains: not ready first, closed after that, exit status 0.

`python -m services.kernel.serve services.planning.app:create_app --host 127.0.0.1 --port 8001`. A balancer needs a moment to see that a
process is no longer ready; what it sends meanwhile is still answered.
"""

import argparse
import asyncio
import gc
import importlib
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from services.kernel.http_server import PunctualProtocol
from services.kernel.service import Service
from services.kernel.settings import SettingsRefused

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 5
# A request that recomputes a plan makes tens of thousands of objects that live until its answer; Python's own 700 would have
# the collector look through them again and again, for a fifth of the request's time.
NEW_OBJECTS = 20_000


class DrainingServer(uvicorn.Server):
    """A server whose first SIGTERM makes its service say that it is not ready, before anything is closed."""

    def __init__(self, config: uvicorn.Config, service: Service | None) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._service is None or self._service.draining or sig == signal.SIGINT:
            self.force_exit = self.should_exit
            self.should_exit = True
            return
        self._service.draining = True
        asyncio.get_running_loop().call_later(self._service.settings.drain_seconds, self._stop)

    def _stop(self) -> None:
        self.should_exit = True


def configuration(application: Any, host: str, port: int) -> uvicorn.Config:
    """How any of the applications is served."""
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http=PunctualProtocol,
        ws="none",
        # Whom a forwarding header may be believed from is the gateway's to judge (trusted_proxies), not the server's.
        proxy_headers=False,
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def main() -> None:
    """Parse the command line and serve. A refused setting is one sentence and exit status 2, not a trace."""
    parser = argparse.ArgumentParser(description="Serve one of Tandem's applications.")
    parser.add_argument("factory", help="module:function that makes the application")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--after", type=Path, help="serve when this file is there; load at once")
    arguments = parser.parse_args()
    module, _, attribute = arguments.factory.partition(":")
    # Imports make a million objects and hardly any garbage, which the collector would look for again and again.
    gc.disable()
    try:
        application = getattr(importlib.import_module(module), attribute)()
    except SettingsRefused as refused:
        sys.stderr.write(f"{refused}\n")
        raise SystemExit(2) from None
    # What the imports have made stays for good; going through it again and again would stop everything for a tenth of a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    gc.enable()
    while arguments.after is not None and not arguments.after.exists():
        time.sleep(0.01)
    config = configuration(application, arguments.host, arguments.port)
    # The applications carry their service in their state; anything else that is served has nothing to drain.
    service: Service | None = getattr(getattr(application, "state", None), "service", None)
    DrainingServer(config, service).run()


if __name__ == "__main__":
    main()
