"""The conformance suite: what every kind of source and sink must do, also a third party's. Runs under pytest.

from connectors.kit import sink_suite

TestMyKind = sink_suite(my_target)      # a context manager that gives a SinkTarget

A kind whose targets have no transactions takes `repeating_sink_suite`.
"""

from connectors.kinds import kinds
from connectors.kit.repeating_sink_suite import RepeatingSinkSuite, repeating_sink_suite
from connectors.kit.sink_suite import SinkSuite, sink_suite
from connectors.kit.sink_target import SinkTarget, sink_manifest
from connectors.kit.source_suite import SourceSuite, source_suite
from connectors.kit.source_system import KeptMemory, SourceSystem, source_manifest

__all__ = [
    "KeptMemory",
    "RepeatingSinkSuite",
    "SinkSuite",
    "SinkTarget",
    "SourceSuite",
    "SourceSystem",
    "kinds",
    "repeating_sink_suite",
    "sink_manifest",
    "sink_suite",
    "source_manifest",
    "source_suite",
]
