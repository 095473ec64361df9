"""What the routes and jobs of credentials use besides the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr

from gateway.credentials.password import Passwords
from gateway.credentials.rate_limit import RateLimiter, limits_of
from gateway.identity.authentication import Authenticator
from services.kernel.mail import Mailbox, Mailer, mailer
from services.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Credentials:
    """Built once per process. Without a mail server nobody is invited and no password is reset."""

    authenticator: Authenticator
    limiter: RateLimiter
    passwords: Passwords
    sender: Mailbox
    mailer: Mailer | None
    front_url: str | None

    @classmethod
    def from_settings(cls, settings: Settings, authenticator: Authenticator) -> "Credentials":
        """Raises ValueError for a URL or a sender's address that cannot be used, SettingsRefused for limits."""
        name, address = parseaddr(settings.mail_from)
        return cls(
            authenticator=authenticator,
            limiter=RateLimiter(limits_of(settings)),
            passwords=Passwords(settings),
            sender=Mailbox(address, name),
            mailer=mailer(settings.mail_url) if settings.mail_url else None,
            front_url=settings.front_url,
        )

    @property
    def limits(self) -> Mapping[str, object]:
        """The limits in force by name, as `/v1/limits` shows them."""
        return {
            name: {"attempts": limit.quota, "seconds": limit.seconds} for name, limit in self.limiter.limits.items()
        }
