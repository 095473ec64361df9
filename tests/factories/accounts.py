"""People who sign in: invited by their administrator, with the code from the mail, as it happens outside of tests."""

import asyncio
import email
import email.policy
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from services.kernel.http_client import Response
from services.kernel.ids import new_id
from tests.factories.system import Person, SystemUnderTest, Tenant

PASSWORD = "correct horse battery staple"
_CODE = re.compile(r"^tdm_[a-z]{3}_[A-Za-z0-9_-]+$", re.MULTILINE)


def fresh_address() -> str:
    return f"p{new_id().hex[-12:]}@example.org"


def outbox_of(system: SystemUnderTest) -> Path:
    """The folder in which the system's mails lie."""
    url = system.service.settings.mail_url
    assert url is not None
    return Path(unquote(url.removeprefix("outbox://")))


def mails_to(system: SystemUnderTest, address: str) -> list[Any]:
    """The messages to an address, the oldest first."""
    messages = []
    for path in sorted(outbox_of(system).glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if address in str(message["To"]):
            messages.append(message)
    return messages


async def mailed_code(system: SystemUnderTest, address: str, number: int = 1) -> str:
    """The code of the numbered mail to an address, once it is there."""
    async with asyncio.timeout(20):
        while len(messages := mails_to(system, address)) < number:
            await asyncio.sleep(0.02)
    found = _CODE.search(messages[number - 1].get_content().replace("\r\n", "\n"))
    assert found is not None, messages[number - 1].get_content()
    return found[0]


async def add_person(tenant: Tenant, address: str, **members: Any) -> UUID:
    added = await tenant.admin.post("/v1/people", {"name": "Kari Nordmann", "email": address} | members)
    assert added.status_code == 201, added.text
    return UUID(added.json()["id"])


async def invite(system: SystemUnderTest, tenant: Tenant, person_id: UUID, address: str) -> tuple[str, str]:
    """Invite a person. Returns the invitation's id and its code."""
    before = len(mails_to(system, address))
    invited = await tenant.admin.post("/v1/invitations", {"person_id": str(person_id)})
    assert invited.status_code == 201, invited.text
    return invited.json()["id"], await mailed_code(system, address, before + 1)


async def accept(system: SystemUnderTest, code: str, address: str, password: str = PASSWORD) -> Response:
    body = {"token": code, "email": address, "password": password}
    return await system.http.post("/v1/invitation-acceptances", json=body)


async def sign_in(
    system: SystemUnderTest, address: str, password: str = PASSWORD, tenant_id: str | None = None, **options: Any
) -> Response:
    body = {"email": address, "password": password} | ({"tenant_id": tenant_id} if tenant_id is not None else {})
    return await system.http.post("/v1/sessions", json=body, **options)


class Account:
    """Somebody who can sign in, by address and password."""

    def __init__(self, system: SystemUnderTest, tenant: Tenant, address: str, person_id: UUID) -> None:
        self.system = system
        self.tenant = tenant
        self.address = address
        self.person_id = person_id

    async def session(self, password: str = PASSWORD) -> "SignedIn":
        answer = await sign_in(self.system, self.address, password)
        assert answer.status_code == 201, answer.text
        return SignedIn(self.system, self.person_id, answer.json())


class SignedIn(Person):
    """A client with the access token of a session."""

    def __init__(self, system: SystemUnderTest, person_id: UUID, answer: dict[str, Any]) -> None:
        super().__init__(system.http, answer["access_token"], person_id)
        self.session_id: str = answer["id"]
        self.refresh_token: str = answer["refresh_token"]
        self.answer = answer


async def make_account(system: SystemUnderTest, tenant: Tenant, **members: Any) -> Account:
    """A person with an address of their own, who has accepted an invitation."""
    address = fresh_address()
    person_id = await add_person(tenant, address, **members)
    _, code = await invite(system, tenant, person_id, address)
    accepted = await accept(system, code, address)
    assert accepted.status_code == 201, accepted.text
    return Account(system, tenant, address, person_id)


async def refresh(system: SystemUnderTest, refresh_token: str) -> Response:
    return await system.http.post(
        "/v1/oauth/token", data={"grant_type": "refresh_token", "refresh_token": refresh_token}
    )
