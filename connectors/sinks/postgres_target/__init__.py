"""The parts of the sink `postgres`: one PostgreSQL database that deliveries are written to."""
