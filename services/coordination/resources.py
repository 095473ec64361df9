"""What this service's routes and jobs use besides the database: the store of files and the way to send mail."""

from dataclasses import dataclass
from email.utils import parseaddr

from services.kernel.mail import Mailbox, Mailer, mailer
from services.kernel.problems import Unavailable
from services.kernel.settings import Settings
from services.kernel.storage import Storage, storage


class StorageNotConfigured(Unavailable):
    code = "storage_not_configured"
    title = {"en": "This installation has no store for files", "nb": "Denne installasjonen har ikke noe fillager"}


class MailNotConfigured(Unavailable):
    code = "mail_not_configured"
    title = {"en": "This installation cannot send mail", "nb": "Denne installasjonen kan ikke sende e-post"}


@dataclass(frozen=True, slots=True)
class Resources:
    """Built once per process from the settings. What is not configured is missed where it is needed, not at start."""

    sender: Mailbox
    # None where no store is configured; whoever needs one asks for `storage`.
    store: Storage | None
    _mailer: Mailer | None

    @classmethod
    def from_settings(cls, settings: Settings) -> "Resources":
        """Raises ValueError for a URL or a sender's address that cannot be used."""
        name, address = parseaddr(settings.mail_from)
        return cls(
            Mailbox(address, name),
            storage(settings.storage_url, settings.service) if settings.storage_url else None,
            mailer(settings.mail_url) if settings.mail_url else None,
        )

    @property
    def storage(self) -> Storage:
        if self.store is None:
            raise StorageNotConfigured
        return self.store

    @property
    def mailer(self) -> Mailer:
        if self._mailer is None:
            raise MailNotConfigured
        return self._mailer
