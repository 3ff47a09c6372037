"""Rows come by the source's own column names, also those that Avro has no field name for."""

from schemas import compose
from schemas.codec import codec_for
from streams.decode import change_decoder
from tests.unit.streams.claims import event
from tests.unit.streams.memory import row_schema


def test_a_column_whose_name_avro_does_not_allow_keeps_its_name() -> None:
    row = row_schema("a", ["id", "h_t_n"])
    row["fields"][1]["column"] = "họ tên"
    schema = compose.for_row(row)
    data = codec_for(schema).encode(event(after={"id": "1", "h_t_n": "A"}, before=None))
    decoded = change_decoder(schema)(data, 0)
    assert decoded["after"] == {"id": "1", "họ tên": "A"}
    assert decoded["before"] is None
