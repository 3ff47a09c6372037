"""The whole suite for every kind of source."""

from connectors.kit import source_suite
from tests.contract.kind_fixtures import fixtures

globals().update({f"Test_{kind}": source_suite(module.system) for kind, module in fixtures("sources").items()})
