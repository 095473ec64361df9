"""All tables of this service: importing the nouns registers them on the base."""

from gateway.authority import policy_version, proposal
from gateway.base import Base
from gateway.credentials import account, invitation, oauth_client, rate_bucket, session
from gateway.federation import identity_provider
from gateway.feed import merged_event
from gateway.groups import group, group_grant
from gateway.identity import membership_origin, tenant, token
from gateway.scim import provisioned_user

metadata = Base.metadata
NOUNS = (
    policy_version,
    proposal,
    merged_event,
    tenant,
    token,
    account,
    invitation,
    oauth_client,
    rate_bucket,
    session,
    identity_provider,
    group,
    group_grant,
    membership_origin,
    provisioned_user,
)
