"""How changes enter and leave: one file a kind of system."""
