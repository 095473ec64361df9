"""Loopback ports: found free once, then remembered in the data folder and used again while nobody else took them."""

import json
import secrets
import socket
from pathlib import Path

from deploy.local.errors import CannotStart

HOST = "127.0.0.1"
# Below the range from which systems draw the source ports of outgoing connections: a server that is restarted could
# otherwise find its own port taken by a client that happens to be using it.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(avoid: frozenset[int] = frozenset()) -> int:
    """A loopback port on which nothing listens and that is not in `avoid`."""
    for _ in range(500):
        # Not from `random`, whose seed test runs fix: parallel runs would then collide.
        port = FIRST + secrets.randbelow(LAST - FIRST)
        if port not in avoid and is_free(port):
            return port
    raise CannotStart(f"No free port was found between {FIRST} and {LAST}.")


class PortBook:
    """The chosen port of each name, kept as JSON in `file`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._ports: dict[str, int] = {name: int(port) for name, port in json.loads(file.read_text()).items()}
        except (OSError, ValueError, AttributeError, TypeError):
            # Ports are a preference, so a missing or damaged file costs nothing but new numbers.
            self._ports = {}

    def port(self, name: str) -> int:
        """The remembered port if it is still free, else a new one, which is remembered."""
        known = self._ports.get(name)
        if known is None or not is_free(known):
            others = frozenset(port for other, port in self._ports.items() if other != name)
            self._ports[name] = free_port(others)
            self._file.write_text(json.dumps(self._ports, indent=2))
        return self._ports[name]
