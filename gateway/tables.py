"""All tables of this service: importing the nouns registers them on the base."""

from gateway.base import Base

metadata = Base.metadata
