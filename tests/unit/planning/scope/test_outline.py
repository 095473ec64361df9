"""The outline's order, codes and positions."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from services.planning.scope.outline import MAXIMUM_LEVEL, STEP, Outline, TooDeep, spread


@dataclass
class Node:
    id: UUID
    parent_id: UUID | None = None
    position: int | None = None
    outline_level: int = 0
    wbs_code: str = ""
    wbs_custom: str | None = None
    summary: bool = False


def node(number: int, parent: int | None = None, position: int | None = None) -> Node:
    return Node(UUID(int=number), None if parent is None else UUID(int=parent), position)


def test_codes_follow_the_tree_and_a_custom_code_leads_what_lies_below_it() -> None:
    phase, first, second = node(1), node(2, 1), node(3, 1)
    phase.wbs_custom = "A"
    order = Outline([phase, first, second]).renumber()
    assert [each.wbs_code for each in order] == ["A", "A.1", "A.2"]
    assert [each.outline_level for each in order] == [1, 2, 2]
    assert [each.summary for each in order] == [True, False, False]


def test_a_moved_node_takes_all_below_it_along_and_only_they_get_new_positions() -> None:
    nodes = [node(1), node(2), node(3, 2), node(4)]
    outline = Outline(nodes)
    outline.renumber()
    before = {each.id: each.position for each in nodes}
    for each in outline.subtree(nodes[1]):
        each.position = None
    outline.take(nodes[1])
    outline.place(nodes[1], None, 0)
    order = outline.renumber()
    assert [each.id.int for each in order] == [2, 3, 1, 4]
    positions = [each.position for each in order if each.position is not None]
    assert positions == sorted(set(positions))
    assert [before[each.id] == each.position for each in order] == [False, False, True, True]


def test_when_a_gap_is_full_everybody_gets_a_new_position() -> None:
    order = [node(1, position=1), node(2), node(3, position=2), node(4, position=50)]
    spread(order)
    assert [each.position for each in order] == [STEP, 2 * STEP, 3 * STEP, 4 * STEP]


def test_an_outline_is_not_endlessly_deep() -> None:
    nodes = [node(number, number - 1 if number > 1 else None) for number in range(1, MAXIMUM_LEVEL + 2)]
    with pytest.raises(TooDeep):
        Outline(nodes).renumber()
    assert len(Outline(nodes[:-1]).renumber()) == MAXIMUM_LEVEL
