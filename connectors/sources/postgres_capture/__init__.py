"""How the source `postgres` captures: slot and publication, snapshot, pgoutput, and the types of what they say."""
