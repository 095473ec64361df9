"""The whole system on one machine: a database server, a log server and the services, started and kept running."""
