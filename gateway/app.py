"""The gateway, wired: its own nouns as one more application, and the pipe that stands in front of all of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from gateway.archive import routes as archive
from gateway.authority import desk, waiting
from gateway.authority.handlers import HANDLERS as AUTHORITY_HANDLERS
from gateway.authority.kind_catalogue import KindCatalogue
from gateway.authority.replayer import Replayer
from gateway.authority.routes import delegations, inbox, my_authority, policies, proposals
from gateway.credentials.anonymous import FORMS, trusted_networks
from gateway.credentials.jobs import JOB_FUNCTIONS as CREDENTIAL_JOBS
from gateway.credentials.repository import AUTHENTICATE_SESSION, CHORES
from gateway.credentials.resources import Credentials
from gateway.credentials.routes import accounts, invitations, oauth, sessions
from gateway.credentials.session import ACCESS_PREFIX
from gateway.federation import routes as federation
from gateway.federation.provider_client import ProviderClient
from gateway.federation.repository import CHORES as FEDERATION_CHORES
from gateway.feed import routes as feed
from gateway.feed.handlers import Arrivals, merging_handlers
from gateway.groups import routes as groups
from gateway.identity import routes as identity
from gateway.identity.authentication import Authenticator
from gateway.identity.repository import AUTHENTICATE
from gateway.identity.token import PREFIX, SERVICE_PREFIX
from gateway.reference import routes as reference
from gateway.resources import Resources
from gateway.routing.breaker import Breaker, GuardedUpstream
from gateway.routing.pipe import Pipe
from gateway.routing.upstream import HttpUpstream, upstream_session
from gateway.scim import door as scim
from services.kernel import app as kernel
from services.kernel.egress import Egress
from services.kernel.http_client import AsgiApp
from services.kernel.identity import IdentitySigner
from services.kernel.inbox import Handlers
from services.kernel.service import Service
from services.kernel.settings import Settings, SettingsRefused

SERVICES = ("planning", "coordination", "reporting")
SOURCES = ("gateway", *SERVICES)


def create_app(settings: Settings | None = None, peers: Mapping[str, AsgiApp] | None = None) -> FastAPI:
    """The gateway. `peers` are the services of this process, by name; without them their URLs come from settings."""
    settings = settings or Settings.load("gateway")
    targets: dict[str, str | AsgiApp] = dict(peers) if peers is not None else _urls(settings)
    arrivals = Arrivals()
    authenticator = Authenticator(
        settings,
        IdentitySigner(settings.signing_keys),
        {PREFIX: AUTHENTICATE, SERVICE_PREFIX: AUTHENTICATE, ACCESS_PREFIX: AUTHENTICATE_SESSION},
    )
    resources = Resources(
        Replayer(targets, IdentitySigner(settings.signing_keys), authenticator.directory_head),
        arrivals,
        KindCatalogue(SERVICES),
        Credentials.from_settings(settings, authenticator),
        ProviderClient(Egress.from_settings(settings)),
    )
    handlers = Handlers()
    handlers.include(merging_handlers())
    handlers.include(AUTHORITY_HANDLERS)
    own = kernel.create_app(
        settings,
        [
            identity.router,
            groups.router,
            archive.router,
            scim.router,
            sessions.router,
            accounts.router,
            invitations.router,
            oauth.router,
            federation.router,
            proposals.router,
            inbox.router,
            policies.router,
            delegations.router,
            my_authority.router,
            feed.router,
            reference.router,
        ],
        title="Tandem gateway",
        handlers=handlers,
        sources=SOURCES,
        jobs={desk.CARRY_OUT: desk.carry_out_later, waiting.MIND: waiting.pass_time, **CREDENTIAL_JOBS},
        peers=targets,
        resources=resources,
        own_directory=True,
        form_paths=FORMS,
        chores=(*CHORES, *FEDERATION_CHORES),
    )
    # Its own facts are merged like everybody's, and asked of itself when some are missing.
    targets["gateway"] = own
    service: Service = own.state.service
    service.after_apply.append(arrivals.tell)
    upstreams: dict[str, ASGIApp] = {}
    within = own.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if peers is None:
                session = await stack.enter_async_context(upstream_session())
                guarded = {name: HttpUpstream(str(targets[name]), session) for name in SERVICES}
                upstreams.update({name: GuardedUpstream(each, Breaker()) for name, each in guarded.items()})
            else:
                upstreams.update(peers)
            await authenticator.open()
            stack.push_async_callback(authenticator.close)
            stack.push_async_callback(resources.replayer.close)
            await stack.enter_async_context(within(app))
            yield

    own.router.lifespan_context = lifespan
    own.state.pipe = Pipe(
        own, service, authenticator, upstreams, resources.credentials.limiter, trusted_networks(settings)
    )
    return own


def front(own: FastAPI) -> ASGIApp:
    """What a server serves: the pipe, with the application's lifespan behind it."""
    pipe: Pipe = own.state.pipe
    return pipe


def create_front() -> ASGIApp:
    """The factory of the gateway's process."""
    return front(create_app())


def _urls(settings: Settings) -> dict[str, str | AsgiApp]:
    urls: dict[str, str | AsgiApp] = {}
    for name in SERVICES:
        url = settings.url_of(name)
        if url is None:
            raise SettingsRefused(f"TANDEM_{name.upper()}_URL is not set; the gateway must know where {name} answers")
        urls[name] = url
    return urls
