"""What values mean and how they are written: pure functions from a system's spelling to the canonical one and back.

Each raises RuleError for a value that it cannot take. Nothing here guesses: where no rule is known, the value stays.
"""

from schemas.rules.errors import RuleError

__all__ = ["RuleError"]
