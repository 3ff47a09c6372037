"""How often each fault comes. A deck is shuffled, played, and followed by a verdict."""

from collections.abc import Mapping
from functools import partial

from tests.chaos import city_faults, schema_faults, topic_faults
from tests.chaos.city_faults import Fault

#: What every landing sees, once.
SMOKE: Mapping[Fault, int] = {
    city_faults.kill_at_a_point: 20,
    city_faults.freeze: 3,
    city_faults.kill_broker: 2,
    city_faults.kill_database: 1,
    city_faults.lose_slot: 1,
    city_faults.cut: 2,
    city_faults.blackhole: 2,
    city_faults.slow: 1,
    city_faults.half_open: 1,
    city_faults.move_clock: 1,
    partial(topic_faults.poison, count=20): 3,
    schema_faults.compatible_schema: 4,
    schema_faults.breaking_schema: 4,
    partial(topic_faults.replay, count=10_000): 2,
}
#: A tenth of a whole campaign.
CAMPAIGN: Mapping[Fault, int] = {
    city_faults.kill_at_a_point: 30,
    city_faults.freeze: 6,
    city_faults.kill_broker: 6,
    city_faults.kill_database: 4,
    city_faults.lose_slot: 1,
    city_faults.cut: 5,
    city_faults.blackhole: 5,
    city_faults.slow: 5,
    city_faults.half_open: 5,
    city_faults.fill_disk_of_state: 1,
    city_faults.fill_disk_of_files: 1,
    city_faults.fill_disk_of_target: 1,
    city_faults.fill_disk_of_broker: 1,
    city_faults.move_clock: 2,
    partial(topic_faults.poison, count=50): 2,
    schema_faults.compatible_schema: 3,
    schema_faults.breaking_schema: 3,
    partial(topic_faults.replay, count=50_000): 2,
}
