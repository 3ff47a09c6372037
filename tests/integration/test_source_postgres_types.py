"""Every type of PostgreSQL: typed the same in snapshot and stream, and by the Avro schema of its shape."""

from datetime import date, datetime
from typing import Any

import pytest

from schemas.codec import codec_for
from schemas.compose import for_row
from schemas.records import ChangeEvent
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, Reading, fresh

_DAYS = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)
_HUGE = "9" * 200 + "." + "1" * 50


def _micros(*parts: int) -> int:
    past = datetime(*parts) - _EPOCH  # type: ignore[arg-type]
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


#: A type, then SQL literals of it and the value that a row must carry for each.
TYPED: dict[str, dict[str, Any]] = {
    "boolean": {"true": True, "false": False},
    "smallint": {"-32768": -32768, "32767": 32767},
    "integer": {"-2147483648": -(2**31), "0": 0},
    "bigint": {"9223372036854775807": 2**63 - 1, "-9223372036854775808": -(2**63)},
    "real": {"'Infinity'": float("inf"), "0.1": 0.1, "'-0'": -0.0},
    "double precision": {
        "'-Infinity'": float("-inf"),
        "0.1": 0.1,
        "1e-300": 1e-300,
        "1.7976931348623157e308": 1.7976931348623157e308,
    },
    "date": {
        "'1970-01-01'": 0,
        "'0001-01-01'": 1 - _DAYS,
        "'9999-12-31'": date(9999, 12, 31).toordinal() - _DAYS,
        "'10000-01-01'": date(9999, 12, 31).toordinal() - _DAYS + 1,
        "'5874897-12-31'": 2145042905,
        "'0001-12-31 BC'": -_DAYS,
        "'4713-01-01 BC'": -2440550,
        "'infinity'": 2**31 - 1,
        "'-infinity'": -(2**31),
    },
    "timestamp": {
        "'2024-02-29 23:59:59.999999'": _micros(2024, 2, 29, 23, 59, 59, 999999),
        "'1969-12-31 23:59:59.5'": -500_000,
        "'0001-12-31 23:59:59 BC'": -62135596801_000_000,
        "'12024-01-01 00:00:01'": 317273587201_000_000,
        "'infinity'": 2**63 - 1,
        "'-infinity'": -(2**63),
    },
    "timestamptz": {
        "'2024-06-01 07:00:00+07'": _micros(2024, 6, 1),
        "'1890-01-01 00:00:00 Asia/Ho_Chi_Minh'": -2524547190_000_000,
        "'0044-03-15 12:00:00+00 BC'": -63517780800_000_000,
        "'infinity'": 2**63 - 1,
        "'-infinity'": -(2**63),
    },
    "time": {"'00:00'": 0, "'23:59:59.999999'": 86_399_999_999, "'24:00:00'": 86_400_000_000},
    "numeric": {_HUGE: _HUGE, "'NaN'": "NaN", "'Infinity'": "Infinity", "1.10": "1.10", "-0.000": "0.000"},
    "numeric(10,2)": {"1": "1.00"},
    "text": {
        "'Nguyễn Thị Ngọc Ánh'": "Nguyễn Thị Ngọc Ánh",
        r"E'tab\t newline\n return\r backslash\\ \\N \b\f\x0b'": "tab\t newline\n return\r backslash\\ \\N \b\f\v",
        "''": "",
        "'\\N'": "\\N",
        "'🙂 NULL {} \"'": '🙂 NULL {} "',
    },
    "varchar(20)": {"'abc'": "abc"},
    "char(5)": {"'ab'": "ab   "},
    '"char"': {"'x'": "x"},
    "name": {"'tên'": "tên"},
    "bytea": {r"'\x00ff5c0a'": b"\x00\xff\\\n", r"'\x'": b""},
    "uuid": {"'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    "json": {'\'{"b": 1,  "a":[null]}\'': '{"b": 1,  "a":[null]}'},
    "jsonb": {'\'{"b": 1,  "a":[null]}\'': '{"a": [null], "b": 1}'},
    "interval": {"'1 year 2 mons -3 days 04:05:06.7'": "1 year 2 mons -3 days +04:05:06.7"},
    "timetz": {"'12:00:00.5+07'": "12:00:00.5+07"},
    "money": {"12.5": None},  # its form is the database's own
    "bit(3)": {"B'101'": "101"},
    "varbit": {"B'10'": "10"},
    "inet": {"'10.0.0.1/8'": "10.0.0.1/8", "'::1'": "::1"},
    "cidr": {"'10.0.0.0/8'": "10.0.0.0/8"},
    "macaddr": {"'08:00:2b:01:02:03'": "08:00:2b:01:02:03"},
    "macaddr8": {"'08:00:2b:01:02:03:04:05'": "08:00:2b:01:02:03:04:05"},
    "point": {"'(1,2.5)'": "(1,2.5)"},
    "line": {"'{1,2,3}'": "{1,2,3}"},
    "lseg": {"'[(0,0),(1,1)]'": "[(0,0),(1,1)]"},
    "box": {"'(1,1),(0,0)'": "(1,1),(0,0)"},
    "path": {"'((0,0),(1,1))'": "((0,0),(1,1))"},
    "polygon": {"'((0,0),(1,1),(1,0))'": "((0,0),(1,1),(1,0))"},
    "circle": {"'<(0,0),1>'": "<(0,0),1>"},
    "tsvector": {"'con mèo'": "'con' 'mèo'"},
    "tsquery": {"'con & mèo'": "'con' & 'mèo'"},
    "int4range": {"'[1,5)'": "[1,5)", "'empty'": "empty"},
    "tstzrange": {"'[2024-01-01 07:00+07,)'": '["2024-01-01 00:00:00+00",)'},
    "int4multirange": {"'{[1,2),[5,7)}'": "{[1,2),[5,7)}"},
    "oid": {"4294967295": "4294967295"},
    "xid8": {"'12'": "12"},
    "pg_lsn": {"'16/B374D848'": "16/B374D848"},
    "regclass": {"'pg_class'": "pg_class"},
    "int2vector": {"'1 2 3'": "1 2 3"},
    "jsonpath": {"'$.a'": '$."a"'},
    "trang_thai": {"'đã mất'": "đã mất"},
    "ma_so": {"'001'": "001"},
    "ma_so_chat": {"'012'": "012"},
    "ngay": {"'2000-01-01'": 10957},
    "dia_chi": {"ROW('12 Lý Thái Tổ, \"A\"', 5)": '("12 Lý Thái Tổ, ""A""",5)'},
    "integer[]": {
        "'{1,NULL,-3}'": [1, None, -3],
        "'{}'": [],
        "'{{1,2},{3,4}}'": "{{1,2},{3,4}}",
        "'[0:1]={1,2}'": "[0:1]={1,2}",
    },
    "text[]": {
        r"""'{a,NULL,"NULL","","x,y","q\"b\\","{","  s "}'""": ["a", None, "NULL", "", "x,y", 'q"b\\', "{", "  s "],
    },
    "date[]": {"'{2000-01-01,infinity,NULL}'": [10957, 2**31 - 1, None]},
    "timestamptz[]": {"'{\"2024-06-01 07:00:00+07\"}'": [_micros(2024, 6, 1)]},
    "numeric[]": {"'{1.10,NaN}'": ["1.10", "NaN"]},
    "boolean[]": {"'{t,f,NULL}'": [True, False, None]},
    "bytea[]": {r"""'{"\\x00ff",NULL}'""": [b"\x00\xff", None]},
    "uuid[]": {"'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]},
    "jsonb[]": {'ARRAY[\'{"a":"b,c"}\'::jsonb]': ['{"a": "b,c"}']},
    "box[]": {"'{(1,1),(0,0);(2,2),(0,0)}'": ["(1,1),(0,0)", "(2,2),(0,0)"]},
    "trang_thai[]": {"'{\"đã mất\",sống}'": ["đã mất", "sống"]},
    "ngay[]": {"'{2000-01-01}'": [10957]},
    "dia_chi[]": {"ARRAY[ROW('a,b', 5)::dia_chi]": ['("a,b",5)']},
    "double precision[]": {"'{NaN,0.5}'": None},
}

_OWN_TYPES = """
CREATE TYPE trang_thai AS ENUM ('sống', 'đã mất');
CREATE DOMAIN ma_so AS text CHECK (VALUE <> '');
CREATE DOMAIN ma_so_chat AS ma_so CHECK (length(VALUE) = 3);
CREATE DOMAIN ngay AS date;
CREATE TYPE dia_chi AS (duong text, so int);
"""


def _columns() -> list[tuple[str, str, str, Any]]:
    """Column name, type, literal, expected value (None: whatever it is)."""
    listed = [(kind, literal, value) for kind, values in TYPED.items() for literal, value in values.items()]
    return [(f"c{number}", kind, literal, value) for number, (kind, literal, value) in enumerate(listed)]


def _table(columns: list[tuple[str, str, str]]) -> str:
    """A table with one row of these literals, and the statement that copies the row."""
    listed = ", ".join(f"{name} {kind}" for name, kind, _ in columns)
    names, literals = ", ".join(name for name, _, _ in columns), ", ".join(literal for _, _, literal in columns)
    return f"""
        CREATE TABLE nguon (id int PRIMARY KEY, {listed});
        ALTER TABLE nguon REPLICA IDENTITY FULL;
        INSERT INTO nguon (id, {names}) VALUES (1, {literals});
    """


def _both(database: Database, names: list[str]) -> tuple[Reading, ChangeEvent, ChangeEvent]:
    """The one row as the snapshot reads it, and its copy as the stream does."""
    reading = database.read().snapshot()
    listed = ", ".join(names)
    database.run(f"INSERT INTO nguon (id, {listed}) SELECT 2, {listed} FROM nguon")
    [streamed] = reading.stream(1)
    [read] = [event for event in reading.events if event["operation"] == "read"]
    return reading, read, streamed


def _same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)  # NaN, and -0.0


def test_values_are_typed_and_the_same_in_snapshot_and_stream(postgres: SharedPostgres) -> None:
    columns = _columns()
    statements = _OWN_TYPES + _table([(name, kind, literal) for name, kind, literal, _ in columns])
    with fresh(postgres, statements) as database:
        _, read, streamed = _both(database, [name for name, _, _, _ in columns])
        assert read["after"] and streamed["after"]
        for name, kind, literal, expected in columns:
            value = read["after"][name]
            assert _same(value, streamed["after"][name]), f"{kind} {literal}: snapshot and stream differ"
            if expected is not None:
                assert _same(value, expected), f"{kind} {literal}: {value!r}"


def test_what_is_read_is_avro_of_its_shape(postgres: SharedPostgres) -> None:
    columns = _columns()
    statements = _OWN_TYPES + _table([(name, kind, literal) for name, kind, literal, _ in columns])
    with fresh(postgres, statements) as database:
        reading, _, _ = _both(database, [name for name, _, _, _ in columns])
        for change in reading.changes:
            codec = codec_for(for_row(change.shape))
            assert _same(codec.decode(codec.encode(change.event)), {**change.event, "ours": change.event.get("ours")})


def test_the_shape_names_every_type(postgres: SharedPostgres) -> None:
    statements = """
        CREATE DOMAIN ngay AS date;
        CREATE TABLE nguon (id int8 PRIMARY KEY, ngay_sinh ngay, "Họ tên" text, "ho-ten" text, ho_ten text, t date[]);
        ALTER TABLE nguon REPLICA IDENTITY FULL;
    """
    with fresh(postgres, statements) as database:
        shape = database.read().snapshot().changes[0].shape
    assert (shape["name"], shape["namespace"]) == ("Row", "lienthong.raw.nguon.public_nguon")
    assert [(f["name"], f["source_type"], f.get("column")) for f in shape["fields"]] == [
        ("id", "int8", None),
        ("ngay_sinh", "ngay", None),
        ("H__t_n", "text", "Họ tên"),
        ("ho_ten_", "text", "ho-ten"),
        ("ho_ten", "text", None),
        ("t", "_date", None),
    ]
    assert shape["fields"][1]["type"] == ["null", "int"]
    assert shape["fields"][5]["type"] == ["null", {"type": "array", "items": ["null", "int"]}, "string"]


#: Base types that a column cannot have, whose values nobody can write, or (xml) that this server was built without.
_UNWRITABLE = {
    "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary", "pg_ddl_command", "gtsvector", "xml",
}  # fmt: skip
#: Literals of the base types that are not among TYPED; for the others '0', '1' or an empty text will do.
_LITERALS = {
    "aclitem": "'=r/postgres'",
    "refcursor": "'c'",
    "txid_snapshot": "'10:20:10,14'",
    "pg_snapshot": "'10:20:10,14'",
    "tid": "'(0,1)'",
    "regproc": "'now'",
    "regprocedure": "'now()'",
    "regoper": "'!~~'",
    "regoperator": "'+(integer,integer)'",
    "regtype": "'integer'",
    "regconfig": "'simple'",
    "regdictionary": "'simple'",
    "regrole": "'postgres'",
    "regnamespace": "'pg_catalog'",
    "regcollation": "'\"C\"'",
    "regdatabase": "'postgres'",
    "oidvector": "'1 2'",
}


def _base_types(database: Database) -> list[str]:
    found = database.connection.execute(
        "SELECT typname FROM pg_type t WHERE typtype IN ('b', 'r', 'm') AND typnamespace = 'pg_catalog'::regnamespace "
        "AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid) ORDER BY 1"
    )
    return [name for (name,) in found if name not in _UNWRITABLE]


def _literal(database: Database, kind: str) -> str:
    """A literal that the database takes for this type."""
    spelled = {"bool": "boolean", "bpchar": "char(5)", "char": '"char"', "bit": "bit(3)", "int2": "smallint"}
    spelled |= {"int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision"}
    known = TYPED.get(spelled.get(kind, kind))
    tried = [_LITERALS[kind]] if kind in _LITERALS else [next(iter(known))] if known else []
    for literal in [*tried, "'empty'", "'{}'", "'0'", "'1'", "''"]:
        try:
            database.run(f'SELECT ({literal})::pg_catalog."{kind}"')
        except Exception:  # noqa: S112 - not a literal of this type: the next
            continue
        return literal
    pytest.fail(f"no literal of type {kind} is known: add one to _LITERALS")


def test_every_type_of_the_catalogue_keeps_its_text_form(postgres: SharedPostgres) -> None:
    """Also of types that a later PostgreSQL brings: they are found in pg_type, not listed here."""
    with fresh(postgres, "") as database:
        kinds = _base_types(database)
        columns = [(f'"{kind}_"', f'pg_catalog."{kind}"', _literal(database, kind)) for kind in kinds]
        columns += [
            (f'"{kind}__"', f'pg_catalog."{kind}"[]', f'ARRAY[({literal})::pg_catalog."{kind}", NULL]')
            for (_, _, literal), kind in zip(columns, kinds, strict=True)
        ]
        assert len(columns) > 130
        database.run(_table([(name, kind, f"({literal})::{kind}") for name, kind, literal in columns]))
        _, read, streamed = _both(database, [name for name, _, _ in columns])
        assert read["after"] and streamed["after"]
        database.run("SET search_path = ''")
        for kind in kinds:
            value, elements = read["after"][f"{kind}_"], read["after"][f"{kind}__"]
            assert value is not None
            assert _same(value, streamed["after"][f"{kind}_"]), kind
            assert _same(elements, streamed["after"][f"{kind}__"]), kind
            assert _same(elements, [value, None]), kind
            if isinstance(value, str):
                assert value == database.one(f'SELECT "{kind}_"::text FROM public.nguon WHERE id = 1'), kind
