"""The errors of the console: each is shown to the user as it stands, without a traceback."""


class ConsoleError(Exception):
    """Says what was being done, to what, and what to do now."""


class NoCity(ConsoleError):  # noqa: N818 - reads as what happened
    """Neither the environment nor this folder tells where Kafka is."""


class Unanswered(ConsoleError):  # noqa: N818 - reads as what happened
    """A server that should run did not answer in time."""
