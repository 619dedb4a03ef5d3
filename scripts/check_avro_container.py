"""Avro container files as Python's fastavro has them, against `laminar`: see scripts/check_avro_container."""

import base64
import datetime
import decimal
import json
import os
import random
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import fastavro
from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form

CODECS = ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]

COLUMNS = (
    "i BIGINT, n INTEGER NOT NULL, u UBIGINT, d DOUBLE, f FLOAT, b BOOLEAN, s VARCHAR, x BLOB, dec DECIMAL(20,4), id UUID, "
    "day DATE, t TIME, ts TIMESTAMP, tz TIMESTAMPTZ, l BIGINT[], st STRUCT(a BIGINT, b VARCHAR[]), m MAP(VARCHAR, DOUBLE)"
)

# Decimals are in text, which Python's json does not turn into floats.
TEXT = ("--set", "coerce_strings=true")

EPOCH = datetime.datetime(1970, 1, 1)


def laminar(binary, *arguments, stdin=None):
    ran = subprocess.run([binary, *arguments], input=stdin, capture_output=True)
    if ran.returncode != 0:
        sys.exit(f"laminar {' '.join(arguments)}: {ran.stderr.decode()}")
    return ran.stdout


def row(dice):
    """One row: as JSON has it, and as fastavro should read it."""
    text = "".join(dice.choice("aZ09 \"\\\n\u00e9\u6f22\U0001f37a") for _ in range(dice.randrange(30)))
    data = dice.randbytes(dice.randrange(20))
    micros = datetime.timedelta(microseconds=dice.randrange(-(10**15), 10**16))
    number = dice.choice([0, -1, 1, 2**63 - 1, -(2**63), dice.randrange(-(2**40), 2**40)])
    unsigned = min(abs(number) * 2, 2**64 - 1)
    unscaled = dice.choice([0, -1, 127, 128, -128, -129, dice.randrange(-(10**20) + 1, 10**20)])
    exact = decimal.Decimal(unscaled).scaleb(-4, decimal.Context(prec=40))
    moment, own = EPOCH + micros, uuid.UUID(int=dice.getrandbits(128))
    clock = datetime.time(dice.randrange(24), dice.randrange(60), dice.randrange(60), dice.randrange(10**6))
    float32 = dice.randrange(-(2**20), 2**20) / 64
    double = dice.choice([0.0, -1.5, 1e300, 5e-324, dice.gauss(0, 1e6)])
    items = [dice.choice([None, dice.randrange(-100, 100)]) for _ in range(dice.randrange(5))]
    entries = {k: dice.choice([None, dice.random()]) for k in dice.sample("abcde", dice.randrange(4))}
    both = {
        "i": (number, number), "n": (number % 1000, number % 1000), "u": (unsigned, decimal.Decimal(unsigned)),
        "d": (double, double), "f": (float32, float32), "b": (number % 2 == 0, number % 2 == 0), "s": (text, text),
        "x": (base64.b64encode(data).decode(), data), "dec": (str(exact), exact), "id": (str(own), own),
        "day": (moment.date().isoformat(), moment.date()), "t": (clock.isoformat(), clock),
        "ts": (moment.isoformat(), moment),
        "tz": (moment.isoformat() + "Z", moment.replace(tzinfo=datetime.timezone.utc)), "l": (items, items),
        "st": ({"a": number, "b": [text, None]}, {"a": number, "b": [text, None]}), "m": (entries, entries),
    }
    for key in both:
        if key != "n" and dice.random() < 0.1:
            both[key] = (None, None)
    return {k: v[0] for k, v in both.items()}, {k: v[1] for k, v in both.items()}


def check_written(binary, folder, dice):
    """What we write, read by fastavro; and read by us again."""
    rows = [row(dice) for _ in range(500)]
    source = folder / "in.json"
    source.write_text("".join(json.dumps(given) + "\n" for given, _ in rows))
    for codec in CODECS:
        file = folder / f"{codec}.avro"
        laminar(binary, "convert", str(source), *TEXT, "--schema", COLUMNS, "-o", str(file), "--to-set", f"codec={codec}",
                "--to-set", "block_bytes=5000")
        with open(file, "rb") as opened:
            reader = fastavro.reader(opened)
            found = list(reader)
            assert reader.metadata["avro.codec"] == codec
        for (_, expected), value in zip(rows, found, strict=True):
            assert value == expected, f"{codec}: expected {expected}, found {value}"
        again = laminar(binary, "convert", str(file), "--schema", COLUMNS)
        plain = laminar(binary, "convert", str(source), *TEXT, "--schema", COLUMNS)
        assert again == plain, f"{codec}: what we wrote reads back as other rows"
    return len(rows) * len(CODECS)


