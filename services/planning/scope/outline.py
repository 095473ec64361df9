"""The outline: a tree of work as one ordered list, with levels, WBS codes and sparse positions.

Positions are integers with gaps, so that a task can go between two others without renumbering the rest of the project.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from services.planning.scope.wbs_mask import WbsMask

# Deeper outlines are nobody's plan, and their codes would grow with the square of the depth.
MAXIMUM_LEVEL: Final = 100
# Twenty insertions at one and the same place, at ten thousand tasks still far below what a JSON number holds exactly.
STEP: Final = 1 << 20


class OutlineNode(Protocol):
    """What a node of the outline carries; `position` is None for one that has just been put somewhere."""

    id: UUID
    parent_id: UUID | None
    position: int | None
    outline_level: int
    wbs_code: str
    wbs_custom: str | None
    summary: bool


class TooDeep(Exception):
    """The outline has more than MAXIMUM_LEVEL levels, or a node contains itself; `ids` names one such node."""

    def __init__(self, node_id: UUID) -> None:
        super().__init__(str(node_id))
        self.id: Final = node_id


N = TypeVar("N", bound=OutlineNode)


class Outline(Generic[N]):
    """The tree for one change: built from nodes in their present order, then asked for the new order."""

    def __init__(self, nodes: Sequence[N]) -> None:
        self._children: dict[UUID | None, list[N]] = {}
        for node in nodes:
            self._children.setdefault(node.parent_id, []).append(node)

    def children(self, parent_id: UUID | None) -> Sequence[N]:
        """The children of a node, None for the top, in order."""
        return self._children.get(parent_id, ())

    def subtree(self, node: N) -> list[N]:
        """The node and everything below it, in order."""
        found: list[N] = []
        stack = [node]
        while stack:
            each = stack.pop()
            found.append(each)
            stack.extend(reversed(self.children(each.id)))
        return found

    def place(self, node: N, parent_id: UUID | None, index: int) -> None:
        """Put a new node below a parent at an index among its children."""
        node.parent_id = parent_id
        self._children.setdefault(parent_id, []).insert(index, node)

    def take(self, node: N) -> None:
        """Take a node, with all below it, out of its place."""
        siblings = self._children[node.parent_id]
        siblings.pop(next(index for index, each in enumerate(siblings) if each is node))

    def take_all(self, nodes: Iterable[N]) -> None:
        """Take many nodes, each with all below it, out of their places: each list of siblings is gone through once."""
        gone: dict[UUID | None, set[UUID]] = {}
        for node in nodes:
            gone.setdefault(node.parent_id, set()).add(node.id)
        for parent_id, ids in gone.items():
            self._children[parent_id] = [each for each in self._children.get(parent_id, ()) if each.id not in ids]

    def arrange(self, places: Iterable[tuple[N, UUID | None, UUID | None]]) -> None:
        """Put nodes that stand nowhere below parents, each behind a sibling; None: first, one that is not there: last.

        In this order, so that a node may stand behind one that comes before it here.
        """
        by_parent: dict[UUID | None, list[tuple[N, UUID | None]]] = {}
        for node, parent_id, after_id in places:
            node.parent_id = parent_id
            by_parent.setdefault(parent_id, []).append((node, after_id))
        for parent_id, placed in by_parent.items():
            siblings = self._children.get(parent_id, [])
            known = {each.id: each for each in siblings} | {node.id: node for node, _ in placed}
            ids: list[UUID | None] = [None, *(each.id for each in siblings)]
            following: dict[UUID | None, UUID | None] = dict(pairwise([*ids, None]))
            last = ids[-1]
            for node, after_id in placed:
                front = after_id if after_id in following else last
                following[front], following[node.id] = node.id, following[front]
                last = node.id if front == last else last
            order, follow = [], following[None]
            while follow is not None:
                order.append(known[follow])
                follow = following[follow]
            self._children[parent_id] = order

    def renumber(self, mask: WbsMask | None = None) -> list[N]:
        """The nodes in order, with levels, codes, summary marks and positions brought up to date. Raises TooDeep."""
        order: list[N] = []
        numbered = _numbered_backwards if mask is None or not mask.unique else _numbered_around(mask)
        code_of = _plain_code if mask is None else mask.code
        stack = [(node, 1, code_of(1, "", number)) for number, node in numbered(self.children(None), 1, "")]
        while stack:
            node, level, code = stack.pop()
            if level > MAXIMUM_LEVEL:
                raise TooDeep(node.id)
            order.append(node)
            node.outline_level = level
            node.wbs_code = node.wbs_custom or code
            below = self.children(node.id)
            node.summary = bool(below)
            stack.extend(
                (child, level + 1, code_of(level + 1, node.wbs_code, number))
                for number, child in numbered(below, level + 1, node.wbs_code)
            )
        spread(order)
        return order


def _plain_code(level: int, parent_code: str, number: int) -> str:
    return f"{parent_code}.{number}" if level > 1 else str(number)


def _numbered_backwards(nodes: Sequence[N], level: int, parent_code: str) -> list[tuple[int, N]]:
    return [(number, nodes[number - 1]) for number in range(len(nodes), 0, -1)]


def _numbered_around(mask: WbsMask) -> Callable[[Sequence[N], int, str], list[tuple[int, N]]]:
    """Numbering that leaves out what somebody has typed as the code of a sibling."""

    def numbered(nodes: Sequence[N], level: int, parent_code: str) -> list[tuple[int, N]]:
        typed = {node.wbs_custom for node in nodes if node.wbs_custom is not None}
        found, number = [], 0
        for node in nodes:
            number += 1
            while node.wbs_custom is None and typed and mask.code(level, parent_code, number) in typed:
                number += 1
            found.append((number, node))
        return found[::-1]

    return numbered


def spread(order: Sequence[OutlineNode]) -> None:
    """Give every node without a position, or with one that breaks the order, a position between its neighbours."""
    settled = _longest_kept(order)
    last = 0
    waiting: list[OutlineNode] = []
    for node in order:
        if node.position is None or id(node) not in settled:
            waiting.append(node)
            continue
        gap = node.position - last
        if waiting and gap <= len(waiting):
            break
        for number, each in enumerate(waiting, 1):
            each.position = last + gap * number // (len(waiting) + 1)
        waiting.clear()
        last = node.position
    else:
        for number, each in enumerate(waiting, 1):
            each.position = last + STEP * number
        return
    for number, each in enumerate(order, 1):
        each.position = STEP * number


def _longest_kept(order: Sequence[OutlineNode]) -> Mapping[int, None]:
    """Nodes whose positions ascend already. A moved subtree comes without positions, so the rest is in order as a rule."""
    kept: dict[int, None] = {}
    last = 0
    for node in order:
        if node.position is not None and node.position > last:
            kept[id(node)] = None
            last = node.position
    return kept
