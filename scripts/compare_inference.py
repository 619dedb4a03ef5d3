"""The measurements of scripts/compare_inference, which sets up what this needs."""

import argparse
import json
import os
import statistics
import subprocess
import sys

from processes import LAMINAR, Run, bring_into_cache, generate, python

# Every record is sampled, on one thread.
DUCKDB = """
import sys, duckdb
duckdb.sql('SET enable_progress_bar = false; SET threads = 1')
rows = duckdb.sql(f"DESCRIBE SELECT * FROM read_json('{sys.argv[1]}', format='newline_delimited', sample_size=-1)").fetchall()
print([row[0] for row in rows])
"""
WORKLOADS = ["trades", "wide", "nested", "projected", "escapes", "floats"]


def names(command):
    """The columns that were found."""
    out = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()
    if out.startswith("{"):
        return sorted(field["name"] for field in json.loads(out)["fields"])
    return sorted(json.loads(out.replace("'", '"')))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    version = subprocess.run(python("import duckdb; print(duckdb.__version__)"), stdout=subprocess.PIPE, check=True)
    print(f"{options.mb} MB of each workload, all of it sampled on one thread, {options.rounds} rounds, {os.cpu_count()} cores, "
          f"duckdb {version.stdout.decode().strip()}")
    start = min(Run(python("import duckdb; duckdb.sql('SELECT 1').fetchall()")).cpu for _ in range(3))
    print(f"CPU time of starting Python and DuckDB, which is taken off DuckDB's: {start:.2f} s")
    print(f"{'':12}{'laminar s':>11}{'MB/s':>7}{'peak MB':>9}{'duckdb s':>11}{'MB/s':>7}{'peak MB':>9}{'ratio':>8}")
    behind = []
    for workload in WORKLOADS:
        source = generate(workload, options.mb)
        size = source.stat().st_size / 1e6
        bring_into_cache(source)
        ours = [LAMINAR, "infer", str(source), "--sample-size", "1000000000", "--set", "sample_timeout=10m",
                "--set", "map_threshold=1000", "--set", "max_depth=60", "--threads", "1", "--json"]
        theirs = python(DUCKDB, source)
        if names(ours) != names(theirs):
            sys.exit(f"{workload}: {names(ours)} and {names(theirs)}")
        pairs = [(Run(ours), Run(theirs)) for _ in range(options.rounds)]
        ratio = statistics.median((b.cpu - start) / a.cpu for a, b in pairs)
        a, b = (statistics.median(run.cpu for run in side) for side in zip(*pairs))
        peaks = [max(run.peak for run in side) for side in zip(*pairs)]
        b -= start
        print(f"{workload:12}{a:11.2f}{size / a:7.0f}{peaks[0]:9.0f}{b:11.2f}{size / b:7.0f}{peaks[1]:9.0f}{ratio:8.2f}")
        if ratio < 1:
            behind.append(workload)
    if options.check and behind:
        sys.exit(f"slower than DuckDB on {', '.join(behind)}")


main()
