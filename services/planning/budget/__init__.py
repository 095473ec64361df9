"""The budget: what work may cost, what is promised to suppliers, what has been paid."""
