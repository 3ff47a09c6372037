"""The whole suite for every kind of sink."""

from connectors.kit import sink_suite
from tests.contract.kind_fixtures import fixtures

globals().update(
    {f"Test_{kind}": getattr(module, "suite", sink_suite)(module.target) for kind, module in fixtures("sinks").items()}
)
