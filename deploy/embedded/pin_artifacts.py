"""Remake ``artifacts.lock``: resolve what Kafka and the registry need, fetch it all and note size and sum."""

import tempfile
from pathlib import Path

from jgo.maven import Artifact as MavenArtifact

from deploy.embedded.artifacts import Artifact, write_lock
from deploy.embedded.download import sha256_of
from deploy.embedded.repository import maven

KAFKA = "org.apache.kafka:kafka_2.13:4.1.2"
KAFKA_LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3"
REGISTRY = ("io.apicurio", "apicurio-registry-app", "3.0.9")


def pin_artifacts() -> list[Artifact]:
    """Write the lock and return what it names. Needs the network and about 150 MB of temporary room."""
    with tempfile.TemporaryDirectory() as directory:
        context = maven()
        context.repo_cache = Path(directory)
        inputs, transitive = context.resolver.resolve([context.create_dependency(KAFKA)])
        logging = context.create_dependency(KAFKA_LOGGING)
        kafka = [pin("kafka", dependency.artifact) for dependency in [*inputs, *transitive, logging]]
        group, name, version = REGISTRY
        archive = context.project(group, name).at_version(version).artifact(classifier="all", packaging="tar.gz")
        pinned = [*sorted(kafka, key=Artifact.line), pin("registry", archive)]
    write_lock(pinned)
    return pinned


def pin(part: str, artifact: MavenArtifact) -> Artifact:
    """The line of the lock for a file that the resolver has found."""
    path = artifact.resolve()
    return Artifact(
        part=part,
        group=artifact.groupId,
        name=artifact.artifactId,
        version=artifact.version,
        classifier=artifact.classifier,
        packaging=artifact.packaging,
        size=path.stat().st_size,
        sha256=sha256_of(path),
    )
