"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

BOARD_RECORD = declare_kind(
    "board.record", "operational", "Set up boards and their columns", "Sette opp tavler og kolonnene deres"
)
# `cards_over_limit`: by how many cards a column will hold more than it takes.
BOARD_MOVE = declare_kind(
    "board.move", "operational", "Move cards on a board", "Flytte kort på en tavle", ("cards_over_limit",)
)
