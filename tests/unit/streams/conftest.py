"""For the tests of all steps."""

import pytest

from streams import walk


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk over a few keys takes several steps, with whatever else comes between them."""
    monkeypatch.setattr(walk, "STEP_KEYS", 2)
