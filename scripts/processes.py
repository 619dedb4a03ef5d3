"""Whole processes measured: what scripts/compare_*.py have in common.

The process that measures stays small and loads no library: a child's peak memory begins at what its parent had when it
forked.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path("target/compare")
LAMINAR = "target/release/laminar"


class Run:
    """What one process took: seconds of wall and CPU time, MB of memory at its peak."""

    def __init__(self, command):
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{command[0]} ended with {process.returncode}: {said}")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss * 1024 / 1e6


def python(program, *arguments):
    return [sys.executable, "-c", program, *map(str, arguments)]


def generate(workload, mb):
    """The input, made once: the same bytes on every machine."""
    path = FOLDER / f"{workload}-{mb}.ndjson"
    if path.exists():
        return path
    # The first records tell how long one is.
    for rows in (10_000, None):
        rows = rows or int(mb * 1e6 / (path.stat().st_size / 10_000))
        sql = FOLDER / "generate.sql"
        sql.write_text(
            f"CREATE SOURCE made FROM GENERATOR (workload = '{workload}', rows = {rows}, seed = 7) FORMAT RAW;"
            f"CREATE SINK kept INTO FILE (path = '{path}') FORMAT RAW; INSERT INTO kept SELECT * FROM made;"
        )
        Run([LAMINAR, "run", str(sql)])
    return path


def bring_into_cache(path):
    """Everybody reads it from the page cache."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
