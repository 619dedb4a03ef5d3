"""Protobuf as protoc and Python's protobuf have it, against `laminar convert`: see scripts/check_protobuf."""

import importlib.util
import json
import math
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import google.protobuf
from google.protobuf.internal.decoder import _DecodeVarint
from google.protobuf.internal.encoder import _VarintBytes
from grpc_tools import protoc

DEFINITION = """syntax = "proto3";
package check;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
message Record {
  double a = 1; float b = 2; int32 c = 3; int64 d = 4; uint32 e = 5; uint64 f = 6; sint32 g = 7; sint64 h = 8;
  fixed32 i = 9; fixed64 j = 10; sfixed32 k = 11; sfixed64 l = 12; bool m = 13; string n = 14; bytes o = 15;
  optional int32 p = 16; Color q = 17; repeated sint32 r = 18; repeated double s = 19; repeated string t = 20;
  map<string, int64> u = 21; map<int32, Inner> v = 22; Inner w = 23; repeated Inner x = 24;
  oneof y { string ya = 25; int64 yb = 26; Inner yc = 27; }
  google.protobuf.Timestamp z = 28; google.protobuf.Duration za = 29; google.protobuf.Int64Value zb = 30;
  google.protobuf.StringValue zc = 31; repeated bool zd = 300; repeated int64 ze = 301 [packed = false];
  enum Color { RED = 0; GREEN = 1; BLUE = 5; NEGATIVE = -1; }
  message Inner { int32 a = 1; string b = 2; repeated uint64 c = 3; Deep d = 4; }
  message Deep { optional string a = 1; map<bool, string> b = 2; }
}
"""


def integer(dice, low, high):
    return dice.choice([0, 1, low, high, dice.randint(low, high), dice.randint(max(low, -300), min(high, 300))])


def text(dice):
    return "".join(dice.choice("aZ0 é漢🦀\"\\\n") for _ in range(dice.choice([0, 1, 5, 40, 200])))


def inner(dice, message):
    message.a = integer(dice, -(2**31), 2**31 - 1)
    message.b = text(dice)
    message.c.extend(integer(dice, 0, 2**64 - 1) for _ in range(dice.choice([0, 1, 3])))
    if dice.random() < 0.3:
        message.d.SetInParent()
        if dice.random() < 0.5:
            message.d.a = text(dice)
        for key in sorted(dice.sample([False, True], dice.randint(0, 2))):
            message.d.b[key] = text(dice)
    return message


def record(dice, kind):
    r = kind()
    r.a = dice.choice([0.0, -0.0, 1.5, math.inf, dice.random() * 1e300, -1e-300])
    r.b = struct.unpack("<f", struct.pack("<f", dice.choice([0.0, 0.1, -3.5, 1e30])))[0]
    for name, low, high in [
        ("c", -(2**31), 2**31 - 1), ("d", -(2**63), 2**63 - 1), ("e", 0, 2**32 - 1), ("f", 0, 2**64 - 1),
        ("g", -(2**31), 2**31 - 1), ("h", -(2**63), 2**63 - 1), ("i", 0, 2**32 - 1), ("j", 0, 2**64 - 1),
        ("k", -(2**31), 2**31 - 1), ("l", -(2**63), 2**63 - 1),
    ]:
        setattr(r, name, integer(dice, low, high))
    r.m = dice.random() < 0.5
    r.n, r.o = text(dice), dice.randbytes(dice.choice([0, 1, 16, 130]))
    if dice.random() < 0.5:
        r.p = dice.choice([0, -5])
    r.q = dice.choice([0, 1, 5, -1, 42])
    r.r.extend(integer(dice, -(2**31), 2**31 - 1) for _ in range(dice.choice([0, 1, 100])))
    r.s.extend(dice.random() for _ in range(dice.choice([0, 3])))
    r.t.extend(text(dice) for _ in range(dice.choice([0, 3])))
    # In the order of their keys, which is that of Python's deterministic writer.
    for key in sorted({text(dice) for _ in range(dice.choice([0, 1, 4]))}):
        r.u[key] = integer(dice, -(2**63), 2**63 - 1)
    for key in sorted({dice.randint(-5, 500) for _ in range(dice.choice([0, 2, 12]))}):
        inner(dice, r.v[key])
    if dice.random() < 0.5:
        inner(dice, r.w)
    for _ in range(dice.choice([0, 1, 3])):
        inner(dice, r.x.add())
    match dice.randint(0, 3):
        case 0:
            r.ya = text(dice)
        case 1:
            r.yb = dice.choice([0, 7])
        case 2:
            inner(dice, r.yc)
    if dice.random() < 0.5:
        r.z.seconds, r.z.nanos = dice.randint(-62135596800, 253402300799), dice.choice([0, 1000, 999999000])
    if dice.random() < 0.5:
        sign = dice.choice([1, -1])
        r.za.seconds, r.za.nanos = sign * dice.randint(0, 10**9), sign * dice.choice([0, 5000, 999999000])
    if dice.random() < 0.5:
        r.zb.value = integer(dice, -(2**63), 2**63 - 1)
    if dice.random() < 0.5:
        r.zc.value = text(dice)
    r.zd.extend(dice.random() < 0.5 for _ in range(dice.choice([0, 9])))
    r.ze.extend(integer(dice, -(2**63), 2**63 - 1) for _ in range(dice.choice([0, 2])))
    return r


