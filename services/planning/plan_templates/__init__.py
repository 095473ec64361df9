"""Plan templates: what a plan is apart from its dates, people and progress, for the projects that come after it."""
