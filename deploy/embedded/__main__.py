"""``python -m deploy.embedded up | status | clean-data | fetch | pin-artifacts``."""

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from deploy.embedded.city import PEOPLE
from deploy.embedded.city_processes import City
from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.errors import EmbeddedError
from deploy.embedded.kafka import Kafka
from deploy.embedded.leftovers import noted
from deploy.embedded.registry import Registry
from deploy.embedded.up import SERVERS, Elapsed, up
from schemas.errors import SchemasError


def main() -> int:
    """Run one command; foreseen troubles are told in their own words and end with exit code 1."""
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except (EmbeddedError, SchemasError) as error:
        sys.stderr.write(f"lienthong: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.embedded", description="A whole city on one machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=Path(os.environ.get("LIENTHONG_DATA", ".data")))
    start = commands.add_parser("up", parents=[common], help="start everything and keep it until Ctrl-C")
    for server in SERVERS:
        start.add_argument(f"--{server}-port", type=int, help="default: a free one, kept from start to start")
    start.add_argument("--people", type=int, default=PEOPLE, help="made-up people at the first start")
    start.set_defaults(run=_up)
    commands.add_parser("status", parents=[common], help="what runs").set_defaults(run=_status)
    commands.add_parser("clean-data", parents=[common], help="forget all data").set_defaults(run=_clean_data)
    commands.add_parser("fetch", help="fetch and prepare what the servers need").set_defaults(run=_fetch)
    pin = commands.add_parser("pin-artifacts", help="remake the lock of the servers' files")
    pin.set_defaults(run=_pin_artifacts)
    return parser


def _up(arguments: argparse.Namespace) -> None:
    wanted = {server: getattr(arguments, f"{server}_port") for server in SERVERS}
    up(
        DataDirectory(arguments.data),
        ports={server: port for server, port in wanted.items() if port},
        make_city=partial(City, people=arguments.people),
    )


def _status(arguments: argparse.Namespace) -> None:
    processes = noted(DataDirectory(arguments.data).processes_file)
    for name, identity in processes.items():
        sys.stdout.write(f"{name:24} {identity.pid:8} {'runs' if identity.is_alive() else 'does not run'}\n")
    if not processes:
        sys.stdout.write("nothing runs here; start it with `make run`\n")


def _clean_data(arguments: argparse.Namespace) -> None:
    data = DataDirectory(arguments.data)
    data.forget(report=Elapsed())
    sys.stdout.write(f"forgotten: {data.path}\n")


def _fetch(_: argparse.Namespace) -> None:
    report, nowhere = Elapsed(), Path(os.devnull)
    for server in (Kafka(nowhere), Registry(nowhere)):
        server.prepare(report)


def _pin_artifacts(_: argparse.Namespace) -> None:
    from deploy.embedded.pin_artifacts import pin_artifacts  # noqa: PLC0415 - jgo is slow to import

    sys.stdout.write(f"pinned {len(pin_artifacts())} files\n")


if __name__ == "__main__":
    sys.exit(main())
