"""What a process is told from outside: one class, one prefix, and a refusal to start on a weak secret.

Every setting X of service S is read from `TANDEM_S_X`, else from `TANDEM_X`, so that one process can host all four
services and four processes can share one environment file.
"""

import os
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PREFIX = "TANDEM_"
MINIMUM_SECRET_LENGTH = 32
SERVICES = ("gateway", "planning", "coordination", "reporting")
WEAK_MARKS = ("changeme", "change-me", "secret", "password", "example", "default")


class SettingsRefused(Exception):
    """A setting is missing or too weak to start with. The message names the variable."""


class Settings(BaseModel):
    """The settings of one service. Names of variables are the upper-cased field names behind the prefix."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    environment: Literal["production", "demo", "test"] = "production"
    database_url: str = Field(description="postgresql:// URL of the role that owns nothing")
    owner_database_url: str | None = Field(default=None, description="URL of the owner of the tables; migrations only")
    database_pool_size: int = Field(
        default=10, ge=1, le=100, description="connections per process for reads, as many for writes"
    )
    nats_url: str = Field(description="nats:// URL of the log server, with its credentials")
    log_name: str = Field(default="tandem", pattern=r"^[a-z0-9_]+$", description="name of the stream of facts")
    internal_keys: str = Field(description="comma-separated secrets; the first signs, all verify")
    cursor_key: str = Field(description="secret that signs paging cursors")
    storage_url: str | None = Field(default=None, description="file:///folder or s3://bucket")
    orphan_hours: float = Field(
        default=72, ge=1, description="how old a stored file must be to be removed when no row came to refer to it"
    )
    mail_url: str | None = Field(default=None, description="smtp://user:password@host:port or outbox:///folder")
    mail_from: str = "Tandem <tandem@localhost>"
    public_url: str = "http://127.0.0.1:8080"
    gateway_url: str | None = None
    planning_url: str | None = None
    coordination_url: str | None = None
    reporting_url: str | None = None
    drain_seconds: float = Field(
        default=2.0, ge=0, le=60, description="how long a stopping process still answers, not ready"
    )
    metrics_token: str | None = Field(default=None, description="bearer token with which a scraper may read /metrics")
    crash: str | None = Field(default=None, description="name:k of a failpoint that kills the process; tests only")
    rate_limits: str = Field(
        default="", description="off, or name=attempts/seconds joined by commas where they differ from the defaults"
    )
    trusted_proxies: str = Field(
        default="", description="comma-separated networks of proxies whose X-Forwarded-For says where a request is from"
    )
    egress_allow: str = Field(
        default="",
        description="comma-separated inner networks that may be called all the same, such as an own identity provider's",
    )
    front_url: str | None = Field(
        default=None, description="where people accept invitations and set passwords; mails then hold a link"
    )
    mpxj_lib: str | None = Field(
        default=None, description="folder with MPXJ's jars, by which planning reads MPP, MPX, XER and PMXML with Java"
    )
    run_workers: bool = Field(
        default=True, description="whether this process also relays, reads the log and works off jobs"
    )

    @classmethod
    def load(cls, service: str, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings of `service`. Raises SettingsRefused with the name of the variable that is at fault."""
        source = os.environ if environ is None else environ
        values: dict[str, str] = {"service": service}
        for name, field in cls.model_fields.items():
            if name == "service":
                continue
            for variable in (f"{PREFIX}{service.upper()}_{name.upper()}", f"{PREFIX}{name.upper()}"):
                if variable in source:
                    values[name] = source[variable]
                    break
            else:
                if field.is_required():
                    raise SettingsRefused(f"{PREFIX}{name.upper()} is not set; {service} cannot start without it")
        try:
            settings = cls.model_validate(values)
        except ValueError as error:
            raise SettingsRefused(f"the settings of {service} are not usable: {error}") from error
        settings.refuse_weak_secrets()
        if settings.crash and settings.environment == "production":
            raise SettingsRefused(f"{PREFIX}CRASH is set; production does not start with a failpoint armed")
        return settings

    def refuse_weak_secrets(self) -> None:
        """A secret that ships with the product or can be guessed is worse than none: nobody notices it."""
        for name, secrets in (
            ("INTERNAL_KEYS", self.signing_keys),
            ("CURSOR_KEY", (self.cursor_key,)),
            ("METRICS_TOKEN", (self.metrics_token,) if self.metrics_token else ()),
        ):
            for secret in secrets:
                if len(secret) < MINIMUM_SECRET_LENGTH:
                    raise SettingsRefused(f"{PREFIX}{name} is shorter than {MINIMUM_SECRET_LENGTH} characters")
                if self.environment == "production" and any(mark in secret.lower() for mark in WEAK_MARKS):
                    raise SettingsRefused(f"{PREFIX}{name} looks like a default and not like a random secret")

    @property
    def signing_keys(self) -> tuple[str, ...]:
        return tuple(key.strip() for key in self.internal_keys.split(",") if key.strip()) or ("",)

    def url_of(self, service: str) -> str | None:
        """Where another service answers over HTTP; None inside one process."""
        url: str | None = getattr(self, f"{service}_url")
        return url
