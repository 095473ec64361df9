"""What tests of any service need: a clock that stands still, signed principals, a log that keeps what it is given."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.kernel.identity import HEADER, IdentitySigner, Principal
from services.kernel.ids import new_id


class StoppedClock:
    """A clock that moves only when told to."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        self.now += timedelta(**parts)


def make_principal(tenant_id: UUID | None = None, person_id: UUID | None = None, **members: object) -> Principal:
    """A person with all scopes in a tenant of its own, unless told otherwise."""
    return Principal(tenant_id or new_id(), person_id or new_id(), **members)  # type: ignore[arg-type]


def identity_headers(signer: IdentitySigner, principal: Principal, positions: str | None = None) -> dict[str, str]:
    """The headers with which the gateway would pass this principal on."""
    headers = {HEADER: signer.sign(principal)}
    if positions is not None:
        headers["tandem-positions"] = positions
    return headers
