"""All tables of this service: importing the nouns registers them on the base."""

from services.reporting.base import Base
from services.reporting.projections import read_tables
from services.reporting.status_reports import status_report

metadata = Base.metadata
NOUNS = (read_tables, status_report)
