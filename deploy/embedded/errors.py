"""What can go wrong while Kafka, the registry and PostgreSQL are brought up on one machine."""


class EmbeddedError(Exception):
    """The message says what was being done, to what, and what to do now."""


class DownloadError(EmbeddedError):
    """A file could not be fetched, or is not the one that the lock names."""


class DiskSpaceError(EmbeddedError):
    """Too little room for what is about to be written."""


class PortTakenError(EmbeddedError):
    """Somebody else listens on the port that a server is to have."""


class StartError(EmbeddedError):
    """A server or process ended, or did not answer in time, while it was being started."""


class AlreadyRunningError(EmbeddedError):
    """The data directory belongs to a supervisor that is alive."""
