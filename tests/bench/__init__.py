"""Speed and memory of the running system, measured from outside; figures and method stand in README.md."""
