"""Where the Maven repository is: the resolver ``jgo`` knows its default, or the mirror in its configuration file."""

import logging

from jgo.config import GlobalSettings
from jgo.maven import MavenContext

from deploy.embedded.artifacts import Artifact

logging.getLogger("jgo").setLevel(logging.ERROR)


def maven() -> MavenContext:
    """The resolver, with the repositories that the user's jgo configuration names, if it names any."""
    return MavenContext(remote_repos=GlobalSettings.load().repositories or None)


def addresses(artifact: Artifact) -> list[str]:
    """Where the artifact may be fetched, the first choice first."""
    context = maven()
    prefix = context.project(artifact.group, artifact.name).at_version(artifact.version).path_prefix.as_posix()
    return [f"{repository.rstrip('/')}/{prefix}/{artifact.filename}" for repository in context.remote_repos.values()]
