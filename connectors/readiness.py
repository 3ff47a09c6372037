"""Whether a connector may be sent work: what `/readyz` answers."""

from prometheus_client import REGISTRY

from schemas.probes import Troubles


def readiness(role: str, system: str, *, stopping: bool) -> Troubles:
    """By the name of its process. It is ready while it reaches its system, and while it rests because it is paused."""
    who = {"role": role, "system": system}
    up = any(REGISTRY.get_sample_value(f"lienthong_connector_{which}", who) for which in ("up", "paused"))
    waits = "" if up else "it does not reach its system, or Kafka, yet: see `lienthong status` and the log"
    return {f"{role}/{system}": "it is stopping" if stopping else waits}
