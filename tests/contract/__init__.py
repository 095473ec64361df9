"""The conventions, each as a walk over every operation, fact and table: what is new is covered without being named."""
