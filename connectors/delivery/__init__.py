"""The parts of `run_sink`: from the delivery topics to a sink, and what is reported about it."""
