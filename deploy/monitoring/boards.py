"""The three dashboards: the city, one system, the engine. A test holds that their metrics exist."""

from typing import Final

from deploy.monitoring.dashboard import Dashboard, Panel, Query

#: Grafana puts in what suits the scrape interval and the width of the picture.
_RATE: Final = "[$__rate_interval]"
_BEHIND: Final = "time() - lienthong_connector_fresh_timestamp_seconds"


def _quantile(q: float, by: str, where: str = "") -> str:
    buckets = f"rate(lienthong_delivery_seconds_bucket{where}{_RATE})"
    return f"histogram_quantile({q}, sum by ({by}, le) ({buckets}))"


def _stat(title: str, expression: str, *, means: str, unit: str = "short", warns_at: float | None = None) -> Panel:
    query = (Query(expression, ""),)
    return Panel(title=title, queries=query, means=means, unit=unit, warns_at=warns_at, kind="stat", width=4, height=4)


CITY: Final = Dashboard(
    name="city",
    title="Liên thông · the city",
    panels=(
        _stat(
            "Systems behind",
            f"count({_BEHIND} > lienthong_connector_cadence_seconds + 30) or vector(0)",
            means="Sources and sinks that are further behind than their manifests allow.",
            warns_at=1,
        ),
        _stat(
            "Processes down",
            'count(up{job="lienthong"} == 0) or vector(0)',
            means="Processes that do not answer.",
            warns_at=1,
        ),
        _stat(
            "Dead letters, last hour",
            "sum(increase(lienthong_dead_letters_total[1h])) or vector(0)",
            means="Records that could not be processed.",
            warns_at=1,
        ),
        _stat(
            "Out of balance",
            "sum(abs(lienthong_imbalance))",
            means="Records that have met no end, or two. Anything but 0 for minutes is a loss.",
            warns_at=1,
        ),
        _stat(
            "Delivered a second",
            f"sum(rate(lienthong_delivered_total{_RATE}))",
            means="Deliveries committed by targets.",
            unit="cps",
        ),
        _stat(
            "End to end, 95 %",
            "histogram_quantile(0.95, sum by (le) (increase(lienthong_delivery_seconds_bucket[1h])))",
            means="From the commit in one system to that in another, last hour.",
            unit="s",
            warns_at=5,
        ),
        Panel(
            title="How far behind each system is",
            queries=(Query(_BEHIND, "{{system}} · {{role}}"),),
            means="Seconds since everything was captured (source) or delivered (sink).",
            unit="s",
            kind="bargauge",
            width=12,
            warns_at=60,
        ),
        Panel(
            title="Who feeds whom, last hour",
            queries=(Query("sum by (source, system) (increase(lienthong_delivery_seconds_count[1h]))", ""),),
            means="Deliveries to `system` that began with a change in `source`.",
            kind="table",
            width=12,
        ),
        Panel(
            title="Captured",
            queries=(Query(f"sum by (system) (rate(lienthong_captured_total{_RATE}))", "{{system}}"),),
            means="Changes a second, by publisher.",
            unit="cps",
        ),
        Panel(
            title="Delivered",
            queries=(Query(f"sum by (system) (rate(lienthong_delivered_total{_RATE}))", "{{system}}"),),
            means="Deliveries a second, by subscriber.",
            unit="cps",
        ),
        Panel(
            title="What became of changes",
            queries=(Query(f"sum by (result) (rate(lienthong_events_total{_RATE}))", "{{result}}"),),
            means="Outcomes a second: routed, unchanged, filtered, echo, superseded, held, quarantined.",
            unit="cps",
        ),
        Panel(
            title="End to end, half of all",
            queries=(Query(_quantile(0.5, "system"), "{{system}}"),),
            means="From commit to commit; the clocks of both machines count.",
            unit="s",
        ),
        Panel(
            title="End to end, 95 %",
            queries=(Query(_quantile(0.95, "system"), "{{system}}"),),
            means="One in twenty takes longer.",
            unit="s",
        ),
        Panel(
            title="Dead letters by reason",
            queries=(
                Query(
                    "sum by (system, reason) (increase(lienthong_dead_letters_total[15m])) or vector(0)",
                    "{{system}} {{reason}}",
                ),
            ),
            means="Over 15 minutes.",
        ),
    ),
)

_OF: Final = '{system="$system"}'

