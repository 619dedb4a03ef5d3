#!/usr/bin/env python3
"""Prove from the disassembly that no virtual call is reachable from the per-record functions.

Walks an x86-64 ELF binary from its root functions through direct calls and tail jumps, and reports every `call` or tail
`jmp` whose target the machine only learns at run time: through a register, or through memory that is not the GOT.

What is not a finding
  * The GOT, and a function's own address, also where the compiler keeps them in a register or a spill slot: the target is
    fixed at link time.
  * A jump table. The register must hold `T + sign_extend(T[i])` for a table address `T` formed in the same function, and
    the entries must lead to instructions of that function. A bounds check is no criterion: a `match` that names every
    variant of an enum has none. A table of function pointers leads elsewhere, and is a finding.
  * Functions of the allow list, which are not entered: `cold: REGEX -- REASON` or `batch: REGEX -- REASON`, one a line.
    A regex is searched in the function's name, and in the names of the functions inlined at the call (from DWARF, if any).

How registers are followed: a forward data flow over each function's basic blocks, landing pads included, whose facts are
the addresses that a register or spill slot can hold. Spill slots are taken to be unaliased: one that is also written
through a pointer would be misread, which compilers do not emit.

A proof about functions that nobody calls is worth nothing: `--reach REGEX` demands that a matching function is reached
from the roots, so that an engine which was left out, or which a root no longer leads to, is not taken for a clean one.

Exit code: 0 clean, 1 findings, 2 a missing root, a function not reached or bad usage. `--expect-finding REGEX` turns the verdict round: 0 if some
finding's function matches, else 1. It is how CI proves that a planted `Box<dyn>` would be seen.
"""

import argparse
import collections
import pathlib
import re
import sys

from disassembly import Binary, Instruction, run
from value_flow import Flow


class Allowed:
    """The allow list."""

    LINE = re.compile(r"^(cold|batch):\s+(.+?)\s+--\s+(\S.*)$")

    def __init__(self, paths):
        self.entries = []
        for path in paths:
            for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
                if not line.strip() or line.startswith("#"):
                    continue
                match = self.LINE.match(line)
                if not match:
                    raise SystemExit(f"error: {path}:{number}: expected `cold: REGEX -- REASON` or `batch: REGEX -- REASON`")
                self.entries.append((match[1], re.compile(match[2]), match[3]))
        self.used = collections.defaultdict(set)

    def find(self, names):
        for entry in self.entries:
            for name in names:
                if entry[1].search(name):
                    self.used[entry].add(name)
                    return entry
        return None


class Finding:
    def __init__(self, function, instruction, is_tail):
        self.function = function
        self.instruction = instruction
        self.is_tail = is_tail
        self.frames = []  # (function, file:line), innermost first


def examine(binary, start):
    """One function's direct successors, external calls, findings and jump tables."""
    edges, externals, findings = set(), set(), []
    lines = binary.functions[start]
    code = [parsed for parsed in map(Instruction.parse, lines) if parsed]
    end = code[-1].address if code else start
    for instruction in code:
        if instruction.is_branch() and not instruction.is_indirect() and instruction.target is not None:
            if instruction.is_call() or not start <= instruction.target <= end:
                edges.add(instruction.target)
    tables = 0
    pending = []
    for instruction in filter(Instruction.is_indirect, code):
        through_got = binary.got_target(instruction.target) if instruction.target is not None else None
        if through_got:
            record_target(through_got, edges, externals)
        else:
            pending.append(instruction)
    if pending:
        flow = Flow(binary, start).solve()
        tables = len(flow.tables)
        for instruction in pending:
            if instruction.address in flow.tables:
                continue
            targets = flow.resolved.get(instruction.address)
            if targets:
                for target in targets:
                    record_target(target, edges, externals)
            else:
                findings.append(Finding(start, instruction, instruction.is_jump()))
    return edges, externals, findings, tables


def record_target(target, edges, externals):
    kind, value = target
    if kind == "local":
        edges.add(value)
    else:
        externals.add(value)


