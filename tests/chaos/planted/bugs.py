"""Every planted mistake, and the cheapest check that sees it."""

from collections.abc import Callable
from typing import NamedTuple

from pytest import MonkeyPatch

from tests.chaos.planted import in_engine, in_sinks, in_streams, seen_in_memory, seen_on_servers
from tests.chaos.planted.seen_on_servers import Servers


class Bug(NamedTuple):
    """`plant`: bends the product. `check`: what is wrong, or None."""

    plant: Callable[[MonkeyPatch], None]
    check: Callable[[], str | None]


class ServerBug(NamedTuple):
    """The same; the check starts processes of its own, and tells them the name of what is planted in them."""

    plant: Callable[[MonkeyPatch], None]
    check: Callable[[Servers, str | None], str | None]


#: Those that a simulation in memory shows, in seconds.
IN_MEMORY = (
    Bug(in_streams.a_dropped_delete, seen_in_memory.histories),
    Bug(in_streams.no_scope_exit, seen_in_memory.histories),
    Bug(in_streams.a_grave_purged_early, seen_in_memory.histories),
    Bug(in_streams.a_position_without_epoch, seen_in_memory.restored_database),
    Bug(in_streams.a_position_without_ordinal, seen_in_memory.histories),
    Bug(in_streams.a_position_without_row, seen_in_memory.histories),
    Bug(in_streams.a_repeat_dropped, seen_in_memory.lost_outputs),
    Bug(in_streams.a_snapshot_without_retraction, seen_in_memory.histories),
    Bug(in_streams.an_echo_by_last_delivered_only, seen_in_memory.five_systems),
    Bug(in_streams.versions_restarting, seen_in_memory.histories),
    Bug(in_streams.one_poison_record_blocking, seen_in_memory.standing_partitions),
    Bug(in_streams.a_quarantine_advancing_the_position, seen_in_memory.retried_letter),
    Bug(in_streams.a_projection_after_the_topic, seen_in_memory.histories),
)

#: Those that take servers.
ON_SERVERS = (
    ServerBug(in_engine.group_metadata_read_at_commit, seen_on_servers.a_zombie),
    ServerBug(in_sinks.a_sink_without_fencing, seen_on_servers.two_sinks),
    ServerBug(in_sinks.a_sink_position_in_another_transaction, seen_on_servers.a_sink_that_is_cut_off),
)

#: Those that take workers as well, and about ten seconds each.
ON_WORKERS = (
    ServerBug(in_engine.commit_before_the_outputs, seen_on_servers.a_worker_that_dies),
    ServerBug(in_engine.state_before_the_commit, seen_on_servers.a_worker_that_dies),
    ServerBug(in_engine.restore_to_the_last_stable_offset, seen_on_servers.an_undecided_state),
    ServerBug(in_engine.two_owners_of_a_partition, seen_on_servers.two_workers),
)
