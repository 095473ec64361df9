"""The facts that this area publishes. What is shared with guests, guests may learn of."""

from services.kernel.events import FactType

_DOCUMENT = {
    "title": "Foundation drawings",
    "folder": "Drawings",
    "filename": "foundation.pdf",
    "number": 1,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 52_341,
    "media_type": "application/pdf",
    "shared_with_guests": False,
}

DOCUMENT_UPLOADED = FactType(
    "coordination.document.uploaded", 1, _DOCUMENT, "A document exists, with its first version."
)
DOCUMENT_VERSION_ADDED = FactType(
    "coordination.document.version_added", 1, _DOCUMENT | {"number": 2}, "A document has a new current version."
)
DOCUMENT_CHANGED = FactType("coordination.document.changed", 1, _DOCUMENT, "A document has another title or place.")
DOCUMENT_SHARED = FactType(
    "coordination.document.shared",
    1,
    _DOCUMENT | {"shared_with_guests": True},
    "Guests may see the document from now on.",
)
DOCUMENT_UNSHARED = FactType("coordination.document.unshared", 1, _DOCUMENT, "Guests may see the document no longer.")
FACT_TYPES = (DOCUMENT_UPLOADED, DOCUMENT_VERSION_ADDED, DOCUMENT_CHANGED, DOCUMENT_SHARED, DOCUMENT_UNSHARED)
