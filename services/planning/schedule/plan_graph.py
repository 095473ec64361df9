"""The plan as a graph: links and outline as adjacency lists by task index, in one order that respects both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from services.planning.schedule.network import (
    AncestorLink,
    DependencyCycle,
    DuplicateTask,
    LagBasis,
    LinkType,
    ParentCycle,
    Plan,
    SelfLink,
    TaskId,
    UnknownTask,
)

_FS: Final = LinkType.FINISH_START

# Predecessor, type, lag, basis (None: no lag), index in plan.links, successor.
Edge = tuple[int, LinkType, int, LagBasis | None, int, int]


class PlanGraph:
    """The plan as parallel lists by task index; index `n` is the invisible root above all tasks.

    `simple_in` and `simple_out` say that all links into, or out of, a task go from finish to start without a lag.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        tasks = self.tasks = plan.tasks
        n = self.n = len(tasks)
        self.index: dict[TaskId, int] = {task.id: i for i, task in enumerate(tasks)}
        if len(self.index) != n:
            counts = Counter(task.id for task in tasks)
            raise DuplicateTask(*(task_id for task_id, count in counts.items() if count > 1))
        try:
            self.parent = [n if task.parent is None else self.index[task.parent] for task in tasks]
        except KeyError as error:
            raise UnknownTask(error.args[0]) from None
        self.parent.append(n)
        self.is_summary = [False] * n + [True]
        for above in self.parent:
            self.is_summary[above] = True
        self._refuse_parent_cycles()
        # Whether every link leads from a task to one further down the plan.
        self.downwards = True
        self._link()
        self.order = self._listed_order() or self._topological_order()

    def _refuse_parent_cycles(self) -> None:
        if all(above < i or above == self.n for i, above in enumerate(self.parent)):
            return  # In the order of an outline each stands behind what it lies in.
        reached = bytearray(self.n + 1)
        reached[self.n] = 1
        for bottom in range(self.n):
            i, path = bottom, []
            while not reached[i]:
                reached[i] = 2
                path.append(i)
                i = self.parent[i]
            if reached[i] == 2:
                raise ParentCycle(*(self.tasks[j].id for j in path[path.index(i) :]))
            for j in path:
                reached[j] = 1

    def _link(self) -> None:
        """Fill the adjacency lists; a link at an inactive predecessor drives nothing and is left out."""
        index, tasks, is_summary = self.index, self.tasks, self.is_summary
        predecessors: list[list[Edge]] = [[] for _ in range(self.n + 1)]
        successors: list[list[Edge]] = [[] for _ in range(self.n + 1)]
        self.predecessors, self.successors = predecessors, successors
        # Inactive followers take up dates but press on nobody.
        self.idle: dict[int, list[int]] = {}
        simple_in, simple_out = [True] * (self.n + 1), [True] * (self.n + 1)
        self.simple_in, self.simple_out = simple_in, simple_out
        idle = not all(task.active for task in tasks)
        within: tuple[list[int], list[int]] | None = None
        for number, link in enumerate(self.plan.links):
            try:
                p, s = index[link.predecessor], index[link.successor]
            except KeyError as error:
                raise UnknownTask(error.args[0]) from None
            if p >= s:
                if p == s:
                    raise SelfLink(link.predecessor)
                self.downwards = False
            if is_summary[p] or is_summary[s]:
                if within is None:
                    within = self._nesting()
                begins, ends = within
                if begins[p] <= begins[s] < ends[p] or begins[s] <= begins[p] < ends[s]:
                    raise AncestorLink(link.predecessor, link.successor)
            kind, lag = link.type, link.lag
            edge = (p, kind, lag, link.basis if lag else None, number, s)
            if idle and not (tasks[p].active and tasks[s].active):
                if tasks[p].active:
                    predecessors[s].append(edge)
                    self.idle.setdefault(p, []).append(s)
                continue
            if lag or kind is not _FS:
                simple_in[s] = simple_out[p] = False
            predecessors[s].append(edge)
            successors[p].append(edge)

    def _nesting(self) -> tuple[list[int], list[int]]:
        """Preorder numbers of the outline: a task's descendants are those numbered from its own number to its end."""
        children: list[list[int]] = [[] for _ in range(self.n + 1)]
        for i in range(self.n):
            children[self.parent[i]].append(i)
        begins, ends = [0] * (self.n + 1), [0] * (self.n + 1)
        counter = 0
        stack = [self.n]
        while stack:
            i = stack.pop()
            if i < 0:
                ends[~i] = counter
                continue
            begins[i] = counter
            counter += 1
            stack.append(~i)
            stack.extend(children[i])
        return begins, ends

    def _listed_order(self) -> list[int] | None:
        """The order below where the plan is listed in one already, as most are: outline by outline, links downwards."""
        if not self.downwards:
            return None
        n, parent, is_summary = self.n, self.parent, self.is_summary
        order, open_summaries = [n], [n]
        for i in range(n):
            above = parent[i]
            while open_summaries[-1] != above:
                order.append(~open_summaries.pop())
                if not open_summaries:
                    return None
            order.append(i)
            if is_summary[i]:
                open_summaries.append(i)
        order.extend(~i for i in reversed(open_summaries))
        return order

    def _topological_order(self) -> list[int]:
        """Indices in an order that respects links and outline; `~i` stands for a summary after its children."""
        n, parent, is_summary, successors, idle = self.n, self.parent, self.is_summary, self.successors, self.idle
        waits = [len(edges) + 1 for edges in self.predecessors]
        waits_after = [0] * (n + 1)
        below: list[list[int]] = [[] for _ in range(n + 1)]
        for i in range(n):
            above = parent[i]
            waits_after[above] += 1
            below[above].append(i)
        order: list[int] = []
        ready = [n]
        while ready:
            i = ready.pop()
            order.append(i)
            if i >= 0 and is_summary[i]:
                if not below[i]:
                    ready.append(~i)  # Only the root of an empty plan has nothing below it.
                for j in below[i]:
                    waits[j] -= 1
                    if not waits[j]:
                        ready.append(j)
                continue
            done = i if i >= 0 else ~i
            for edge in successors[done]:
                j = edge[5]
                waits[j] -= 1
                if not waits[j]:
                    ready.append(j)
            for j in idle.get(done, ()) if idle else ():
                waits[j] -= 1
                if not waits[j]:
                    ready.append(j)
            if done != n:
                above = parent[done]
                waits_after[above] -= 1
                if not waits_after[above]:
                    ready.append(~above)
        if order[-1] != ~n:
            raise DependencyCycle(*self._name_cycle(order))
        return order

    def _name_cycle(self, order: list[int]) -> list[TaskId]:
        """Walk backwards among what never became ready until a place comes up twice."""
        n = self.n
        done = set(order)
        below: list[list[int]] = [[] for _ in range(n + 1)]
        for i in range(n):
            below[self.parent[i]].append(i)

        def waiting_for(place: int) -> Iterator[int]:
            if place < 0:
                yield from (~j if self.is_summary[j] else j for j in below[~place])
                return
            yield from (~edge[0] if self.is_summary[edge[0]] else edge[0] for edge in self.predecessors[place])
            yield self.parent[place]

        place = ~n
        path: list[int] = []
        at: dict[int, int] = {}
        while place not in at:
            at[place] = len(path)
            path.append(place)
            place = next(other for other in waiting_for(place) if other not in done)
        found: list[TaskId] = []
        for step in reversed(path[at[place] :]):
            task_id = self.tasks[step if step >= 0 else ~step].id
            if task_id not in found:
                found.append(task_id)
        return found
