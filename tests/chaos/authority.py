"""Who exists, and what is true of them: from all words to one truth, by the rules of the test's city and nothing else.

The other half of the specification; see words.py. The product's own code has no part in it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from tests.chaos.words import LONGEST_NAME, Value, Word

Person: TypeAlias = Mapping[str, Value]
Holding: TypeAlias = dict[str, dict[str, Value]]

#: By field, whose word counts, the best first.
ORDER = {
    "citizen_id": ("dan_cu", "ho_tich"),
    "old_id": ("dan_cu",),
    "full_name": ("ho_tich", "dan_cu", "dkkd"),
    "birth_date": ("ho_tich",),
    "sex": ("ho_tich",),
    "death_date": ("ho_tich",),
    "residence": ("dan_cu", "ho_tich", "dkkd"),
    "ward": ("dan_cu",),
    "phone": ("dkkd",),
}
#: Who decides that somebody exists, and whose word does as long as that system has never spoken of them.
EXISTENCE, BIRTH = "dan_cu", "ho_tich"
WARDS_OF_SUC_KHOE = ("00004", "00008")


class Truth(NamedTuple):
    """`people`: everybody who exists, by key. `home`: by (system, row), the key that a row which is there is about."""

    people: dict[str, Person]
    home: dict[tuple[str, str], str]


def truth(words: Iterable[Word]) -> Truth:
    """All words together."""
    said = list(words)
    links = _links(said)
    home = {(word.system, word.row): _resolved(word.key, links) for word in said}
    about: dict[str, list[Word]] = defaultdict(list)
    for word in said:
        about[home[word.system, word.row]].append(word)
    people = {key: _person(key, told) for key, told in about.items() if _exists(told)}
    live = {(word.system, word.row): home[word.system, word.row] for word in said if word.is_there}
    return Truth(people, live)


def _links(words: list[Word]) -> dict[str, str]:
    """Which key is another name of which. Where two rows name different ones, nobody guesses. The dead count too."""
    targets: dict[str, set[str]] = defaultdict(set)
    for word in words:
        for name in word.names:
            targets[name].add(word.key)
    return {name: next(iter(found)) for name, found in targets.items() if len(found) == 1}


def _resolved(key: str, links: Mapping[str, str]) -> str:
    passed = {key}
    while (further := links.get(key)) is not None:
        assert further not in passed, f"the workload has made a circle of names: {passed}"
        passed.add(further)
        key = further
    return key


def _exists(words: list[Word]) -> bool:
    """A deletion by the owner of existence stays said; nobody else's word counts then."""
    owners = [word for word in words if word.system == EXISTENCE and (word.is_gone or word.says_something)]
    if owners:
        return any(not word.is_gone for word in owners)
    return any(word.system == BIRTH and not word.is_gone and word.says_something for word in words)


def _person(key: str, words: list[Word]) -> Person:
    """A system's rows under the key itself speak before those under other names, then the later before the earlier."""
    live = [word for word in words if word.is_there]
    ranked = sorted(live, key=lambda word: (word.key == key, word.place), reverse=True)
    return {field: _decided(field, ranked) for field in ORDER}


def _decided(field: str, ranked: list[Word]) -> Value:
    for system in ORDER[field]:
        for word in ranked:
            if word.system == system and field in word.values and field not in word.shown:
                return word.values[field]
    return None


def holdings(known: Truth) -> dict[str, Holding]:
    """What every subscriber must hold, in its own columns: by whole key, by number, or by the system's own row."""
    people = known.people
    numbered = {key.partition(":")[2]: person for key, person in people.items() if key.startswith("citizen_id:")}
    return {
        "dan_cu": {key: _population(person) for key, person in people.items()},
        "bao_cao": {key: _report(person) for key, person in people.items()},
        "suc_khoe": {n: _health(p) for n, p in numbered.items() if p["ward"] in WARDS_OF_SUC_KHOE},
        "ho_tich": {
            row: {"so_dinh_danh": people[key]["citizen_id"], "noi_thuong_tru": people[key]["residence"]}
            for (system, row), key in known.home.items()
            if system == "ho_tich" and key in people
        },
        "dkkd": {
            row: {"ten": (people[key]["full_name"] or "")[:LONGEST_NAME] or None, "dia_chi": people[key]["residence"]}
            for (system, row), key in known.home.items()
            if system == "dkkd" and key in people
        },
    }


def _population(person: Person) -> dict[str, Value]:
    return {
        "ho_va_ten": person["full_name"],
        "ngay_sinh": person["birth_date"],
        "gioi_tinh": {"male": "Nam", "female": "Nữ", None: None}[person["sex"]],
        "ngay_mat": person["death_date"],
        "dien_thoai": person["phone"],
    }


def _health(person: Person) -> dict[str, Value]:
    return {
        "ten": person["full_name"],
        "ngay_sinh": person["birth_date"],
        "noi_o": person["residence"],
        "ma_xa": person["ward"],
        "dien_thoai": person["phone"],
    }


def _report(person: Person) -> dict[str, Value]:
    return {
        "so": person["citizen_id"],
        "cmnd": person["old_id"],
        "ten": person["full_name"],
        "ngay_sinh": person["birth_date"],
        "gioi": person["sex"],
        "ngay_mat": person["death_date"],
        "noi_o": person["residence"],
        "ma_xa": person["ward"],
        "dien_thoai": person["phone"],
    }
