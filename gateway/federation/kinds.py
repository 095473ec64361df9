"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

PROVIDER_MANAGE = declare_kind(
    "identity_provider.manage",
    "decide",
    "Decide whose word on who somebody is counts",
    "Bestemme hvem sitt ord om hvem noen er, gjelder",
    judged_by="tenant",
)
