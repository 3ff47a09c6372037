"""Whether a connector may be sent work: what `/readyz` answers."""

from prometheus_client import REGISTRY

from schemas.probes import Troubles


def readiness(role: str, system: str, *, stopping: bool) -> Troubles:
    """By the name of its process. It is ready while `lienthong_connector_up` is 1."""
    up = REGISTRY.get_sample_value("lienthong_connector_up", {"role": role, "system": system})
    waits = "" if up else "it does not reach its system, or Kafka, yet: see `lienthong status` and the log"
    return {f"{role}/{system}": "it is stopping" if stopping else waits}
