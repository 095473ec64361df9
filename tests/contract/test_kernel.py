"""What every service leans on: the numbered chain of facts, one effect per request, readers that catch up, identities."""

import asyncio
import base64
import hmac
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import pytest

from gateway.authority.templates import standard_policy
from services.kernel.events import Fact, FactType
from services.kernel.identity import HEADER, IdentitySigner, Principal
from services.kernel.ids import new_id
from services.kernel.inbox import NOBODY, Handlers, Inbox
from services.kernel.outbox import ChainBroken, read_facts, verify_chain
from services.kernel.peers import Peers
from services.kernel.problems import CatchingUp, Unauthenticated
from services.kernel.session import WriteSession
from services.kernel.settings import Settings, SettingsRefused
from tests.factories.world import ServiceUnderTest, World, make_fact, until_served

DOWN = "http://127.0.0.1:1"  # Nobody listens on the port of the multiplexer.
PROJECT = {"key": "TUN", "name": "A tunnel", "start": "2026-03-02T08:00:00"}


# -- facts ------------------------------------------------------------------------------------------------------------


async def test_twenty_writers_at_once_leave_no_gap_and_an_unbroken_chain(planning: ServiceUnderTest) -> None:
    world = await planning.world(standard_policy())
    answers = await asyncio.gather(
        *(
            until_served(partial(world["manager"].post, "/v1/projects", PROJECT | {"key": f"P{number}"}))
            for number in range(20)
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    numbers = sorted(int(answer.headers["tandem-position"].partition("=")[2]) for answer in answers)
    assert numbers == list(range(2, 22)), "each answer names its own number, behind the one of the world's project"
    async with planning.service.database.write(Principal(world.tenant_id, NOBODY)) as session:
        assert await verify_chain(await session.driver(), world.tenant_id) == 21


@pytest.mark.parametrize(
    "tampering",
    [
        "update outbox set envelope = replace(envelope, 'A tunnel', 'A ferry') where tenant_id = $1 and number = 2",
        "update outbox set hash = sha256(hash) where tenant_id = $1 and number = 2",
        "delete from outbox where tenant_id = $1 and number = 2",
        "update outbox set number = -number where tenant_id = $1 and number = 2",
    ],
)
async def test_whoever_changes_history_breaks_the_chain(planning: ServiceUnderTest, tampering: str) -> None:
    world = await planning.world(standard_policy())
    for key in ("TUN", "FERRY"):
        await world["manager"].post("/v1/projects", PROJECT | {"key": key})
    # The service itself may not; the forger has got hold of the role that relays.
    async with planning.service.database.background() as connection:
        await connection.execute(tampering, world.tenant_id)
    async with planning.service.database.write(Principal(world.tenant_id, NOBODY)) as session:
        with pytest.raises(ChainBroken):
            await verify_chain(await session.driver(), world.tenant_id)


async def test_a_write_that_fails_leaves_no_fact_behind(planning: ServiceUnderTest) -> None:
    world = await planning.world(standard_policy())
    head = "select number from outbox_heads where tenant_id = $1"
    async with planning.service.database.read(world.tenant_id) as session:
        before = await session.value(head, world.tenant_id)
    assert (await world["manager"].post("/v1/projects", {**PROJECT, "key": "BRO"})).status_code == 409
    assert (await world["stranger"].patch(f"/v1/projects/{world.project_id}", {"name": "Mine"}, 1)).status_code == 404
    assert (await world["manager"].post("/v1/projects?dry_run=true", PROJECT)).status_code == 200
    async with planning.service.database.read(world.tenant_id) as session:
        assert await session.value(head, world.tenant_id) == before


# -- one effect -------------------------------------------------------------------------------------------------------


async def test_of_fifty_changes_with_one_etag_one_wins_and_the_others_are_told(planning: ServiceUnderTest) -> None:
    world = await planning.world(standard_policy())
    path = f"/v1/projects/{world.project_id}"
    answers = await asyncio.gather(*(world["manager"].patch(path, {"name": f"Name {n}"}, 1) for n in range(50)))
    statuses = Counter(answer.status_code for answer in answers)
    # On a busy machine some find no connection in time and are asked to come back.
    assert (statuses[200], statuses[412] + statuses[503]) == (1, 49), statuses
    told = {
        (answer.json()["current_version"], *answer.json()["changed_fields"])
        for answer in answers
        if answer.status_code == 412
    }
    assert told == {(2, "name")}, "also those who were overtaken behind their check"
    winner = next(answer.json()["name"] for answer in answers if answer.status_code == 200)
    assert (await world["manager"].get(path)).json()["name"] == winner


async def test_fifty_times_the_same_key_is_one_effect_and_one_answer(planning: ServiceUnderTest) -> None:
    world = await planning.world(standard_policy())
    headers = {"Idempotency-Key": "fifty"}
    answers = await asyncio.gather(
        *(world["manager"].post("/v1/projects", PROJECT, headers=headers) for _ in range(50))
    )
    told = [answer for answer in answers if answer.status_code != 409]
    assert {answer.status_code for answer in told} == {201}
    assert len({answer.content for answer in told}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in told) == 1
    again = await world["manager"].post("/v1/projects", PROJECT, headers=headers)
    assert (again.content, again.headers["idempotency-replayed"]) == (told[0].content, "true")


async def test_a_key_is_its_owners_alone_and_is_not_used_up_by_a_refusal(planning: ServiceUnderTest) -> None:
    headers = {"Idempotency-Key": "shared"}
    worlds = [await planning.world(standard_policy()) for _ in range(2)]
    made = [await world["manager"].post("/v1/projects", PROJECT, headers=headers) for world in worlds]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["id"] != made[1].json()["id"]
    other = await worlds[0]["owner"].post("/v1/projects", PROJECT | {"key": "OWN"}, headers=headers)
    assert other.status_code == 201, "another person's same key is another key"
    world = worlds[0]
    refused = await world["manager"].post("/v1/projects", {}, headers={"Idempotency-Key": "later"})
    assert refused.status_code == 422
    assert (
        await world["manager"].post("/v1/projects", PROJECT | {"key": "OK"}, headers={"Idempotency-Key": "later"})
    ).status_code == 201


async def test_two_clients_that_move_tasks_against_each_other_get_an_answer_each_time(
    planning: ServiceUnderTest,
) -> None:
    world = await planning.world(standard_policy())
    path = f"/v1/projects/{world.project_id}/tasks"
    ids = [
        (await world["manager"].post(path, {"title": title, "duration_minutes": 450})).json()["id"] for title in "AB"
    ]

    async def move(order: list[str]) -> list[int]:
        statuses = []
        for round_number in range(15):
            for task_id in order:
                version = (await world["manager"].get(f"/v1/tasks/{task_id}")).json()["version"]
                answer = await world["manager"].patch(
                    f"/v1/tasks/{task_id}", {"duration_minutes": 450 + 15 * round_number}, version
                )
                statuses.append(answer.status_code)
        return statuses

    statuses = [each for statuses in await asyncio.gather(move(ids), move(ids[::-1])) for each in statuses]
    assert set(statuses) <= {200, 409, 412}
    assert Counter(statuses)[200] >= 15


# -- readers ----------------------------------------------------------------------------------------------------------


def memberships(world: World, role: str, number: int, project_id: UUID, **members: Any) -> Fact:
    data = {"person_id": str(world.people[role]), "role": "member"}
    return make_fact(
        "gateway",
        number,
        world.tenant_id,
        "gateway.membership.granted",
        new_id(),
        data,
        project_id=project_id,
        **members,
    )


async def test_a_gap_is_never_jumped_and_a_repetition_does_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(standard_policy())
    inbox = planning.service.inbox
    async with planning.service.database.read(world.tenant_id) as session:
        cursor = await session.value(
            "select number from inbox_cursors where tenant_id = $1 and source = 'gateway'", world.tenant_id
        )
    late = memberships(world, "stranger", cursor + 2, world.project_id)
    assert not await inbox.apply(world.tenant_id, "gateway", [late])
    assert (await world["stranger"].get(f"/v1/projects/{world.project_id}")).status_code == 404
    early = memberships(world, "stranger", cursor + 1, new_id())
    assert await inbox.apply(world.tenant_id, "gateway", [late, early])
    assert await inbox.apply(world.tenant_id, "gateway", [early, late])
    assert (await world["stranger"].get(f"/v1/projects/{world.project_id}")).status_code == 200


async def test_a_fact_that_cannot_be_handled_holds_up_its_project_and_no_other(planning: ServiceUnderTest) -> None:
    world = await planning.world(standard_policy())
    tenant_id, sick, sound = world.tenant_id, new_id(), new_id()
    seen: list[tuple[UUID | None, int]] = []
    well = asyncio.Event()
    inbox = planning.service.inbox

    @inbox._handlers.on("reporting.thing.happened")
    async def handle(session: WriteSession, fact: Fact) -> None:
        if fact.project_id == sick and fact.data["n"] == 1 and not well.is_set():
            raise ValueError("cannot be understood")
        seen.append((fact.project_id, fact.data["n"]))

    facts = [
        make_fact("reporting", number, tenant_id, "reporting.thing.happened", new_id(), {"n": n}, project_id=project_id)
        for number, (project_id, n) in enumerate([(sick, 1), (sound, 1), (sick, 2), (sound, 2)], 1)
    ]
    assert await inbox.apply(tenant_id, "reporting", facts)
    assert seen == [(sound, 1), (sound, 2)]
    parked = "select number, problem from parked_facts where tenant_id = $1 order by number"
    async with planning.service.database.read(tenant_id) as session:
        rows = await session.rows(parked, tenant_id)
    assert [row["number"] for row in rows] == [1, 3]
    assert "cannot be understood" in rows[0]["problem"]

    well.set()
    async with asyncio.timeout(20):
        while len(seen) < 4:
            await asyncio.sleep(0.1)
    assert seen[2:] == [(sick, 1), (sick, 2)], "in the order in which they happened"
    async with planning.service.database.read(tenant_id) as session:
        assert await session.rows(parked, tenant_id) == []


async def test_what_follows_from_facts_of_two_people_is_each_ones_own(planning: ServiceUnderTest) -> None:
    tenant_id, people = new_id(), [new_id(), new_id()]
    heard = FactType("planning.answer.given", 1, {}, "An answer.")

    @planning.service.inbox._handlers.on("reporting.question.asked")
    async def handle(session: WriteSession, fact: Fact) -> None:
        session.record(heard, "answer", fact.subject_id, {}, project_id=None)

    asked = [
        make_fact("reporting", number, tenant_id, "reporting.question.asked", new_id(), {}, actor_id=person_id)
        for number, person_id in enumerate(people, 1)
    ]
    assert await planning.service.inbox.apply(tenant_id, "reporting", asked)
    async with planning.service.database.read(tenant_id) as session:
        stored = await read_facts(session, tenant_id, 0, 10)
    assert [orjson.loads(each)["actor_id"] for each in stored] == [str(each) for each in people]


async def test_a_fact_that_was_given_up_keeps_its_reason_and_waits_for_a_person(
    planning: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kernel.inbox.PARKED_ATTEMPTS", 2)
    world = await planning.world(standard_policy())
    tenant_id, sick, later = world.tenant_id, new_id(), new_id()
    seen: list[tuple[UUID | None, int]] = []
    ill = {sick, later}
    inbox = planning.service.inbox

    @inbox._handlers.on("reporting.failure.happened")
    async def handle(session: WriteSession, fact: Fact) -> None:
        if fact.project_id in ill and fact.data["n"] == 1:
            raise ValueError("cannot be understood")
        seen.append((fact.project_id, fact.data["n"]))

    def happened(number: int, project_id: UUID, n: int) -> Fact:
        return make_fact(
            "reporting", number, tenant_id, "reporting.failure.happened", new_id(), {"n": n}, project_id=project_id
        )

    parked = """select number, problem, attempts, parked_at, next_attempt_at is null as given_up
                from parked_facts where tenant_id = $1 order by number"""

    async def rows() -> Sequence[Mapping[str, Any]]:
        async with planning.service.database.read(tenant_id) as session:
            return await session.rows(parked, tenant_id)

    assert await inbox.apply(tenant_id, "reporting", [happened(1, sick, 1), happened(2, sick, 2)])
    first = await rows()
    async with asyncio.timeout(20):
        while not (await rows())[0]["given_up"]:
            await asyncio.sleep(0.1)
    assert await inbox.apply(tenant_id, "reporting", [happened(3, later, 1)])
    ill.remove(later)
    async with asyncio.timeout(20):
        while not seen:
            await asyncio.sleep(0.1)
    assert seen == [(later, 1)], "another project's fact is retried"
    given_up, waiting = await rows()
    assert (given_up["number"], given_up["attempts"]) == (1, 2)
    assert "cannot be understood" in given_up["problem"]
    assert given_up["parked_at"] == first[0]["parked_at"], "it is parked since its first failure"
    assert (waiting["number"], waiting["attempts"], waiting["given_up"]) == (2, 0, False)

    ill.remove(sick)
    async with planning.service.database.write(Principal(tenant_id, new_id(), kind="service")) as session:
        await session.value(
            "update parked_facts set next_attempt_at = now() where tenant_id = $1 and number = 1", tenant_id
        )
        await session.commit()
    async with asyncio.timeout(20):
        while len(seen) < 3:
            await asyncio.sleep(0.1)
    assert seen[1:] == [(sick, 1), (sick, 2)]
    assert await rows() == []


async def test_whoever_saw_more_than_can_be_had_is_asked_to_come_back(
    planning: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(planning.service.peers._targets, "gateway", DOWN)
    world = await planning.world(standard_policy())
    answer = await world["manager"].get(
        f"/v1/projects/{world.project_id}", headers={"Tandem-Positions": "gateway=999999"}
    )
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (503, "catching_up", True)
    assert int(answer.headers["retry-after"]) >= 1
    unreadable = await world["manager"].get("/v1/projects", headers={"Tandem-Positions": "gateway=x"})
    assert unreadable.status_code == 400


async def test_a_reader_fetches_what_it_missed_from_its_source(
    planning: ServiceUnderTest, coordination: ServiceUnderTest
) -> None:
    world = await planning.world(standard_policy())
    peers = Peers({"planning": planning.app}, coordination.service.signer, "coordination")
    heard: list[str] = []
    handlers = Handlers()

    @handlers.on("planning.project.created")
    async def note(session: WriteSession, fact: Fact) -> None:
        heard.append(fact.data["key"])

    database = coordination.service.database
    inbox = Inbox(database, coordination.service.log, peers, handlers, ("planning",), lambda *_: None)
    assert await inbox.reach(world.tenant_id, {"planning": 1})
    assert heard == ["BRO"]
    assert not await inbox.reach(world.tenant_id, {"planning": 1}), "what was reached is not asked for again"
    down = Inbox(
        database,
        coordination.service.log,
        Peers({"planning": DOWN}, coordination.service.signer, "coordination"),
        handlers,
        ("planning",),
        lambda *_: None,
    )
    with pytest.raises(CatchingUp):
        await down.reach(world.tenant_id, {"planning": 2})


# -- identities and secrets -------------------------------------------------------------------------------------------

KEY = "a shared key of forty characters, or more."
PRINCIPAL = Principal(new_id(), new_id())


def forged(header: dict[str, Any] | None = None, key: str = KEY, **claims: Any) -> str:
    """An identity like the gateway's, with other headers or claims; a claim of None is left out."""
    now = int(time.time())
    body = {
        "iss": "tandem-gateway",
        "aud": "tandem-services",
        "iat": now,
        "exp": now + 60,
        "tid": str(PRINCIPAL.tenant_id),
        "sub": str(PRINCIPAL.person_id),
        "kind": "person",
        "scopes": [],
    }
    body = {name: value for name, value in (body | claims).items() if value is not None}
    return signed({"alg": "HS256", "typ": "tandem-identity+jwt"} | (header or {}), body, key)


def signed(header: dict[str, Any], claims: dict[str, Any], key: str) -> str:
    """A compact JWS, made by hand since a library would refuse to make most of these."""
    content = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    algorithm = "sha512" if header["alg"] == "HS512" else "sha256"
    return f"{content}.{encoded(hmac.digest(key.encode(), content.encode(), algorithm))}"


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def unsigned(algorithm: str) -> str:
    """The header and claims of a good identity under another algorithm's name, with no signature."""
    header = encoded(json.dumps({"alg": algorithm, "typ": "tandem-identity+jwt"}).encode())
    return f"{header}.{forged().split('.')[1]}."


ATTACKS = {
    **{f"alg {name}": unsigned(name) for name in ("none", "None", "nOnE", "HS256", "RS256", "")},
    "another key": forged(key="another key of forty characters, or more.."),
    "an algorithm that is not ours": forged({"alg": "HS512"}),
    "no typ": forged({"typ": None}),
    "another typ": forged({"typ": "at+jwt"}),
    "another audience": forged(aud="somebody-else"),
    "no audience": forged(aud=None),
    "another issuer": forged(iss="nobody"),
    "no expiry": forged(exp=None),
    "an expiry in words": forged(exp="tomorrow"),
    "a broken expiry": forged(exp=1.5e300),
    "expired": forged(exp=int(time.time()) - 60),
    "no subject": forged(sub=None),
    "a subject that is no id": forged(sub="../../etc/passwd"),
    "no tenant": forged(tid=None),
    "a kind that nobody is": forged(kind="god"),
    "scopes as one string": forged(scopes="admin"),
    "no scopes": forged(scopes=None),
    "an unknown critical header": forged({"crit": ["b64"], "b64": False}),
    "64 KB": "A" * 65_536,
    "64 KB of points": "." * 65_536,
    "nothing": "",
    "half": forged()[:40],
    "not ASCII": "ø.æ.å",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_identity_that_the_gateway_did_not_sign_is_nobodys(attack: str) -> None:
    signer = IdentitySigner([KEY])
    started = time.perf_counter()
    with pytest.raises(Unauthenticated):
        signer.verify(ATTACKS[attack])
    assert time.perf_counter() - started < 0.05


@pytest.mark.parametrize(
    "header", [{"kid": "../../dev/null"}, {"kid": "' or 1=1"}, {"jku": "http://127.0.0.1/keys"}, {"jwk": {"kty": "oct", "k": "AA"}}],
    ids=lambda header: next(iter(header)),
)  # fmt: skip
def test_a_header_that_points_to_a_key_changes_nothing(header: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        IdentitySigner([KEY]).verify(forged(header, key="another key of forty characters, or more.."))


def test_a_good_identity_is_known_until_its_time_is_over() -> None:
    signer = IdentitySigner([KEY])
    token = signer.sign(PRINCIPAL, now=1_000_000.0)
    assert signer.verify(token, now=1_000_030.0) == PRINCIPAL
    assert (
        IdentitySigner(["the next key of forty characters, or more.", KEY]).verify(token, now=1_000_030.0) == PRINCIPAL
    )
    with pytest.raises(Unauthenticated):
        signer.verify(token, now=1_000_100.0)
    with pytest.raises(Unauthenticated):
        IdentitySigner(["the next key of forty characters, or more."]).verify(token, now=1_000_030.0)


async def test_two_identities_on_one_request_are_no_identity(planning: ServiceUnderTest) -> None:
    world = await planning.world(standard_policy())
    good = planning.service.signer.sign(world["manager"].principal)
    answer = await planning.http.get("/v1/projects", headers=[(HEADER, "forged"), (HEADER, good)])
    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["INTERNAL_KEYS", "CURSOR_KEY"])
@pytest.mark.parametrize("secret", ["", "changeme", "12345678", "change-me-change-me-change-me-change-me", "x" * 31])
def test_a_weak_secret_keeps_the_service_from_starting(name: str, secret: str) -> None:
    environment = {
        "TANDEM_DATABASE_URL": "postgresql://nobody@127.0.0.1/none",
        "TANDEM_NATS_URL": "nats://127.0.0.1",
        "TANDEM_INTERNAL_KEYS": "k" * 40,
        "TANDEM_CURSOR_KEY": "c" * 40,
        f"TANDEM_{name}": secret,
    }
    with pytest.raises(SettingsRefused, match=f"TANDEM_{name}"):
        Settings.load("planning", environment)
    without = {variable: value for variable, value in environment.items() if variable != f"TANDEM_{name}"}
    with pytest.raises(SettingsRefused, match=f"TANDEM_{name}"):
        Settings.load("planning", without)
