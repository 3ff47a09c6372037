"""The base error of `schemas`."""


class SchemasError(Exception):
    """Says what was being done, to what, and what to do now."""
