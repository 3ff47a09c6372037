"""What carries the load from source to target: each is registered, paused, resumed and taken away in the same words."""