def delimited(messages):
    return b"".join(_VarintBytes(len(m)) + m for m in messages)


def undelimited(data):
    messages, at = [], 0
    while at < len(data):
        size, at = _DecodeVarint(data, at)
        messages.append(data[at : at + size])
        at += size
    return messages


def run(laminar, *arguments):
    done = subprocess.run([laminar, "convert", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"laminar convert {arguments}: {done.stderr}")


def main():
    laminar, seed = sys.argv[1], int(sys.argv[2])
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        definition, descriptors = folder / "check.proto", folder / "check.desc"
        definition.write_text(DEFINITION)
        includes = ["-I" + str(folder), "-I" + str(Path(protoc.__file__).parent / "_proto")]
        arguments = ["protoc", *includes, "--python_out=" + name, "--include_imports", "--descriptor_set_out=" + str(descriptors)]
        if protoc.main([*arguments, str(definition)]) != 0:
            sys.exit("protoc does not take the definition")
        spec = importlib.util.spec_from_file_location("check_pb2", folder / "check_pb2.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        records = [record(dice, module.Record) for _ in range(1000)]
        written = [r.SerializeToString(deterministic=True) for r in records]
        theirs, ours, rows = folder / "theirs.bin", folder / "ours.bin", folder / "rows.ndjson"
        theirs.write_bytes(delimited(written))
        # By our own compiler, and by the descriptors that protoc has made.
        for schema in (definition, descriptors):
            options = ["schema_file=" + str(schema), "message=check.Record"]
            read = [part for option in options for part in ("--set", option)]
            write = [part for option in options for part in ("--to-set", option)]
            run(laminar, theirs, "-f", "protobuf", *read, "--to", "protobuf", *write, "-o", ours)
            back = undelimited(ours.read_bytes())
            if len(back) != len(written):
                sys.exit(f"{len(written)} messages were written, {len(back)} come back")
            for number, (expected, found) in enumerate(zip(written, back)):
                if expected != found:
                    sys.exit(f"seed {seed}, message {number}: not the same bytes\n{records[number]}\n{module.Record.FromString(found)}")
        read = ["--set", "schema_file=" + str(definition), "--set", "message=check.Record"]
        run(laminar, theirs, "-f", "protobuf", *read, "--to", "json", "--to-set", "non_finite=null", "-o", rows)
        lines = rows.read_text().splitlines()
        names = module.Record.Color.DESCRIPTOR.values_by_number
        for number, (line, r) in enumerate(zip(lines, records, strict=True)):
            row = json.loads(line)
            expected = {key: getattr(r, key) for key in "cdefghijklmn"}
            expected |= {"a": None if math.isinf(r.a) else r.a, "p": r.p if r.HasField("p") else None}
            expected |= {"q": names[r.q].name if r.q in names else str(r.q), "r": list(r.r), "t": list(r.t), "u": dict(r.u)}
            expected |= {"w": {"a": r.w.a, "b": r.w.b, "c": list(r.w.c)} if r.HasField("w") else None}
            expected |= {key: getattr(r, key) if r.WhichOneof("y") == key else None for key in ("ya", "yb")}
            expected |= {"zb": r.zb.value if r.HasField("zb") else None, "zd": list(r.zd), "ze": list(r.ze)}
            if row["w"] is not None:
                del row["w"]["d"]
            wrong = {key: (value, row[key]) for key, value in expected.items() if row[key] != value}
            if wrong:
                sys.exit(f"seed {seed}, message {number}: expected and found {wrong}")
    print(f"{len(records)} messages agree with Python's protobuf {google.protobuf.__version__}, byte for byte, seed {seed}")


if __name__ == "__main__":
    main()
