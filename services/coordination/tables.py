"""All tables of this service: importing the nouns registers them on the base."""

from services.coordination.base import Base

metadata = Base.metadata
