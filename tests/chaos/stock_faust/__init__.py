"""Faust with its own consumer in the place of our engine, put through what it loses records by."""
