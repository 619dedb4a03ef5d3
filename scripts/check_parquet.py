"""Parquet as pyarrow and DuckDB have it, against `laminar convert`: see scripts/check_parquet."""

import datetime
import decimal
import json
import random
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

LAMINAR, SEED = sys.argv[1], int(sys.argv[2])
ROWS = 3000

COLUMNS = (
    "id BIGINT NOT NULL, small SMALLINT, big UBIGINT, huge HUGEINT, x DOUBLE, y FLOAT, flag BOOLEAN, s VARCHAR, d DATE, "
    "t TIMESTAMP, tz TIMESTAMPTZ, tm TIME, money DECIMAL(18,4), u UUID, j JSON, l BIGINT[], st STRUCT(a BIGINT, b VARCHAR), "
    "m MAP(VARCHAR, DOUBLE)"
)
WRITERS = [
    [],
    ["compression=zstd(3)", "row_group_rows=500", "bloom_filters=*", "version=2"],
    ["compression=none", "dictionary=false", "statistics=none"],
    ["compression=gzip", "data_page_bytes=1000"],
    ["compression=brotli(2)", "row_group_bytes=20000"],
    ["compression=lz4_raw", "statistics=chunk"],
]


def rows(dice):
    """Rows as JSON has them, and as Python has them."""
    start = datetime.datetime(1960, 1, 1)
    for number in range(ROWS):
        moment = start + datetime.timedelta(seconds=dice.randrange(4 * 10**9), microseconds=dice.randrange(10**6))
        row = {
            "id": number,
            "small": dice.randrange(-(1 << 15), 1 << 15),
            "big": dice.choice([0, (1 << 64) - 1, dice.randrange(1 << 64)]),
            "huge": dice.randrange(-(10**38) + 1, 10**38),
            "x": dice.choice([0.0, -0.0, 0.1, 1e300, 5e-324, dice.gauss(0, 1e6)]),
            "y": dice.choice([0.5, -1.25, 3.0]),
            "flag": dice.random() < 0.5,
            "s": dice.choice(["", "é漢🍺", "a" * dice.randrange(200), f"S{dice.randrange(5)}"]),
            "d": moment.date(),
            "t": moment,
            "tz": moment.replace(tzinfo=datetime.timezone.utc),
            "tm": moment.time(),
            "money": decimal.Decimal(dice.randrange(-(10**18) + 1, 10**18)).scaleb(-4),
            "u": uuid.UUID(int=dice.getrandbits(128)),
            "j": json.dumps({"k": [1, None, dice.randrange(9)]}, separators=(",", ":")),
            "l": [dice.choice([None, dice.randrange(100)]) for _ in range(dice.randrange(4))],
            "st": {"a": dice.randrange(9), "b": dice.choice([None, "b"])},
            "m": [(key, dice.choice([None, 0.5])) for key in ["one", "two"][: dice.randrange(3)]],
        }
        yield {key: value if key == "id" or dice.random() < 0.9 else None for key, value in row.items()}


def as_json(row):
    def text(key, value):
        if value is None:
            return "null"
        if key in ("huge", "big", "money"):
            return str(value)
        if key == "j":
            return value
        if key == "m":
            return json.dumps(dict(value))
        if isinstance(value, (datetime.date, datetime.time)):
            return json.dumps(value.isoformat())
        if isinstance(value, uuid.UUID):
            return json.dumps(str(value))
        return json.dumps(value)

    return "{" + ",".join(f"{json.dumps(key)}:{text(key, value)}" for key, value in row.items()) + "}"


