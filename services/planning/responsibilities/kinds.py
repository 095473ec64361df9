"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

RESPONSIBILITY_SET = declare_kind(
    "responsibility.set", "decide", "Assign responsibilities", "Fordele ansvar", ("people_affected",)
)
