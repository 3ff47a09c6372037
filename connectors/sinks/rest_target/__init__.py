"""Parts of the sink `rest`."""
