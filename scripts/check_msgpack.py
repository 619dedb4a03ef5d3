"""MessagePack as Python's msgpack has it, against `laminar convert`: see scripts/check_msgpack."""

import base64
import datetime
import json
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import msgpack

COLUMNS = (
    "i BIGINT, u UBIGINT, d DOUBLE, b BOOLEAN, s VARCHAR, x BLOB, t TIMESTAMP_NS, tz TIMESTAMPTZ, l BIGINT[], "
    "st STRUCT(a BIGINT, b VARCHAR), m MAP(VARCHAR, DOUBLE), j JSON"
)


def instant(dice):
    micros = dice.choice([0, dice.randrange(10**6), dice.randrange(10**3) * 1000])
    seconds = dice.choice([0, dice.randrange(1 << 32), dice.randrange(1 << 34), -dice.randrange(1 << 32)])
    return datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(seconds=seconds, microseconds=micros)


def text(dice):
    length = dice.choice([0, 3, 31, 32, 255, 256, 65535, 65536]) if dice.random() < 0.2 else dice.randrange(40)
    return "".join(dice.choice("aZ09 \"\\\n\u00e9\u6f22\U0001f37a") for _ in range(length))


def integer(dice, low, high):
    edges = [e + d for bits in (5, 7, 8, 15, 16, 31, 32, 63, 64) for e in (1 << bits, -(1 << bits)) for d in (-1, 0, 1)]
    edges = [e for e in edges if low <= e <= high]
    return dice.choice(edges) if dice.random() < 0.5 else dice.randrange(low, high)


def number(dice):
    return dice.choice([0.0, -0.0, 1.5, 0.1, 1e300, 5e-324, dice.random(), dice.gauss(0, 1e6)])


def anything(dice, depth=3):
    kind = dice.randrange(8 if depth else 6)
    if kind == 0:
        return integer(dice, -(1 << 63), (1 << 64) - 1)
    if kind == 1:
        return number(dice)
    if kind == 2:
        return dice.random() < 0.5
    if kind == 3:
        return text(dice)
    if kind == 4:
        return instant(dice)
    if kind == 5:
        return dice.randbytes(dice.randrange(20))
    if kind == 6:
        return [anything(dice, depth - 1) for _ in range(dice.choice([0, 3, 16]))]
    return {f"k{i}": anything(dice, depth - 1) for i in range(dice.choice([0, 3, 16]))}


def record(dice):
    fields = {
        "i": lambda: integer(dice, -(1 << 63), (1 << 63) - 1),
        "u": lambda: integer(dice, 0, (1 << 64) - 1),
        "d": lambda: dice.choice([number(dice), math.nan, math.inf, -math.inf]),
        "b": lambda: dice.random() < 0.5,
        "s": lambda: text(dice),
        "x": lambda: dice.randbytes(dice.choice([0, 3, 255, 256, 65536]) if dice.random() < 0.1 else dice.randrange(30)),
        "tz": lambda: instant(dice),
        "l": lambda: [integer(dice, -(1 << 63), (1 << 63) - 1) for _ in range(dice.choice([0, 2, 15, 16, 17]))],
        "st": lambda: {"a": integer(dice, 0, 300), "b": text(dice)},
        "m": lambda: {text(dice)[:5] + str(i): number(dice) for i in range(dice.choice([0, 2, 16]))},
        "j": lambda: anything(dice),
    }
    return {name: None if dice.random() < 0.1 else make() for name, make in fields.items()}


def in_json(value):
    """What a JSON column makes of a value, and what it is written as."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        whole = value.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
        return whole + fraction(value.microsecond) + "Z"
    if isinstance(value, list):
        return [in_json(item) for item in value]
    if isinstance(value, dict):
        return {key: in_json(item) for key, item in value.items()}
    return value


def fraction(micros):
    if micros == 0:
        return ""
    return f".{micros // 1000:03}" if micros % 1000 == 0 else f".{micros:06}"


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return math.isnan(a) and math.isnan(b) or a == b and math.copysign(1, a) == math.copysign(1, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return type(a) is type(b) and a == b


def run(laminar, *arguments):
    done = subprocess.run([laminar, "convert", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"laminar convert {arguments}: {done.stderr}")


def unpack(path):
    with path.open("rb") as file:
        return list(msgpack.Unpacker(file, timestamp=3, strict_map_key=False, max_buffer_size=1 << 30))


def main():
    laminar, seed = sys.argv[1], int(sys.argv[2])
    dice = random.Random(seed)
    records = [record(dice) for _ in range(2000)]
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours, lines = (Path(folder) / name for name in ("theirs.msgpack", "ours.msgpack", "lines.ndjson"))
        theirs.write_bytes(b"".join(msgpack.packb(r, datetime=True) for r in records))
        # Through our columns and back: Python reads the same values, but for what a JSON column makes of some.
        run(laminar, theirs, "--schema", COLUMNS, "-o", ours)
        found = unpack(ours)
        if len(found) != len(records):
            sys.exit(f"{len(records)} records were written, {len(found)} come back")
        for number, (expected, back) in enumerate(zip(records, found)):
            expected = {**expected, "t": None, "j": in_json(expected["j"])}
            if not same(expected, back):
                wrong = [key for key in expected if not same(expected[key], back.get(key))]
                sys.exit(f"seed {seed}, record {number}: {[(key, expected[key], back.get(key)) for key in wrong]}")
        # Lists and maps of our own lengths, from JSON.
        objects = [{"a": list(range(n)), "t": "x" * n, "n": {"k": n / 4, "z": None}} for n in (0, 1, 15, 16, 255, 256, 65536)]
        lines.write_text("".join(json.dumps(o) + "\n" for o in objects))
        run(laminar, lines, "-o", ours)
        for expected, back in zip(objects, unpack(ours), strict=True):
            if not same(expected, back):
                sys.exit(f"list of {len(expected['a'])}: it comes back as {str(back)[:200]}")
        # Byte for byte what Python writes, where both write the shortest: no floats, in which Python never writes four bytes.
        exact = [{"i": r["i"], "u": r["u"], "s": r["s"], "x": r["x"], "tz": r["tz"], "l": r["l"]} for r in records]
        theirs.write_bytes(b"".join(msgpack.packb(r, datetime=True) for r in exact))
        run(laminar, theirs, "--schema", "i BIGINT, u UBIGINT, s VARCHAR, x BLOB, tz TIMESTAMPTZ, l BIGINT[]", "-o", ours)
        if theirs.read_bytes() != ours.read_bytes():
            sys.exit(f"seed {seed}: what is written is not byte for byte what Python writes")
    print(f"{len(records)} records agree with Python's msgpack {'.'.join(map(str, msgpack.version))}, seed {seed}")


main()
