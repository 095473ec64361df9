"""The declarative base of coordination's own tables."""

from services.kernel.entity import KernelBase, service_metadata


class Base(KernelBase):
    __abstract__ = True
    metadata = service_metadata()
