"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

POLICY_SET = declare_kind(
    "policy.set", "decide", "Set the authority policy", "Fastsette myndighetsreglene", delegable=False
)
POLICY_TOLERANCES = declare_kind(
    "policy.tolerances",
    "decide",
    "Set what binds the manager: tolerances, approvals, the manager's own limits",
    "Fastsette det som binder prosjektlederen: toleranser, godkjenninger, prosjektlederens egne grenser",
    delegable=False,
)
PROPOSAL_OWN = declare_kind(
    "proposal.own", "operational", "Manage one's own proposals", "Forvalte egne forslag", judged_by="oneself"
)
PROPOSAL_COMMENT = declare_kind(
    "proposal.comment", "operational", "Comment on a proposal", "Kommentere et forslag", judged_by="oneself"
)
PROPOSAL_DECIDE = declare_kind(
    "proposal.decide", "decide", "Decide a proposal", "Avgjøre et forslag", judged_by="proposal"
)
DELEGATION_GRANT = declare_kind(
    "delegation.grant", "decide", "Delegate authority", "Delegere myndighet", delegable=False
)
MANAGER_APPOINT = declare_kind(
    "manager.appoint",
    "decide",
    "Hand the project over to another manager",
    "Overlate prosjektet til en annen prosjektleder",
    delegable=False,
)
