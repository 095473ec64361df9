"""The declarative base of reporting's own tables."""

from services.kernel.entity import KernelBase, service_metadata


class Base(KernelBase):
    __abstract__ = True
    metadata = service_metadata()
