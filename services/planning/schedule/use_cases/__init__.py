"""What people do with the plan, one module per noun."""
