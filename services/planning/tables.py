"""All tables of this service: importing the nouns registers them on the base."""

from services.planning.base import Base
from services.planning.projects import project

metadata = Base.metadata
NOUNS = (project,)
