"""What not everybody on a project sees: money. Which roles do stands in the project's policy, under `sees`.

Objects hide it column by column (Collection.confidential); in impacts and facts it is found by its members' names.
"""

from typing import Any, Final, Literal

# Costs are budgets, commitments, postings and what follows from them; rates are what an hour of somebody costs.
Confidential = Literal["costs", "rates"]

DEFAULT_VIEWERS: Final[dict[Confidential, tuple[str, ...]]] = {
    "costs": ("owner", "programme_manager", "portfolio_manager", "manager", "coordinator", "auditor"),
    "rates": ("owner", "programme_manager", "portfolio_manager", "manager"),
}
# The members of impacts, measures and facts that tell of money.
MONEY_MEMBERS: Final = frozenset(
    {
        "amount",
        "cost",
        "cost_error",
        "cost_impact",
        "cost_share_bp",
        "eac",
        "expected_cost",
        "rate",
        "reserve",
        "standard_rate",
    }
)


def without_money(value: Any) -> Any:
    """A JSON value without the members that tell of money, at any depth."""
    if isinstance(value, dict):
        return {name: without_money(each) for name, each in value.items() if name not in MONEY_MEMBERS}
    if isinstance(value, list):
        return [without_money(each) for each in value]
    return value


def impact_column(column: str) -> str:
    """SQL of a column that holds an impact, without its money for readers who do not see costs; for a Collection."""
    names = ", ".join(f"'{name}'" for name in sorted(MONEY_MEMBERS))
    return f"case when $costs then {column} else {column} - array[{names}]::text[] end"
