"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

SESSION_OWN = declare_kind(
    "session.own", "operational", "End one's own sessions", "Avslutte egne økter", judged_by="oneself"
)
ACCOUNT_OWN = declare_kind(
    "account.own",
    "operational",
    "Change one's own password and address",
    "Endre eget passord og egen adresse",
    judged_by="oneself",
)
PERSON_INVITE = declare_kind(
    "person.invite", "decide", "Invite a person to sign in", "Invitere en person til å logge inn", judged_by="tenant"
)
OAUTH_CLIENT_MANAGE = declare_kind(
    "oauth_client.manage",
    "decide",
    "Decide which software gets access tokens",
    "Bestemme hvilken programvare som får tilgangstoken",
    judged_by="tenant",
)
