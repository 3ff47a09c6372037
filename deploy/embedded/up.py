"""The one-command run: servers, then the city's data and catalogue, then its services, until it is told to stop."""

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NamedTuple, NoReturn

from deploy.embedded.cache import Report
from deploy.embedded.city_processes import FLEET, City
from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.disk import ensure_room
from deploy.embedded.kafka import Kafka
from deploy.embedded.kept_ports import keep_ports
from deploy.embedded.leftovers import end_leftovers
from deploy.embedded.postgres import Postgres
from deploy.embedded.prometheus import Prometheus, is_installed
from deploy.embedded.registry import Registry
from deploy.embedded.secret_files import keep_dead_letter_key
from deploy.embedded.server import Server
from deploy.embedded.supervisor import ProcessSpec, Supervisor

_ROOM_BYTES = 1_000_000_000
SERVERS = ("postgres", "kafka", "registry", Prometheus.name)
MakeCity = Callable[[Mapping[str, str], DataDirectory], City]


class StopRequested(BaseException):
    """A signal asked for the end."""


class Servers(NamedTuple):
    """The three that the city needs, in the order in which they start, and the one that watches."""

    postgres: Postgres
    kafka: Kafka
    registry: Registry
    #: None where it is not installed.
    prometheus: Prometheus | None


def up(data: DataDirectory, *, ports: Mapping[str, int], make_city: MakeCity = City) -> None:
    """Run the city until SIGINT or SIGTERM. ``ports``: fixed ports by server name. Raises EmbeddedError."""
    report = Elapsed()
    data.make()
    with data.claimed():
        ensure_room(data.path, needed=_ROOM_BYTES, what="starting the city")
        supervisor = Supervisor(logs=data.logs, noted_in=data.processes_file, report=report)
        with _signals_stop(supervisor):
            try:
                end_leftovers(data.processes_file, report=report)
                _bring_up(data, supervisor, ports=ports, make_city=make_city, report=report)
                supervisor.keep()
            except StopRequested:
                report("stopping")
            finally:
                _signals_kill(supervisor)
                data.env_file.unlink(missing_ok=True)
                supervisor.stop()
        report("stopped; the data stay, the next start goes on with them")


def _bring_up(
    data: DataDirectory, supervisor: Supervisor, *, ports: Mapping[str, int], make_city: MakeCity, report: Report
) -> None:
    servers = _start_servers(data, supervisor, ports=ports, report=report)
    environment = {
        "LIENTHONG_KAFKA": servers.kafka.bootstrap,
        "LIENTHONG_REGISTRY": servers.registry.url,
        "LIENTHONG_DATA": str(data.path),
        "LIENTHONG_SECRETS": str(data.secrets),
    }
    city = make_city(environment, data)
    keep_dead_letter_key(data.secrets)
    supervisor.start(*city.furnish(dsn=servers.postgres.dsn, report=report))
    for preparation in city.preparations():
        supervisor.run_to_end(preparation)
    for stage in city.services():
        report(f"starting {', '.join(spec.name for spec in stage)}")
        supervisor.start(*stage)
    if servers.prometheus is not None:
        _watch(servers.prometheus, data, supervisor, report)
    data.env_file.write_text("".join(f"{name}={value}\n" for name, value in environment.items()), encoding="utf-8")
    supervisor.run_to_end(city.readiness())
    for tidying in city.tidying():
        supervisor.run_to_end(tidying)
    report(
        f"ready. In another terminal: `{_lienthong(data)} demo` or `… status`; logs are in {data.logs}; Ctrl-C stops"
    )


def _lienthong(data: DataDirectory) -> str:
    """How the command is called for this city: it finds the usual data directory by itself."""
    found_by_itself = data.path == Path(".data").absolute()
    return ("" if found_by_itself else f"LIENTHONG_DATA={data.path} ") + ".venv/bin/lienthong"


def _start_servers(data: DataDirectory, supervisor: Supervisor, *, ports: Mapping[str, int], report: Report) -> Servers:
    kept = keep_ports(SERVERS, wanted=ports, noted_in=data.ports_file, report=report)
    folder = data.servers / Prometheus.name
    servers = Servers(
        prometheus=Prometheus(folder, port=kept[Prometheus.name]) if is_installed() else None,
        postgres=Postgres(data.servers / "postgres", port=kept["postgres"], log=supervisor.log_of("postgres")),
        kafka=Kafka(data.servers / "kafka", port=kept["kafka"], log=supervisor.log_of("kafka")),
        registry=Registry(data.servers / "registry", port=kept["registry"], log=supervisor.log_of("registry")),
    )
    needed = servers.postgres, servers.kafka, servers.registry
    for server in needed:
        server.configure(report)
    supervisor.start(*(_kept(server) for server in needed))
    for server in needed:
        supervisor.wait_until(server.name, server.is_ready)
        report(f"{server.name} answers on port {server.port}")
    return servers


def _watch(prometheus: Prometheus, data: DataDirectory, supervisor: Supervisor, report: Report) -> None:
    """Not waited for: the city does not need it."""
    prometheus.configure(report)
    ports = data.metrics_ports()
    prometheus.watch(ports, fleet=ports.get(FLEET))
    supervisor.start(_kept(prometheus))
    report(f"Prometheus watches: {prometheus.url}/alerts")


def _kept(server: Server) -> ProcessSpec:
    return ProcessSpec(name=server.name, command=server.command)


class Elapsed:
    """Prints lines with the seconds since it was made."""

    def __init__(self) -> None:
        """The clock starts now."""
        self._begin = time.monotonic()

    def __call__(self, line: str) -> None:
        """Print one line. A terminal that was closed meanwhile must not keep the processes from being stopped."""
        with suppress(OSError, ValueError):
            sys.stdout.write(f"[{time.monotonic() - self._begin:6.1f} s] {line}\n")
            sys.stdout.flush()


@contextmanager
def _signals_stop(supervisor: Supervisor) -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> NoReturn:
        _signals_kill(supervisor)
        raise StopRequested

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _signals_kill(supervisor: Supervisor) -> None:
    """A second signal does not wait for anybody."""

    def kill(signum: int, frame: FrameType | None) -> None:
        supervisor.kill()

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, kill)