SCHEMA = {
    "type": "record", "name": "R", "namespace": "n.s", "fields": [
        {"name": "i", "type": "int"}, {"name": "l", "type": ["long", "null"]}, {"name": "f", "type": "float"},
        {"name": "d", "type": ["null", "double"], "default": None}, {"name": "s", "type": "string"},
        {"name": "x", "type": "bytes"}, {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
        {"name": "dec", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4}},
        {"name": "ts", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "a", "type": {"type": "array", "items": ["null", "n.s.E"]}},
        {"name": "m", "type": {"type": "map", "values": "long"}},
        {"name": "r", "type": {"type": "record", "name": "In", "fields": [{"name": "z", "type": "boolean"}]}},
    ],
}


def check_read(binary, folder, dice):
    """What fastavro writes, read by us."""
    rows, expected = [], []
    for _ in range(500):
        number = dice.randrange(-(2**31), 2**31)
        moment = EPOCH + datetime.timedelta(microseconds=dice.randrange(10**16))
        exact = decimal.Decimal(dice.randrange(-(10**18), 10**18)).scaleb(-4)
        symbols = [dice.choice([None, "A", "B"]) for _ in range(dice.randrange(4))]
        rows.append({
            "i": number, "l": dice.choice([None, number * 2**20]), "f": number / 2**16 // 1, "d": dice.choice([None, 0.1]),
            "s": "\u00fc" * dice.randrange(3), "x": dice.randbytes(5), "e": "AB"[number % 2], "dec": exact,
            "ts": moment.replace(tzinfo=datetime.timezone.utc), "a": symbols, "m": {"k": number}, "r": {"z": number > 0},
        })
        expected.append({
            **rows[-1], "x": base64.b64encode(rows[-1]["x"]).decode(), "dec": f"{exact:.4f}",
            "ts": int((moment - EPOCH) / datetime.timedelta(microseconds=1)),
        })
    for codec in CODECS:
        file = folder / f"theirs-{codec}.avro"
        with open(file, "wb") as opened:
            fastavro.writer(opened, SCHEMA, rows, codec=codec, sync_interval=3000)
        text = laminar(binary, "convert", str(file), "--to", "json")
        found = [json.loads(line, parse_float=str) for line in text.splitlines()]
        for want, have in zip(expected, found, strict=True):
            stamp = datetime.datetime.fromisoformat(have["ts"]).replace(tzinfo=None)
            have["ts"] = int((stamp - EPOCH) / datetime.timedelta(microseconds=1))
            for key in ("f", "d"):
                have[key] = None if have[key] is None else float(have[key])
            assert want == have, f"{codec}: expected {want}, found {have}"
    return len(rows) * len(CODECS)


def check_names(binary, folder):
    """Canonical forms and fingerprints."""
    schemas = ["\"int\"", json.dumps(SCHEMA), json.dumps({"type": "error", "name": "a.E", "fields": []})]
    corpora = os.environ.get("LAMINAR_CORPORA")
    if corpora:
        schemas += [p.read_text() for p in sorted(Path(corpora).rglob("avro/**/*.avsc"))]
    compared = 0
    for text in schemas:
        try:
            parse_schema(json.loads(text))
            theirs = to_parsing_canonical_form(json.loads(text))
        except Exception as error:  # noqa: BLE001: what fastavro refuses is not compared
            print(f"not compared, since fastavro refuses it: {str(error)[:100]}")
            continue
        # An error is a record; fastavro leaves the word, Java's library and we do not.
        theirs = theirs.replace('"type":"error"', '"type":"record"')
        file = folder / "schema.avsc"
        file.write_text(text)
        ours = laminar(binary, "schema", "canonical", str(file)).decode().strip()
        assert ours == theirs, f"canonical form of {text}: expected {theirs}, found {ours}"
        for algorithm, name in (("rabin", "CRC-64-AVRO"), ("md5", "md5"), ("sha256", "sha256")):
            ours = laminar(binary, "schema", "fingerprint", str(file), "--algorithm", algorithm).decode().strip()
            assert ours == fingerprint(theirs, name), f"{algorithm} of {text}: {ours}"
        compared += 1
    return compared


def main():
    binary, seed = sys.argv[1], int(sys.argv[2])
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        print(f"seed {seed}: {check_names(binary, folder)} canonical forms and their fingerprints are the same")
        print(f"seed {seed}: {check_written(binary, folder, dice)} rows that we wrote are read by fastavro and by us")
        print(f"seed {seed}: {check_read(binary, folder, dice)} rows that fastavro wrote are read by us")


main()
