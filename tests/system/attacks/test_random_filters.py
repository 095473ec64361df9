"""A09 of the attack list: thousands of random boolean filters find what an oracle in Python finds among what one sees."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.inventory import PROJECT, Inventory
from tests.system.attacks.watch import Victim

FILTERS = 3_000
ROWS = 40
DEEPEST = 3
TITLES = ("Dig", "dig deeper", "Survey", "50 % off", "under_score", "Ærlig ås", "' or true --")
# Three-valued, as SQL is: None where a value that is absent is compared.
Truth = bool | None
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "lt": lambda value, wanted: value < wanted,
    "lte": lambda value, wanted: value <= wanted,
    "gt": lambda value, wanted: value > wanted,
    "gte": lambda value, wanted: value >= wanted,
    "in": lambda value, wanted: value in wanted,
    "contains": lambda value, wanted: wanted.lower() in value.lower(),
    "prefix": lambda value, wanted: value.lower().startswith(wanted.lower()),
}


def holds(row: Mapping[str, Any], node: Mapping[str, Any]) -> Truth:
    """Whether a row meets a condition: the conventions' words (C5), written a second time."""
    if "all" in node:
        found = [holds(row, each) for each in node["all"]]
        return False if False in found else None if None in found else True
    if "any" in node:
        found = [holds(row, each) for each in node["any"]]
        return True if True in found else None if None in found else False
    if "not" in node:
        return holds(row, node["not"]) is not True
    value, operator, wanted = row[node["field"]], node["op"], node["value"]
    if operator == "null":
        return (value is None) is wanted
    if operator == "nin":
        return value is None or value not in wanted
    return None if value is None else COMPARISONS[operator](value, wanted)


class Generator:
    """Random conditions over the fields of tasks, with values of one's own, of the victim's and of nobody's."""

    def __init__(self, chance: random.Random, foreign: list[str], own: list[str]) -> None:
        self._chance = chance
        self._values: dict[str, tuple[tuple[str, ...], Callable[[], Any]]] = {
            "title": (
                ("eq", "in", "nin", "contains", "prefix", "null"),
                lambda: chance.choice((*TITLES, "i", "%", "_", "D", *foreign)),
            ),
            "assignee_id": (("eq", "in", "nin", "null"), lambda: chance.choice((*own, *foreign))),
            "parent_id": (("eq", "in", "nin", "null"), lambda: chance.choice((*own, *foreign))),
            "milestone": (("eq", "null"), lambda: chance.random() < 0.5),
            "critical": (("eq", "null"), lambda: chance.random() < 0.5),
            "status": (("eq", "in", "nin", "null"), lambda: chance.choice(("todo", "in_progress", "done"))),
            "percent_complete": (
                ("eq", "in", "nin", "lt", "lte", "gt", "gte", "null"),
                lambda: chance.choice((-1, 0, 20, 50, 100, 2**40)),
            ),
            "deadline": (
                ("eq", "lt", "lte", "gt", "gte", "null"),
                lambda: f"2026-0{chance.randint(3, 6)}-1{chance.randint(0, 9)}T16:00:00",
            ),
        }

    def node(self, depth: int = 0) -> dict[str, Any]:
        chance = self._chance
        shape = chance.choice(("all", "any", "not", "one", "one")) if depth < DEEPEST else "one"
        if shape == "not":
            return {"not": self.node(depth + 1)}
        if shape in ("all", "any"):
            return {shape: [self.node(depth + 1) for _ in range(chance.randint(0, 3))]}
        field = chance.choice(list(self._values))
        operators, value = self._values[field]
        operator = chance.choice(operators)
        if operator == "null":
            return {"field": field, "op": operator, "value": chance.random() < 0.5}
        if operator in ("in", "nin"):
            return {"field": field, "op": operator, "value": [value() for _ in range(chance.randint(1, 3))]}
        return {"field": field, "op": operator, "value": value()}


async def _varied_tasks(attacker: Inventory, chance: random.Random) -> None:
    """Tasks that differ in everything that is asked for, and some that leave it out."""
    people = [attacker.tenant[role].id for role in ("manager", "coordinator", "member")]
    operations = []
    for _ in range(ROWS):
        body: dict[str, Any] = {"title": chance.choice(TITLES), "milestone": chance.random() < 0.2}
        if not body["milestone"]:
            body |= {"duration_minutes": 450, "percent_complete": chance.choice((0, 0, 20, 50, 100))}
        if chance.random() < 0.5:
            body["deadline"] = f"2026-0{chance.randint(3, 6)}-1{chance.randint(0, 9)}T16:00:00"
        if chance.random() < 0.5:
            body["assignee_id"] = str(chance.choice(people))
        if chance.random() < 0.3:
            body["parent_id"] = attacker.ids["successors"]
        operations.append({"op": "create", "body": body})
    path = attacker.named(f"{PROJECT}/tasks/batch")
    answer = await attacker.tenant["manager"].post(path, {"operations": operations})
    assert answer.status_code == 200, answer.text


async def test_A09_three_thousand_random_filters_find_what_is_ones_own_and_fits(
    attacker: Inventory, victim: Victim
) -> None:
    chance = random.Random(9)
    await _varied_tasks(attacker, chance)
    manager, member = attacker.tenant["manager"], attacker.tenant["member"]
    path = attacker.named(f"{PROJECT}/tasks")
    rows = (await manager.get(path, params={"limit": "200"})).json()["data"]
    assert ROWS <= len(rows) < 200
    foreign = [victim.inventory.ids["tasks"], str(victim.inventory.tenant["manager"].id)]
    own = [row["id"] for row in rows[:5]] + [str(person.id) for person in attacker.tenant.people.values()]
    generator = Generator(chance, foreign, own)
    found = 0
    for turn in range(FILTERS):
        where = generator.node()
        asking = manager if turn % 2 else member
        answer = await asking.post(f"{path}/searches", {"where": where, "limit": 200})
        if answer.status_code != 200:
            # Text is no id: the values of ids and of text are drawn from the same bag of the victim's.
            assert answer.json()["code"] == "invalid_filter_value", (where, answer.text)
            continue
        ids = {row["id"] for row in answer.json()["data"]}
        assert ids == {row["id"] for row in rows if holds(row, where) is True}, where
        found += bool(ids)
    assert found > FILTERS / 5
