"""All tables of this service: importing the nouns registers them on the base."""

from services.coordination.base import Base
from services.coordination.context import copies
from services.coordination.documents import document
from services.coordination.meetings import action_item, meeting, outcome, sent_message

metadata = Base.metadata
NOUNS = (copies, meeting, outcome, action_item, sent_message, document)
