"""The errors that a source or sink raises; the loops know what to do with each."""


class ConnectorsError(Exception):
    """Says what was being done, to what, and what to do now."""


class SourceUnavailable(ConnectorsError):  # noqa: N818 - reads as what happened
    """The source cannot be reached now; the loop opens it again, with back-off, without end."""


class SinkUnavailable(ConnectorsError):  # noqa: N818 - reads as what happened
    """The target cannot be reached now; the loop tries the same writes again, with back-off, without end."""


class Fenced(ConnectorsError):  # noqa: N818 - reads as what happened
    """Another process has taken over; this one stops."""
