"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

DOCUMENT_WRITE = declare_kind("document.write", "operational", "Write documents", "Skrive dokumenter")
DOCUMENT_SHARE_EXTERNAL = declare_kind(
    "document.share_external",
    "decide",
    "Share a document with guests",
    "Dele et dokument med gjester",
    ("external_readers",),
)
