"""How the source `sql_poll` captures: rounds by cursor, sweeps of all keys, and what it remembers on this machine."""
