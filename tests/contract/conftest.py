"""Real servers for the contract tests: those of the integration tests."""

from tests.integration.conftest import kafka, postgres, registry

__all__ = ["kafka", "postgres", "registry"]
