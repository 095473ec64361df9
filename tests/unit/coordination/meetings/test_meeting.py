"""A meeting's life, its sequence, and the order of its agenda."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.coordination.meetings.action_item import ActionItem, ActionItemClosed, ActionItemState
from services.coordination.meetings.meeting import (
    IllegalMeetingPassage,
    Meeting,
    MeetingCancelled,
    MeetingEndsBeforeItStarts,
    MeetingNotBegun,
    MeetingStatus,
    MinutesSigned,
    rank_after,
)
from services.kernel.ids import new_id

START, END = datetime(2026, 3, 9, 8, tzinfo=UTC), datetime(2026, 3, 9, 9, tzinfo=UTC)


def make_meeting(**members: Any) -> Meeting:
    values = {
        "status": "called",
        "sequence": 0,
        "starts_at": START,
        "ends_at": END,
        "time_zone": "Europe/Oslo",
        "location": "",
    }
    return Meeting(**values | members)


def test_only_a_signature_leads_to_signed_minutes() -> None:
    for status in ("called", "held"):
        with pytest.raises(IllegalMeetingPassage):
            make_meeting(status=status).pass_to(MeetingStatus.MINUTES_SIGNED, END)
    meeting = make_meeting(status="held")
    meeting.sign("{}", "ab", new_id(), START)
    with pytest.raises(MinutesSigned):
        meeting.require_open()
    with pytest.raises(MinutesSigned):
        meeting.sign("{}", "cd", new_id(), START)
    assert meeting.minutes_sha256 == "ab"


def test_a_cancelled_meeting_stays_so_and_calendars_hear_of_it() -> None:
    meeting = make_meeting()
    meeting.pass_to(MeetingStatus.CANCELLED, START)
    assert meeting.sequence == 1
    with pytest.raises(IllegalMeetingPassage):
        meeting.pass_to(MeetingStatus.CALLED, START)
    with pytest.raises(MeetingCancelled):
        meeting.sign("{}", "ab", new_id(), START)


def test_nothing_is_held_or_signed_before_it_has_begun() -> None:
    before = START - timedelta(seconds=1)
    meeting = make_meeting()
    with pytest.raises(MeetingNotBegun):
        meeting.pass_to(MeetingStatus.HELD, before)
    with pytest.raises(MeetingNotBegun):
        meeting.sign("{}", "ab", new_id(), before)
    assert (meeting.status, meeting.minutes) == (MeetingStatus.CALLED, None)
    meeting.pass_to(MeetingStatus.CANCELLED, before)
    make_meeting().pass_to(MeetingStatus.HELD, START)


def test_only_another_time_or_place_counts_as_a_change_for_calendars() -> None:
    meeting = make_meeting()
    meeting.take_place(START, END, "Europe/Oslo", "")
    assert meeting.sequence == 0
    meeting.take_place(START, END, "Europe/Oslo", "Room 2")
    assert meeting.sequence == 1
    with pytest.raises(MeetingEndsBeforeItStarts):
        meeting.take_place(END, END, "Europe/Oslo", "Room 2")


def test_ranks_rise_without_end() -> None:
    ranks = [rank_after(None)]
    while len(ranks) < 200:
        ranks.append(rank_after(ranks[-1]))
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 200
    assert rank_after("9") > "9"
    assert all(rank.isalnum() and len(rank) <= 60 for rank in ranks)


def test_an_action_item_follows_its_task_until_it_is_closed() -> None:
    item = ActionItem(state="open")
    item.schedule(new_id())
    assert item.state == ActionItemState.SCHEDULED
    item.close(ActionItemState.DONE)
    with pytest.raises(ActionItemClosed):
        item.close(ActionItemState.CANCELLED)
    item.reopen()
    assert item.state == ActionItemState.SCHEDULED
    item.close(ActionItemState.CANCELLED)
    item.reopen()
    item.schedule(None)
    assert item.state == ActionItemState.CANCELLED
