"""The measurements of scripts/compare_processes, which sets up what this needs."""

import argparse
import json
import os
import statistics
import subprocess
import sys

from processes import FOLDER, LAMINAR, Run, bring_into_cache, generate, python

DUCKDB = """
import sys, duckdb
duckdb.sql('SET enable_progress_bar = false')
duckdb.sql(f"COPY (SELECT * FROM read_json('{sys.argv[1]}', format='newline_delimited')) TO '{sys.argv[2]}'")
"""
POLARS = """
import sys, polars
polars.read_ndjson(sys.argv[1]).write_csv(sys.argv[2])
"""
POLARS_STREAMING = """
import sys, polars
polars.scan_ndjson(sys.argv[1]).sink_csv(sys.argv[2])
"""
# Sums of the columns of numbers, and how many values all others have: a date may be spelled in several ways.
SUMS = """
import json, sys, polars
rows = polars.scan_csv(sys.argv[1], infer_schema_length=10000)
names = rows.collect_schema()
columns = [polars.len().alias("rows")]
for name, data_type in names.items():
    value = polars.col(name)
    columns.append(value.cast(polars.Float64).sum() if data_type.is_numeric() else value.count())
print(json.dumps([list(names), *rows.select(*columns[:1]).collect(engine="streaming").row(0),
                  *rows.select(*columns[1:]).collect(engine="streaming").row(0)]))
"""


def check_sums(outputs):
    """Ends everything unless all outputs hold the same rows, as far as their sums tell."""
    sums = {}
    for name, path in outputs.items():
        answer = subprocess.run(python(SUMS, path), stdout=subprocess.PIPE, check=True).stdout
        sums[name] = json.loads(answer)
    first, *others = sums
    columns, *expected = sums[first]
    for other in others:
        names, *found = sums[other]
        if sorted(names) != sorted(columns):
            sys.exit(f"{other} has the columns {names}, {first} {columns}")
        of = dict(zip(["rows", *names], found))
        for name, value in zip(["rows", *columns], expected):
            if abs(of[name] - value) > 1e-9 * abs(value):
                sys.exit(f"sum of {name}: {of[name]} in {other}, {value} in {first}")
    print(f"outputs agree: {expected[0]:,} rows, the same sums of {len(columns)} columns")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workload", default="trades")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()

    source = generate(options.workload, options.mb)
    size = source.stat().st_size / 1e6
    threads = [] if options.threads is None else ["--threads", str(options.threads)]
    output = {name: FOLDER / f"{name.replace(' ', '_')}.csv" for name in
              ("laminar", "duckdb", "polars", "polars streaming")}
    commands = {
        "laminar": [LAMINAR, "convert", str(source), "-o", str(output["laminar"]), *threads],
        "duckdb": python(DUCKDB, source, output["duckdb"]),
        "polars": python(POLARS, source, output["polars"]),
        "polars streaming": python(POLARS_STREAMING, source, output["polars streaming"]),
    }
    versions = subprocess.run(
        python("import duckdb, polars; print('duckdb', duckdb.__version__ + ',', 'polars', polars.__version__)"),
        stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    imports = {name: min(Run(python(f"import {name}")).cpu for _ in range(3)) for name in ("duckdb", "polars")}
    print(f"{source}: {size:.0f} MB to CSV, {options.rounds} rounds, {os.cpu_count()} cores, {versions}")
    print("CPU time of starting Python and importing alone: "
          + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in imports.items()))

    bring_into_cache(source)
    runs = {name: [] for name in commands}
    for turn in range(options.rounds):
        for name, command in commands.items():
            runs[name].append(Run(command))
        if turn == 0:
            check_sums(output)
    for path in output.values():
        path.unlink()

    print(f"{'':18}{'wall s':>8}{'median':>8}{'MB/s':>7}{'CPU s':>8}{'median':>8}{'x CPU':>7}{'peak MB':>9}{'x':>6}")
    of_laminar = runs["laminar"]
    ahead = True
    for name, of_name in runs.items():
        def column(key, of=None):
            return [getattr(run, key) for run in (of or of_name)]
        wall, cpu, peak = column("wall"), column("cpu"), max(column("peak"))
        cpu_ratio = statistics.median(cpu) / statistics.median(column("cpu", of_laminar))
        peak_ratio = peak / max(column("peak", of_laminar))
        ahead &= name == "laminar" or (cpu_ratio > 1 and peak_ratio > 1)
        print(f"{name:18}{min(wall):8.2f}{statistics.median(wall):8.2f}{size / min(wall):7.0f}{min(cpu):8.2f}"
              f"{statistics.median(cpu):8.2f}{cpu_ratio:7.2f}{peak:9.0f}{peak_ratio:6.1f}")
    if options.check and not ahead:
        sys.exit("laminar is not ahead of every peer in CPU time and peak memory")


main()
