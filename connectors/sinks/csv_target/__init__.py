"""Parts of the sink `csv`."""
