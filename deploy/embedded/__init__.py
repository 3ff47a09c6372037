"""Kafka, a schema registry and PostgreSQL on one machine, from package indexes alone."""
