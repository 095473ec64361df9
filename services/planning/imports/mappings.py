"""Import mappings: made, changed and removed by whoever takes over tables."""

from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.events import FactType
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_acceptance
from services.planning.imports.events import IMPORT_MAPPING_REMOVED, IMPORT_MAPPING_SET
from services.planning.imports.import_mapping import ImportMapping
from services.planning.imports.repository import IMPORT_MAPPINGS, load_mapping
from services.planning.imports.schemas import ImportMappingPatch, NewImportMapping


async def add_mapping(session: WriteSession, project_id: UUID, new: NewImportMapping) -> ImportMapping:
    """Keep what the columns mean. Raises AlreadyExists for a name that is taken."""
    await require_member(session, session.principal, project_id)
    mapping = ImportMapping(project_id=project_id, **new.model_dump(mode="json"))
    session.add(mapping)
    await session.flush()
    await _settle(session, mapping, "kept")
    _tell(session, IMPORT_MAPPING_SET, mapping)
    return mapping


async def change_mapping(
    session: WriteSession, mapping_id: UUID, expected_version: int, patch: ImportMappingPatch
) -> ImportMapping:
    """They mean something else; files that were taken over stay as they are."""
    mapping = await load_mapping(session, mapping_id)
    await require_member(session, session.principal, mapping.project_id)
    await IMPORT_MAPPINGS.check_version(session, mapping.id, mapping.version, expected_version)
    plain = patch.model_dump(mode="json")
    for name in merged(patch):
        setattr(mapping, name, plain[name])
    await session.flush()
    if mapping.version == expected_version:
        # The same once more: nothing was decided.
        await require_authority(session, mapping.project_id, ["import.mapping"])
        return mapping
    await _settle(session, mapping, "changed")
    _tell(session, IMPORT_MAPPING_SET, mapping)
    return mapping


async def remove_mapping(session: WriteSession, mapping_id: UUID, expected_version: int) -> None:
    """Keep it no longer."""
    mapping = await load_mapping(session, mapping_id)
    await require_member(session, session.principal, mapping.project_id)
    await IMPORT_MAPPINGS.check_version(session, mapping.id, mapping.version, expected_version)
    await session.delete(mapping)
    await session.flush()
    await _settle(session, mapping, "removed")
    _tell(session, IMPORT_MAPPING_REMOVED, mapping)


async def _settle(session: WriteSession, mapping: ImportMapping, deed: str) -> None:
    await require_authority(session, mapping.project_id, ["import.mapping"])
    await record_acceptance(
        session,
        project_id=mapping.project_id,
        kind="import.mapping",
        question=f"What do the columns of {mapping.name} mean?",
        chosen=deed,
        subject_type="import_mapping",
        subject_id=mapping.id,
    )


def _tell(session: WriteSession, fact_type: FactType, mapping: ImportMapping) -> None:
    data = {"name": mapping.name, "columns": mapping.columns}
    session.record(fact_type, "import_mapping", mapping.id, data, project_id=mapping.project_id)
