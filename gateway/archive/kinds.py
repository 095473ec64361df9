"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

PROJECT_ARCHIVE = declare_kind(
    "project.archive",
    "decide",
    "Archive or restore a project",
    "Arkivere eller gjenopprette et prosjekt",
    judged_by="tenant",
)
