"""Who is asking: the principal, and the short-lived signed form in which the gateway hands it to a service."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from services.kernel.problems import Unauthenticated

HEADER = "tandem-identity"
LIFETIME_SECONDS = 60
LEEWAY_SECONDS = 5
ALGORITHM = "HS256"
ALL_SCOPES = frozenset(
    f"{service}:{act}" for service in ("planning", "coordination", "reporting") for act in ("read", "propose", "decide")
) | {"admin"}

# Of software that keeps a tenant's people; nobody has it for being a person, and it includes nothing else.
PROVISIONING_SCOPE = "scim"

# Software that acts under its own name.
MACHINES = ("integration", "agent")
PrincipalKind = Literal["person", "integration", "agent", "service"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody or something that acts, inside one tenant.

    `on_behalf_of_id` and `proposal_id` are set while a decision replays a proposal: the principal is then the decider,
    the proposer is who it acts for, and `approvals` says how many deciders stand behind it. `authenticated_at` is when
    the person last proved who they are; None where no such proof stands behind the request, as with a personal token.
    """

    tenant_id: UUID
    person_id: UUID
    kind: PrincipalKind = "person"
    scopes: frozenset[str] = ALL_SCOPES
    tenant_role: str | None = None
    on_behalf_of_id: UUID | None = None
    proposal_id: UUID | None = None
    reason: str | None = None
    approvals: int = 0
    authenticated_at: datetime | None = None

    @property
    def is_machine(self) -> bool:
        return self.kind in MACHINES

    def minutes_since_sign_in(self) -> int | None:
        """Whole minutes since the person last proved who they are, None where they did not."""
        if self.authenticated_at is None:
            return None
        return int((datetime.now(UTC) - self.authenticated_at).total_seconds() // 60)

    def has_scope(self, scope: str) -> bool:
        """A wider act includes the narrower ones: decide covers propose, propose covers read.

        The gateway has no scopes of its own: who is on a project and its policy go with planning it.
        """
        scope = scope.replace("gateway:", "planning:")
        if scope in self.scopes:
            return True
        service, _, act = scope.partition(":")
        wider = {"read": ("propose", "decide"), "propose": ("decide",)}.get(act, ())
        return any(f"{service}:{name}" in self.scopes for name in wider)


class IdentitySigner:
    """Signs and verifies principals with a rotating list of shared secrets (the first signs, all verify)."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [OctKey.import_key(key) for key in keys]
        self._verified: dict[str, tuple[Principal, float]] = {}

    def sign(self, principal: Principal, now: float | None = None) -> str:
        """The signed form of `principal`, good for a minute."""
        issued = int(time.time() if now is None else now)
        claims: dict[str, object] = {
            "iss": "tandem-gateway",
            "aud": "tandem-services",
            "iat": issued,
            "exp": issued + LIFETIME_SECONDS,
            "tid": str(principal.tenant_id),
            "sub": str(principal.person_id),
            "kind": principal.kind,
            "scopes": sorted(principal.scopes),
        }
        optional = {
            "role": principal.tenant_role,
            "obo": principal.on_behalf_of_id and str(principal.on_behalf_of_id),
            "prop": principal.proposal_id and str(principal.proposal_id),
            "why": principal.reason,
            "appr": principal.approvals or None,
            "auth": principal.authenticated_at and int(principal.authenticated_at.timestamp()),
        }
        claims.update({name: value for name, value in optional.items() if value is not None})
        return jwt.encode({"alg": ALGORITHM, "typ": "tandem-identity+jwt"}, claims, self._keys[0])

    def verify(self, token: str, now: float | None = None) -> Principal:
        """The principal of a signed identity. Raises Unauthenticated for anything else."""
        clock = time.time() if now is None else now
        known = self._verified.get(token)
        if known is not None and known[1] > clock:
            return known[0]
        for key in self._keys:
            try:
                decoded = jwt.decode(token, key, algorithms=[ALGORITHM])
                return self._remember(token, decoded.header, decoded.claims, clock)
            except (JoseError, ValueError, KeyError, TypeError):
                continue
        raise Unauthenticated

    def _remember(self, token: str, header: dict[str, object], claims: dict[str, object], clock: float) -> Principal:
        expires, begins = claims["exp"], claims.get("nbf", 0)
        if (
            header.get("typ") != "tandem-identity+jwt"
            or claims.get("iss") != "tandem-gateway"
            or claims.get("aud") != "tandem-services"
            or type(expires) is not int
            or not clock - LEEWAY_SECONDS < expires <= clock + LIFETIME_SECONDS + LEEWAY_SECONDS
            or type(begins) is not int
            or begins > clock + LEEWAY_SECONDS
        ):
            raise ValueError("not an identity for this service")
        scopes = claims["scopes"]
        kind = claims["kind"]
        if not isinstance(scopes, list) or kind not in ("person", "integration", "agent", "service"):
            raise ValueError("not an identity for this service")
        optional = {name: claims.get(name) for name in ("appr", "auth", "obo", "prop", "role", "why")}
        authenticated = optional["auth"]
        principal = Principal(
            tenant_id=UUID(str(claims["tid"])),
            person_id=UUID(str(claims["sub"])),
            kind=kind,
            scopes=frozenset(str(scope) for scope in scopes),
            tenant_role=str(optional["role"]) if optional["role"] else None,
            on_behalf_of_id=UUID(str(optional["obo"])) if optional["obo"] else None,
            proposal_id=UUID(str(optional["prop"])) if optional["prop"] else None,
            reason=str(optional["why"]) if optional["why"] else None,
            approvals=int(str(optional["appr"] or 0)),
            authenticated_at=datetime.fromtimestamp(int(str(authenticated)), UTC) if authenticated else None,
        )
        if len(self._verified) > 10_000:
            self._verified.clear()
        self._verified[token] = (principal, float(expires))
        return principal
