"""What the gateway adds to the parts that every service has."""

from dataclasses import dataclass

from gateway.authority.kind_catalogue import KindCatalogue
from gateway.authority.replayer import Replayer
from gateway.credentials.resources import Credentials
from gateway.federation.provider_client import ProviderClient
from gateway.feed.handlers import Arrivals


@dataclass(frozen=True, slots=True)
class Resources:
    replayer: Replayer
    arrivals: Arrivals
    kinds: KindCatalogue
    credentials: Credentials
    providers: ProviderClient
