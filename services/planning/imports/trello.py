"""Reads the JSON export of a Trello board: lists as summaries, cards as tasks, the items of checklists as tasks below them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from services.planning.imports.file_plan import FilePlan, Origin, Reading
from services.planning.imports.json_document import inner, objects
from services.planning.imports.mspdi import MspdiTask
from services.planning.imports.plan_builder import EVENING, PlanBuilder, as_number, instant_of_hex
from services.planning.imports.record_stream import UnreadableFile

_BOARD: Final = ("id", "name", "url", "lists", "cards", "checklists", "labels", "members", "customFields", "actions")
_CARD: Final = (
    *("id", "name", "desc", "due", "start", "closed", "idList", "idMembers", "idChecklists", "pos"),
    *("url", "shortUrl", "shortLink", "idShort", "idBoard", "idLabels"),
)
_IN_NOTES: Final = "written into the notes"
_CARD_ELSEWHERE: Final = {
    "customFieldItems": _IN_NOTES,
    "attachments": "written into the notes as links; the files need a login",
    "labels": "as the board tells of them",
    "badges": "counted anew",
    "dueComplete": "done, on a day that the board does not tell",
    "checkItemStates": "as the checklists tell of them",
}


def is_trello(document: Any) -> bool:
    """Whether it looks like a board."""
    return isinstance(document, dict) and all(isinstance(document.get(name), list) for name in ("lists", "cards"))


def read_trello(document: Any, reading: Reading) -> FilePlan:
    """A plan from a board. Raises UnreadableFile with a code and the place in the document."""
    if not is_trello(document):
        raise UnreadableFile("not_this_format", "a Trello board holds lists and cards", 1)
    return _Board(document, reading).read()


class _Board:
    def __init__(self, board: dict[str, Any], reading: Reading) -> None:
        self.board = board
        self.build = PlanBuilder("trello", "trello", reading)
        named = {name: objects(board.get(name), name) for name in ("lists", "cards", "checklists", "labels", "members")}
        self.lists, self.cards = named["lists"], named["cards"]
        text = self.build.text
        self.labels = {
            text(each.get("id")): text(each.get("name")) or text(each.get("color")) for each in named["labels"]
        }
        self.members = {text(each.get("id")): each for each in named["members"]}
        self.checklists: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for each in sorted(named["checklists"], key=_position):
            self.checklists[text(each.get("idCard"))].append(each)
        self.fields = {text(each.get("id")): each for each in objects(board.get("customFields"), "customFields")}
        self.comments: dict[str, list[str]] = defaultdict(list)

    def read(self) -> FilePlan:
        build, board = self.build, self.board
        project = build.plan.project
        project.name = build.text(board.get("name"))
        project.guid = build.text(board.get("id"))[:200]
        build.account_members("board", board, _BOARD)
        self._comments()
        of_list: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        for number, card in enumerate(self.cards):
            of_list[build.text(card.get("idList"))].append((number, card))
        known = set()
        for number, each in enumerate(sorted(self.lists, key=_position)):
            list_id = build.text(each.get("id"))
            known.add(list_id)
            build.account_members("lists", each, ("id", "name", "pos", "closed", "idBoard"))
            cards = of_list.get(list_id, [])
            if not cards:
                build.account("lists", "dropped", "a list without cards", each.get("name"))
                continue
            summary = build.task(
                build.text(each.get("name"), "lists/name"), f"lists[{number}]", None, build.origin("list", list_id)
            )
            archived = each.get("closed") is True
            for card_number, card in sorted(cards, key=lambda pair: _position(pair[1])):
                self._card(card, f"cards[{card_number}]", summary.uid, archived=archived)
        for list_id in of_list.keys() - known:
            for number, card in of_list[list_id]:
                build.account("cards/idList", "changed", "the list is not in the file: the card stands by itself")
                self._card(card, f"cards[{number}]", None, archived=False)
        return build.finish()

    def _card(self, card: dict[str, Any], place: str, parent: int | None, *, archived: bool) -> None:
        build = self.build
        build.account_members("cards", card, _CARD, _CARD_ELSEWHERE)
        card_id = build.text(card.get("id"))
        labels = card.get("idLabels") if isinstance(card.get("idLabels"), list) else []
        origin = build.origin(
            "card", card_id, card.get("url"), [self.labels.get(build.text(each), "") for each in labels or ()]
        )
        task = build.task(build.text(card.get("name"), "cards/name"), place, parent, origin)
        start, due = (
            build.moment(card.get("start"), "cards/start"),
            build.moment(card.get("due"), "cards/due", at=EVENING),
        )
        build.schedule(task, start, due)
        if card.get("dueComplete") is True:
            build.complete(task, None)
        if archived or card.get("closed") is True:
            task.active = task.percent_complete == 100
            if not task.active:
                build.account(
                    "cards/closed", "changed", "what is archived and not done is an inactive task", card.get("name")
                )
        members = card.get("idMembers")
        for member_id in members if isinstance(members, list) else ():
            self._assign(task, build.text(member_id), "cards/idMembers")
        checklists = self.checklists.get(card_id, [])
        for checklist in checklists:
            self._checklist(checklist, task, place, several=len(checklists) > 1)
        task.notes = self._notes(card, card_id)

    def _assign(self, task: MspdiTask, member_id: str, path: str) -> None:
        member = self.members.get(member_id)
        if member is None:
            self.build.account(path, "dropped", "this member is not in the file", member_id)
            return
        name = self.build.text(member.get("fullName")) or self.build.text(member.get("username"))
        self.build.assign(task, self.build.person(member_id, name, self.build.text(member.get("email"))))

    def _checklist(self, checklist: dict[str, Any], card: MspdiTask, place: str, *, several: bool) -> None:
        build = self.build
        build.account_members(
            "checklists",
            checklist,
            ("id", "idCard", "idBoard", "checkItems", "pos", *(["name"] if several else [])),
            {} if several else {"name": "the only checklist of a card: its items stand below the card"},
        )
        items = objects(checklist.get("checkItems"), f"{place}/checkItems")
        if not items:
            return
        parent = card.uid
        if several:
            name = build.text(checklist.get("name"), "checklists/name")
            parent = build.task(name, place, card.uid, build.origin("checklist", checklist.get("id"))).uid
        for item in sorted(items, key=_position):
            build.account_members(
                "checklists/checkItems",
                item,
                ("id", "name", "state", "due", "idMember", "pos", "idChecklist"),
                {"nameData": "as the name"},
            )
            origin: Origin = build.origin("check_item", item.get("id"))
            task = build.task(build.text(item.get("name"), "checklists/checkItems/name"), place, parent, origin)
            build.schedule(task, None, build.moment(item.get("due"), "checklists/checkItems/due", at=EVENING))
            if item.get("state") == "complete" or card.percent_complete == 100:
                build.complete(task, None)
            if item.get("idMember"):
                self._assign(task, build.text(item.get("idMember")), "checklists/checkItems/idMember")

    def _comments(self) -> None:
        build = self.build
        for action in objects(self.board.get("actions"), "actions"):
            data, author = inner(action.get("data")), inner(action.get("memberCreator"))
            card_id, words = build.text(inner(data.get("card")).get("id")), build.text(data.get("text"))
            if action.get("type") != "commentCard" or not words:
                build.account("actions", "dropped", "history of the board", action.get("type"))
                continue
            build.account("actions/commentCard", "changed", _IN_NOTES)
            moment = build.moment(action.get("date"), "actions/date")
            said = f"{moment:%Y-%m-%d}, " if moment is not None else ""
            self.comments[card_id].append(f"{said}{build.text(author.get('fullName'))}: {words}")

    def _notes(self, card: dict[str, Any], card_id: str) -> str:
        build = self.build
        parts = [build.text(card.get("desc"), "cards/desc")]
        fields = []
        for item in objects(card.get("customFieldItems"), "cards/customFieldItems"):
            definition = self.fields.get(build.text(item.get("idCustomField")), {})
            value = self._field_value(item, definition)
            if value:
                fields.append(f"{build.text(definition.get('name')) or '?'}: {value}")
        links = [
            f"{build.text(each.get('name'))}: {build.text(each.get('url'))}"
            for each in objects(card.get("attachments"), "cards/attachments")
            if each.get("url")
        ]
        made = instant_of_hex(card_id)
        if made is not None:
            fields.append(f"Created: {made.astimezone(UTC).date().isoformat()}")
        # The newest comments come first in the file, and are read from the oldest on.
        parts += ["\n".join(fields), "\n".join(links), "\n\n".join(reversed(self.comments.get(card_id, ())))]
        return "\n\n".join(part for part in parts if part)

    def _field_value(self, item: Mapping[str, Any], definition: Mapping[str, Any]) -> str:
        """A custom field's value as text: values are strings inside typed objects, of a list the id of an option."""
        chosen = item.get("idValue")
        if chosen:
            for option in objects(definition.get("options"), "customFields/options"):
                if option.get("id") == chosen:
                    return self.build.text(inner(option.get("value")).get("text"))
            return ""
        return next((self.build.text(each) for each in inner(item.get("value")).values()), "")


def _position(each: Mapping[str, Any]) -> float:
    return float(as_number(each.get("pos")) or 0)