SYSTEM: Final = Dashboard(
    name="system",
    title="Liên thông · one system",
    variable=("system", "label_values(lienthong_connector_up, system)"),
    panels=(
        Panel(
            title="Reached",
            queries=(Query(f"lienthong_connector_up{_OF}", "{{role}}"),),
            means="1 while the connector reads or writes its system.",
            kind="stat",
            height=4,
        ),
        Panel(
            title="Behind",
            queries=(Query(f"time() - lienthong_connector_fresh_timestamp_seconds{_OF}", "{{role}}"),),
            means="Seconds since everything was captured or delivered.",
            unit="s",
            kind="stat",
            height=4,
        ),
        Panel(
            title="Allowed by its manifest",
            queries=(Query(f"lienthong_connector_cadence_seconds{_OF}", "{{role}}"),),
            means="`cadence:`.",
            unit="s",
            kind="stat",
            height=4,
        ),
        Panel(
            title="Captured",
            queries=(Query(f"rate(lienthong_captured_total{_OF}{_RATE})", "{{entity}}"),),
            means="Changes a second; empty for a system that publishes nothing.",
            unit="cps",
        ),
        Panel(
            title="Delivered",
            queries=(Query(f"rate(lienthong_delivered_total{_OF}{_RATE})", "{{entity}}"),),
            means="Deliveries a second; empty for a system that receives nothing.",
            unit="cps",
        ),
        Panel(
            title="Outcomes",
            queries=(Query(f"sum by (result) (rate(lienthong_events_total{_OF}{_RATE}))", "{{result}}"),),
            means="What the workers decided, a second.",
            unit="cps",
        ),
        Panel(
            title="End to end, 95 %, by source",
            queries=(Query(_quantile(0.95, "source", _OF), "from {{source}}"),),
            means="From the commit in the source to the commit here.",
            unit="s",
        ),
        Panel(
            title="Capture delay",
            queries=(Query(f"lienthong_source_capture_delay_seconds{_OF}", "newest change"),),
            means="From the commit here to the connector.",
            unit="s",
        ),
        Panel(
            title="Not yet written",
            queries=(Query(f"lienthong_sink_lag_records{_OF}", "{{entity}}"),),
            means="Offsets in the delivery topics.",
        ),
        Panel(
            title="WAL",
            queries=(
                Query(f"lienthong_source_wal_held_bytes{_OF}", "kept for us"),
                Query(f"lienthong_source_lag_bytes{_OF}", "not yet confirmed"),
            ),
            means="Of a PostgreSQL source.",
            unit="bytes",
        ),
        Panel(
            title="Being read anew",
            queries=(
                Query(f"lienthong_source_resync_rows{_OF}", "rows read"),
                Query(f"lienthong_source_resync_expected_rows{_OF}", "rows expected"),
                Query(f"lienthong_source_resync_tables{_OF}", "tables left"),
            ),
            means="A resync, or the snapshot of a new epoch.",
        ),
        Panel(
            title="Trouble",
            queries=(
                Query(f"sum(rate(lienthong_connector_retries_total{_OF}{_RATE})) or vector(0)", "attempts that failed"),
                Query(f"sum(rate(lienthong_dead_letters_total{_OF}{_RATE})) or vector(0)", "dead letters"),
            ),
            means="A second.",
            unit="cps",
        ),
    ),
)

_GROUP: Final = '{group=~"$group"}'

ENGINE: Final = Dashboard(
    name="engine",
    title="Liên thông · the engine",
    variable=("group", "label_values(lienthong_engine_partitions, group)"),
    panels=(
        Panel(
            title="Records processed",
            queries=(Query(f"sum by (process) (rate(lienthong_engine_records_total{_GROUP}{_RATE}))", "{{process}}"),),
            means="Source records whose offset is committed, a second.",
            unit="cps",
        ),
        Panel(
            title="Records sent",
            queries=(Query(f"sum by (process) (rate(lienthong_engine_outputs_total{_GROUP}{_RATE}))", "{{process}}"),),
            means="In committed transactions, a second.",
            unit="cps",
        ),
        Panel(
            title="Transactions",
            queries=(Query(f"sum by (result) (rate(lienthong_engine_rounds_total{_GROUP}{_RATE}))", "{{result}}"),),
            means="Committed and aborted, a second.",
            unit="cps",
        ),
        Panel(
            title="Seconds of a transaction",
            queries=tuple(
                Query(
                    f"histogram_quantile({q}, sum by (le)"
                    f" (rate(lienthong_engine_round_seconds_bucket{_GROUP}{_RATE})))",
                    name,
                )
                for q, name in ((0.5, "half"), (0.95, "95 %"), (0.99, "99 %"))
            ),
            means="From its begin to the state being applied.",
            unit="s",
        ),
        Panel(
            title="Batches in a transaction",
            queries=(
                Query(
                    f"sum(rate(lienthong_engine_round_batches_total{_GROUP}{_RATE}))"
                    f' / sum(rate(lienthong_engine_rounds_total{{group=~"$group", result="committed"}}{_RATE}))',
                    "batches",
                ),
            ),
            means="Grows with the load.",
        ),
        Panel(
            title="Waiting",
            queries=(Query(f"sum by (topic) (lienthong_engine_lag_records{_GROUP})", "{{topic}}"),),
            means="Offsets between the end and what is committed.",
        ),
        Panel(
            title="Partitions that work",
            queries=(Query(f"lienthong_engine_partitions{_GROUP}", "{{process}} {{group}}"),),
            means="Owned and recovered.",
        ),
        Panel(
            title="Recovery",
            queries=(
                Query(f"sum by (process) (lienthong_engine_restore_seconds{_GROUP})", "{{process}}: seconds, last"),
                Query(f"sum(lienthong_engine_restore_remaining_records{_GROUP}) or vector(0)", "records to be read"),
            ),
            means="Of the state, when partitions come.",
        ),
        Panel(
            title="Rebalances",
            queries=(Query(f"sum by (event) (increase(lienthong_engine_rebalances_total{_GROUP}[15m]))", "{{event}}"),),
            means="Over 15 minutes; each stops the group for a moment.",
        ),
        Panel(
            title="Batches handed out again",
            queries=(
                Query(
                    f"sum by (reason) (rate(lienthong_engine_batches_retried_total{_GROUP}{_RATE})) or vector(0)",
                    "{{reason}}",
                ),
            ),
            means="A second, by reason.",
            unit="cps",
        ),
        Panel(
            title="Last stable offset stands",
            queries=(Query(f"max by (topic) (lienthong_engine_stable_offset_standing_seconds{_GROUP})", "{{topic}}"),),
            means="Seconds for which readers have waited for a transaction to end.",
            unit="s",
        ),
        Panel(
            title="Memory",
            queries=(Query('process_resident_memory_bytes{job="lienthong"}', "{{process}}"),),
            means="Of every process of the city.",
            unit="bytes",
        ),
        Panel(
            title="Processor",
            queries=(Query(f'rate(process_cpu_seconds_total{{job="lienthong"}}{_RATE})', "{{process}}"),),
            means="Cores in use.",
        ),
    ),
)

ALL: Final = (CITY, SYSTEM, ENGINE)
