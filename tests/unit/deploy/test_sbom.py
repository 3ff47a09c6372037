"""The bill of materials names every pinned file of both locks."""

import re

from deploy.audit.sbom import bill
from deploy.embedded.artifacts import LOCK
from deploy.monitoring.made import PROJECT


def _hashes() -> set[str]:
    told = str(bill()["components"])
    return set(re.findall(r"[0-9a-f]{64}", told))


def test_every_hash_of_the_locks_is_in_it_and_no_other() -> None:
    locks = [PROJECT / "deploy" / "locks" / "run.txt", LOCK]
    assert _hashes() == {digest for path in locks for digest in re.findall(r"sha256:([0-9a-f]{64})", path.read_text())}


def test_components_are_named_as_scanners_look_for_them() -> None:
    components = bill()["components"]
    references = [component["bom-ref"] for component in components]
    assert len(set(references)) == len(references)
    purls = {component["purl"].split("@")[0] for component in components}
    assert {"pkg:pypi/faust-streaming", "pkg:pypi/confluent-kafka", "pkg:maven/org.apache.kafka/kafka_2.13"} <= purls
