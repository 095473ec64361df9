"""Alembic's entry; everything is the same for all services and lives in the kernel."""

from alembic import context

from services.kernel.migrations import run_environment

run_environment(context)
