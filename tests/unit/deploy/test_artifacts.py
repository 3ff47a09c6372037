"""The lock of the servers' files, and that one reads what one writes."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from deploy.embedded.artifacts import LOCK, Artifact, read_lock, write_lock

WORD = st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,20}\Z")
ARTIFACTS = st.builds(
    Artifact,
    part=st.sampled_from(["kafka", "registry"]),
    group=WORD,
    name=WORD,
    version=WORD,
    classifier=st.just("") | WORD,
    packaging=st.sampled_from(["jar", "tar.gz"]),
    size=st.integers(1, 10**12),
    sha256=st.from_regex(r"\A[0-9a-f]{64}\Z"),
)


@given(ARTIFACTS)
def test_a_line_says_everything(artifact: Artifact) -> None:
    assert Artifact.of_line(artifact.line()) == artifact


def test_a_written_lock_is_read_by_part(tmp_path: Path) -> None:
    everything = [*read_lock("kafka"), *read_lock("registry")]
    write_lock(everything, lock=tmp_path / "lock")
    assert read_lock("kafka", lock=tmp_path / "lock") == read_lock("kafka")


def test_every_file_is_pinned_once_by_a_whole_sum() -> None:
    artifacts = [*read_lock("kafka"), *read_lock("registry")]
    assert all(re.fullmatch("[0-9a-f]{64}", artifact.sha256) for artifact in artifacts)
    assert len({artifact.filename for artifact in artifacts}) == len(artifacts)


def test_the_lock_holds_one_kafka_and_one_registry() -> None:
    versions = {artifact.version for artifact in read_lock("kafka") if artifact.group == "org.apache.kafka"}
    assert len(versions) == 1
    assert versions.pop().startswith("4.1.")
    assert [artifact.filename for artifact in read_lock("registry")] == ["apicurio-registry-app-3.0.9-all.tar.gz"]


def test_the_lock_names_no_host() -> None:
    assert "://" not in LOCK.read_text(encoding="utf-8")
