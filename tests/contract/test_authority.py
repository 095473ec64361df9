"""Graded authority on every route: each write says which kinds of act it can be, and each object what one may do."""

from typing import get_args

import pytest

import services.coordination.app
import services.planning.app
import services.reporting.app  # noqa: F401 -- the applications declare their kinds
from gateway.authority.templates import TEMPLATES
from services.kernel.authority import KINDS, longest_fit
from services.planning.projects.schemas import PolicyTemplate
from tests.contract.inventory import Inventory
from tests.contract.operations import Description


def test_every_write_says_which_kinds_of_act_it_can_be(description: Description) -> None:
    silent = [str(operation) for operation in description if operation.writes and not operation.kinds]
    assert not silent, "Put @acts(…) on the route, with kinds that its area declares in kinds.py:\n" + "\n".join(silent)


def test_what_only_reads_is_no_act(description: Description) -> None:
    assert not [str(operation) for operation in description if not operation.writes and operation.kinds]


def test_every_kind_of_act_names_its_class_and_the_effects_that_can_be_limited(description: Description) -> None:
    declared = [kind for operation in description for kind in operation.kinds]
    assert {kind["class"] for kind in declared} == {"operational", "propose", "decide"}
    assert all(set(kind) == {"kind", "class", "effects", "judged_by", "delegable", "title"} for kind in declared)
    effects = {effect for kind in declared for effect in kind["effects"]}
    assert effects >= {"finish_minutes", "milestone_minutes", "float_minutes", "cost", "external_readers"}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_has_words_in_both_languages(kind: object) -> None:
    assert set(kind.title) == {"en", "nb"}  # type: ignore[attr-defined]
    assert all(kind.title.values())  # type: ignore[attr-defined]


def test_a_project_can_start_with_every_template_there_is() -> None:
    assert set(get_args(PolicyTemplate)) == set(TEMPLATES)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_speaks_of_kinds_and_effects_that_exist(name: str) -> None:
    document = TEMPLATES[name].document
    for grant in document["grants"]:
        fitting = [kind for kind in KINDS.values() if longest_fit([grant], kind.name) is not None]
        assert fitting, grant
        effects = {effect for kind in fitting for effect in kind.measures}
        assert set(grant["limits"]) <= effects, grant
    every_effect = {effect for kind in KINDS.values() for effect in kind.measures}
    assert set(document["tolerances"]) <= every_effect


async def test_the_catalogue_of_kinds_is_what_the_routes_declare(ours: Inventory, description: Description) -> None:
    listed = {each["kind"] for each in (await ours.tenant["manager"].get("/v1/authority-kinds")).json()["data"]}
    declared = {kind["kind"] for operation in description for kind in operation.kinds}
    assert declared <= listed
    assert listed - declared == set(), "a kind that no route can be is not needed"


async def test_whatever_can_be_changed_says_what_the_reader_may_do(ours: Inventory, description: Description) -> None:
    """`viewer.can` stands on everything that a policy has a say in."""
    silent = []
    by_path = {operation.path: operation for operation in description if operation.method == "GET"}
    for operation in description:
        judged = any(kind["judged_by"] == "policy" for kind in operation.kinds)
        if operation.method in ("PATCH", "DELETE") and judged and operation.path in by_path:
            answer = await ours.tenant["manager"].get(ours.path(operation), params={"expand": "viewer"})
            if answer.status_code != 200 or not answer.json()["viewer"]["can"]:
                silent.append(f"{operation}: {answer.text[:120]}")
    assert not silent, "Give the noun's Collection viewer_kinds:\n" + "\n".join(silent)
