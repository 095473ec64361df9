"""The kinds of act of all services, which the gateway asks of each once: policies and explanations speak of them."""

from collections.abc import Mapping

import orjson

from services.kernel.authority import KINDS, Kind
from services.kernel.http_client import HttpFailed
from services.kernel.peers import Peers
from services.kernel.problems import Unavailable


class KindCatalogue:
    """Kinds by name. They change with a release only, so what a service has said once is kept."""

    def __init__(self, services: tuple[str, ...]) -> None:
        self._services = services
        self._known: dict[str, dict[str, Kind]] = {}

    async def all(self, peers: Peers) -> Mapping[str, Kind]:
        """Every service's kinds. Raises Unavailable while a service that has never answered does not answer."""
        for service in self._services:
            if service not in self._known:
                try:
                    described = orjson.loads(await peers.document(service, "/internal/kinds"))
                except HttpFailed as error:
                    raise Unavailable from error
                self._known[service] = {
                    each["kind"]: Kind(
                        each["kind"], each["class"], each["title"], tuple(each["effects"]), each["judged_by"],
                        each["delegable"],
                    )
                    for each in described
                }  # fmt: skip
        return {name: kind for kinds in (*self._known.values(), KINDS) for name, kind in kinds.items()}
