"""The authority desk: proposals, their decision, and the policy templates."""
