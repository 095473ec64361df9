"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

MEETING_CALL = declare_kind("meeting.call", "operational", "Call a meeting", "Kalle inn til møte")
MEETING_CHANGE = declare_kind("meeting.change", "operational", "Change a meeting", "Endre et møte")
MEETING_AGENDA = declare_kind("meeting.agenda", "operational", "Keep the agenda", "Føre sakslisten")
MEETING_ATTENDANCE = declare_kind("meeting.attendance", "operational", "Keep attendance", "Føre fremmøte")
MEETING_INVITE = declare_kind("meeting.invite", "operational", "Send invitations", "Sende innkallinger")
MINUTES_RECORD = declare_kind("minutes.record", "operational", "Record outcomes", "Føre referat")
MINUTES_SIGN = declare_kind("minutes.sign", "decide", "Sign minutes", "Signere referat")
MINUTES_DISTRIBUTE = declare_kind("minutes.distribute", "operational", "Distribute minutes", "Distribuere referat")
ACTION_ITEM_REPORT = declare_kind(
    "action_item.report", "operational", "Report on one's own action item", "Rapportere på eget aksjonspunkt"
)
ACTION_ITEM_CHANGE = declare_kind(
    "action_item.change", "operational", "Manage action items", "Følge opp aksjonspunkter"
)
