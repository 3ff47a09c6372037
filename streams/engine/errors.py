"""What can go wrong in the engine. Every message says what was being done, to what, and what to do now."""


class EngineError(Exception):
    """Base of all errors that the engine raises."""


class SettingsError(EngineError):
    """The settings, or the topics that they name, cannot work."""


class BatchClosedError(EngineError):
    """A batch was used before it was entered, after it was left, or after its partition was taken away."""


class StateError(EngineError):
    """The local state of a partition could not be opened, read or written."""


class OutputError(EngineError):
    """Kafka refused what a batch sent or put, and would refuse it again: the batch counts as failed on its data."""


class RoundError(EngineError):
    """A round's transaction was aborted; nothing of it counts."""


class StuckError(RoundError):
    """The client did not return from a call in time; it is of no more use, and what it had open never commits."""


class AbandonedError(EngineError):
    """The partitions were taken away while something was being done for them; nobody waits for the result."""