def convert(source, target, *options):
    done = subprocess.run([LAMINAR, "convert", str(source), "-o", str(target), *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"laminar convert {source} -o {target} {' '.join(options)}: {done.stderr}")


def plain(value):
    """A value of pyarrow's or DuckDB's in the form that `rows` gives it."""
    if isinstance(value, dict) and set(value) != {"a", "b"}:
        return list(value.items())
    if isinstance(value, decimal.Decimal) and value.as_tuple().exponent == 0:
        return int(value)
    if isinstance(value, bytes) and len(value) == 16:
        return uuid.UUID(bytes=value)
    if isinstance(value, datetime.datetime) and value.tzinfo:
        return value.astimezone(datetime.timezone.utc)
    return value


def compare(what, expected, found):
    if len(expected) != len(found):
        sys.exit(f"{what}: {len(found)} rows, expected {len(expected)}")
    for number, (want, have) in enumerate(zip(expected, found)):
        for key, value in want.items():
            if plain(have[key]) != value or repr(plain(have[key])) != repr(value):
                sys.exit(f"{what}: row {number}, {key}: expected {value!r}, found {have[key]!r}")


def of_duckdb(connection, path):
    cursor = connection.execute(f"SELECT * FROM read_parquet('{path}')")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def main():
    dice = random.Random(SEED)
    expected = list(rows(dice))
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        lines = folder / "in.ndjson"
        lines.write_text("\n".join(map(as_json, expected)) + "\n", encoding="utf-8")
        again = folder / "again.ndjson"
        convert(lines, again, "--schema", COLUMNS)
        canonical = again.read_text(encoding="utf-8")

        for options in WRITERS:
            path = folder / "ours.parquet"
            convert(lines, path, "--schema", COLUMNS, *[o for option in options for o in ("--to-set", option)])
            compare(f"pyarrow reads {options}", expected, pq.read_table(path).to_pylist())
            compare(f"DuckDB reads {options}", expected, of_duckdb(connection, path))
            convert(path, again)
            if again.read_text(encoding="utf-8") != canonical:
                sys.exit(f"what is written with {options} does not read back")

        table = pq.read_table(folder / "ours.parquet")
        theirs = folder / "theirs.parquet"
        for name, settings in {
            "snappy": {"compression": "snappy", "row_group_size": 700},
            "zstd, version 2.6, pages 2.0": {"compression": "zstd", "version": "2.6", "data_page_version": "2.0"},
            "gzip, no dictionary, no Arrow schema": {"compression": "gzip", "use_dictionary": False, "store_schema": False},
            "brotli, page index": {"compression": "brotli", "write_page_index": True, "data_page_size": 1000},
            "lz4, byte stream split": {"compression": "lz4", "use_dictionary": False, "use_byte_stream_split": ["x", "y"]},
        }.items():
            pq.write_table(table, theirs, **settings)
            # Without the Arrow schema a UUID and JSON are what Parquet's own types say.
            convert(theirs, again, "--schema", COLUMNS)
            if again.read_text(encoding="utf-8") != canonical:
                sys.exit(f"what pyarrow writes ({name}) does not read as it should")
        for name, settings in {"snappy": "", "zstd": ", COMPRESSION zstd", "v2": ", PARQUET_VERSION v2"}.items():
            connection.execute(
                f"COPY (SELECT * EXCLUDE (huge, j) FROM read_parquet('{folder / 'ours.parquet'}')) TO '{theirs}' "
                f"(FORMAT parquet, ROW_GROUP_SIZE 2048{settings})"
            )
            # DuckDB writes a HUGEINT as DOUBLE, and JSON as text that says nothing of it.
            without = COLUMNS.replace("huge HUGEINT, ", "").replace("j JSON, ", "")
            convert(theirs, again, "--schema", without)
            ours = folder / "without.ndjson"
            convert(lines, ours, "--schema", without)
            # Its dictionaries take both zeros for one value.
            found, wanted = (path.read_text(encoding="utf-8").replace('"x":-0.0', '"x":0.0') for path in (again, ours))
            if found != wanted:
                sys.exit(f"what DuckDB writes ({name}) does not read as it should")
    print(f"seed {SEED}: {ROWS} rows, {len(WRITERS)} ways of writing read by pyarrow {pa.__version__} and DuckDB {duckdb.__version__}; 5 and 3 of theirs read here")


main()
