"""All tables of this service: importing the nouns registers them on the base."""

from gateway.authority import policy_version, proposal
from gateway.base import Base
from gateway.feed import merged_event
from gateway.identity import tenant, token

metadata = Base.metadata
NOUNS = (policy_version, proposal, merged_event, tenant, token)
