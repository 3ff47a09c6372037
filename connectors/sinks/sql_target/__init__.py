"""Parts of the sink `sql_poll`."""
