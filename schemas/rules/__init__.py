"""What values mean and how they are written: pure functions from a system's spelling to the canonical one and back.

Each raises RuleError for a value that it cannot take, and HeldValue, a RuleError too, for one that only a
person can settle.
Nothing here guesses: where no rule is known, the value stays.
"""

from schemas.rules.errors import HeldValue, RuleError

__all__ = ["HeldValue", "RuleError"]
