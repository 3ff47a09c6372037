"""The operator's PostgreSQL: what became of every record, and what could not be processed; fed from Kafka alone."""
