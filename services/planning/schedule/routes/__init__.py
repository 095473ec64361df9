"""HTTP of the schedule, one module per noun."""
