"""The reference load and its checker: they know two databases and nothing of what carries rows between them."""