def locate(binary, findings):
    """Fills in which source lines the findings come from, as far as there is DWARF."""
    if not findings:
        return
    addresses = "\n".join(f"0x{finding.instruction.address:x}" for finding in findings)
    out = run("addr2line", "-e", binary.path, "-a", "-i", "-f", "-C", input=addresses)
    blocks = re.split(r"^0x[0-9a-f]+\n", out, flags=re.M)[1:]
    for finding, block in zip(findings, blocks):
        lines = block.splitlines()
        for function, place in zip(lines[::2], lines[1::2]):
            if function != "??":
                place = re.sub(r" \(discriminator \d+\)$", "", place)
                finding.frames.append((re.sub(r"::h[0-9a-f]{16}$", "", function), place))


def main():
    parser = argparse.ArgumentParser(description="Report virtual calls reachable from root functions of a binary.")
    parser.add_argument("binary")
    parser.add_argument("--root", action="append", default=[], metavar="REGEX", help="searched in demangled names without hash; must match")
    parser.add_argument("--allow", action="append", default=[], metavar="FILE", help="functions that are cold, or called once per batch")
    parser.add_argument("--reach", action="append", default=[], metavar="REGEX", help="must match a function that the roots lead to")
    parser.add_argument("--expect-finding", metavar="REGEX", help="succeed only if a finding's function or inlined frame matches")
    parser.add_argument("--verbose", action="store_true", help="also list the external functions")
    options = parser.parse_args()
    if not options.root:
        parser.error("at least one --root is needed")

    allowed = Allowed(options.allow)
    binary = Binary(options.binary)
    parent, queue, missing = {}, collections.deque(), []
    for pattern in options.root:
        roots = [start for start in binary.starts if any(re.search(pattern, name) for name in binary.names[start])]
        if not roots:
            missing.append(pattern)
        for root in roots:
            parent.setdefault(root, None)
            queue.append(root)
    if missing:
        for pattern in missing:
            print(f"error: no function matches the root {pattern!r}: was it renamed, or inlined away?", file=sys.stderr)
        return 2
    roots = set(parent)

    seen, externals, findings, tables, stopped = set(), set(), [], 0, {}
    while queue:
        function = queue.popleft()
        if function in seen:
            continue
        seen.add(function)
        if function not in roots:
            entry = allowed.find(binary.names[function])
            if entry:
                stopped[function] = entry
                continue
        if binary.external_stub(function):
            externals.add(binary.external_stub(function))
            continue
        edges, called, found, jump_tables = examine(binary, function)
        externals |= called
        findings += found
        tables += jump_tables
        for edge in sorted(edges):
            callee = binary.function_at(edge)
            if callee is not None and callee not in parent:
                parent[callee] = function
                queue.append(callee)

    entered = seen - set(stopped)
    unreached = [pattern for pattern in options.reach if not any(re.search(pattern, name) for start in entered for name in binary.names[start])]
    if unreached:
        for pattern in unreached:
            print(f"error: the roots lead to no function that matches {pattern!r}: was it renamed, inlined away, or left out?", file=sys.stderr)
        return 2

    locate(binary, findings)
    excused = [finding for finding in findings if allowed.find([frame for frame, _ in finding.frames])]
    findings = [finding for finding in findings if finding not in excused]

    for finding in findings:
        what = "indirect tail call" if finding.is_tail else "indirect call"
        print(f"{what} in {binary.name(finding.function)}")
        print(f"    {finding.instruction.address:x}: {finding.instruction.text}")
        for frame, place in finding.frames:
            print(f"    at {frame} ({place})")
        chain, function = [], parent[finding.function]
        while function is not None:
            chain.append(binary.name(function))
            function = parent[function]
        for caller in chain:
            print(f"    from {caller}")
    print(
        f"{len(roots)} roots, {len(seen)} functions reached, {tables} jump tables, {len(externals)} external functions, "
        f"{len(stopped)} allowed functions not entered, {len(excused)} allowed calls, {len(findings)} findings"
    )
    for kind, pattern, reason in allowed.entries:
        names = allowed.used.get((kind, pattern, reason), set())
        if names:
            print(f"  {kind}: {reason}")
            for name in sorted(names):
                print(f"    {name}")
    if options.verbose:
        print("  external: " + ", ".join(sorted(externals)))

    if options.expect_finding is not None:
        expected = re.compile(options.expect_finding)
        names = [binary.name(f.function) for f in findings] + [frame for f in findings for frame, _ in f.frames]
        caught = any(expected.search(name) for name in names)
        print(f"expected finding {'caught' if caught else 'MISSED'}: {options.expect_finding}")
        return 0 if caught else 1
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
