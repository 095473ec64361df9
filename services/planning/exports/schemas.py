"""Response shapes of exports."""

from typing import Literal

from services.kernel.schemas import Shape


class LossShape(Shape):
    """A member that does not come along: `count` is how often it holds something."""

    member: str
    count: int
    reason: str


class ExportShape(Shape):
    """A format, where its file is, and what of this project the format has no place for."""

    type: Literal["export"]
    format: str
    media_type: str
    url: str
    losses: list[LossShape]
