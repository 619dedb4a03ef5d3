#!/usr/bin/env python3
"""Print how large functions of a binary are, and what is reachable from each through direct calls.

Usage: reachable.py BINARY ROOT… [--named REGEX]. A root is a demangled name without hash. For each root: its own
instructions, its call targets, and the functions that are reached and whose names the regex matches.
"""

import argparse
import re

from disassembly import Binary, Instruction
from virtual_calls import examine


def main():
    parser = argparse.ArgumentParser(description="Print what is reachable from functions of a binary.")
    parser.add_argument("binary")
    parser.add_argument("root", nargs="+")
    parser.add_argument("--named", default="$^", metavar="REGEX")
    options = parser.parse_args()
    binary = Binary(options.binary)
    for root in options.root:
        starts = [start for start in binary.starts if root in binary.names[start]]
        if len(starts) != 1:
            raise SystemExit(f"error: {len(starts)} functions are named {root}: was it renamed, or inlined away?")
        callees = direct_callees(binary, starts[0])
        reached = closure(binary, starts[0])
        instructions = sum(1 for line in binary.functions[starts[0]] if Instruction.parse(line))
        print(f"{root}: {instructions} instructions, {len(callees)} call targets")
        for name in sorted(binary.name(callee) for callee in callees):
            print(f"    {name}")
        print(f"  reaches {len(reached)} functions, those of a panic included")
        named = sorted(name for start in reached for name in binary.names[start][:1] if re.search(options.named, name))
        print(f"  of them named {options.named}: {len(named)}")
        for name in named:
            print(f"    {name}")


def direct_callees(binary, start):
    return {binary.function_at(edge) for edge in examine(binary, start)[0]} - {None, start}


def closure(binary, start):
    seen, queue = {start}, [start]
    while queue:
        for callee in direct_callees(binary, queue.pop()) - seen:
            seen.add(callee)
            queue.append(callee)
    return seen


if __name__ == "__main__":
    main()
