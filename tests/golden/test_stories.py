"""Every story ends each of its steps as its file says."""

from pathlib import Path

import pytest

from tests.golden.stories import FOLDER, Story, load

STORIES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "city.yaml")
EXPECTED = ("states", "deliveries", "dead_letters", "outcomes")


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path: Path) -> None:
    story = Story()
    for number, step in enumerate(load(path), start=1):
        expected = {name: step[name] for name in EXPECTED if name in step}
        assert story.tell(step) == expected, f"step {number}: {step['story']}"


def test_there_are_stories() -> None:
    assert len(STORIES) >= 7
