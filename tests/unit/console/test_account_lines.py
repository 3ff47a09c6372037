"""Lines of the ledger: sums by role, balances by leg."""

from console.account_lines import published, received
from console.store.balance import Account
from console.store.figures import Figures
from tests.unit.console.city import catalogue

RAW, TO = "raw.ho_tich.person", "to.dan_cu.person"
FIGURES = Figures(
    {
        ("captured", "ho_tich", "person", ""): 100,
        ("processed", "ho_tich", "person", "raw"): 95,
        ("superseded", "ho_tich", "person", "raw"): 2,
        ("quarantined", "ho_tich", "person", "raw"): 2,
        ("quarantined", "ho_tich", "person", ""): 1,
        ("held", "ho_tich", "person", "field"): 4,
        ("routed", "dan_cu", "person", "raw"): 60,
        ("routed", "dan_cu", "person", "identify"): 5,
        ("filtered", "dan_cu", "person", "raw"): 30,
        ("filtered", "dan_cu", "person", "to"): 1,
        ("delivered", "dan_cu", "person", "to"): 58,
        ("quarantined", "dan_cu", "person", "to"): 2,
    },
    [
        Account((RAW, 0), 0, due=50, ended=49, superseded=0, settled=0, next_offset=50, in_flight=0),
        Account((RAW, 1), 0, due=51, ended=50, superseded=0, settled=0, next_offset=50, in_flight=1),
        Account((TO, 0), 0, due=65, ended=61, superseded=3, settled=0, next_offset=70, in_flight=1),
    ],
    horizon=0,
    position=9,
    ended={},
)


def test_a_publisher() -> None:
    [line] = published(catalogue(), FIGURES)
    assert (line.system, line.entity, line.in_flight, line.imbalance) == ("ho_tich", "person", 1, 1)
    assert line.counts == {
        "captured": 100,
        "standing": 101,
        "processed": 95,
        "superseded": 2,
        "quarantined": 3,
        "held": 4,
    }


def test_a_subscriber() -> None:
    [line] = received(catalogue(), FIGURES)
    assert (line.system, line.in_flight, line.imbalance) == ("dan_cu", 1, 0)
    assert line.counts == {
        "routed": 65,
        "delivered": 58,
        "filtered": 31,
        "unchanged": 0,
        "echo": 0,
        "quarantined": 2,
        "superseded": 3,
    }
