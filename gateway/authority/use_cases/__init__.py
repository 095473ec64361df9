"""What people do with policies, delegations and the accountability for a project; proposals have the desk."""
