"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

LABEL_RECORD = declare_kind(
    "label.record", "operational", "Keep the labels of the project", "Holde orden på prosjektets etiketter"
)
