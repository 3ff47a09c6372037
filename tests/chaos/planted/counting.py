"""The engine's counting worker with a mistake in it: `faust -A tests.chaos.planted.counting`, ENGINE_BUG names it."""

import os

from pytest import MonkeyPatch

from tests.chaos.planted import in_engine

getattr(in_engine, os.environ["ENGINE_BUG"])(MonkeyPatch())

from tests.integration.engine_counting import app  # noqa: E402 - the mistake comes first

__all__ = ["app"]
