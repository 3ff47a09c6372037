"""How the city is run."""
