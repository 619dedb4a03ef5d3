"""Which link-time addresses a function's registers can hold: tells jump tables and GOT calls from virtual calls."""

import re

from disassembly import Instruction

CALLEE_SAVED = {"rbx", "rbp", "r12", "r13", "r14", "r15"}
# Reads its operands only, although the last one may be a register.
PURE = re.compile(r"^(cmp[bwlq]?|test[bwlq]?|bt[wlq]?|push[wlq]?|nop[wl]?|prefetch\w*|v?u?comis[sd]|v?p?test\w*|endbr64|ud2|int3|j\w+)$")
PADDING = re.compile(r"^((data16|cs|repz|rep) )*(nop[wl]?\b|xchg +%ax,%ax|int3|ud2)")
# Writes registers that its operands do not name.
IMPLICIT = {
    "mul": ("rax", "rdx"), "imul": ("rax", "rdx"), "div": ("rax", "rdx"), "idiv": ("rax", "rdx"),
    "cqto": ("rdx",), "cltd": ("rdx",), "cwtd": ("rdx",), "cltq": ("rax",), "cwtl": ("rax",), "cbtw": ("rax",),
    "cmpxchg": ("rax",), "cmpxchg8b": ("rax", "rdx"), "cmpxchg16b": ("rax", "rdx"),
    "cpuid": ("rax", "rbx", "rcx", "rdx"), "rdtsc": ("rax", "rdx"), "rdtscp": ("rax", "rcx", "rdx"),
    "xgetbv": ("rax", "rdx"), "rdpmc": ("rax", "rdx"), "syscall": ("rax", "rcx", "r11"),
    "movs": ("rsi", "rdi", "rcx"), "stos": ("rdi", "rcx"), "lods": ("rax", "rsi", "rcx"),
    "scas": ("rdi", "rcx"), "cmps": ("rsi", "rdi", "rcx"), "lahf": ("rax",),
}


def canonical_registers():
    """Maps every spelling of a general register to its 64-bit name."""
    names = {}
    for letter in "abcd":
        for part in (f"r{letter}x", f"e{letter}x", f"{letter}x", f"{letter}l", f"{letter}h"):
            names[part] = f"r{letter}x"
    for stem in ("si", "di", "bp", "sp"):
        for part in (f"r{stem}", f"e{stem}", stem, f"{stem}l"):
            names[part] = f"r{stem}"
    for number in range(8, 16):
        for suffix in ("", "d", "w", "b"):
            names[f"r{number}{suffix}"] = f"r{number}"
    return names


REGISTERS = canonical_registers()


MEMORY = re.compile(r"^(?:%[fg]s:)?(-?0x[0-9a-f]+)?\((%\w+)?(?:,(%\w+)(?:,(\d))?)?\)$")
ABSOLUTE_TABLE = re.compile(r"^\*(0x[0-9a-f]+)\(,%\w+,8\)$")


def register(operand):
    """The 64-bit name of a general register operand, or None."""
    return REGISTERS.get(operand[1:]) if operand.startswith("%") else None


def is_wide(operand):
    """Does the operand name all 64 bits?"""
    return operand.startswith("%") and REGISTERS.get(operand[1:]) == operand[1:]


def width_of(operand):
    """The bytes that a store of this register writes; no general register has more than 8."""
    return {"%x": 16, "%y": 32, "%z": 64}.get(operand[:2], 8)


class Flow:
    """Which link-time addresses the registers and spill slots of one function can hold.

    A state maps a place (a register's name, or a stack offset from the function's entry) to a frozen set of facts:
    ("addr", a), ("got", slot), ("load", table), ("target", table). A place without an entry can hold anything.
    """

    LIMIT = 16  # facts per place; more is taken as anything

    def __init__(self, binary, start):
        self.binary = binary
        self.start = start
        lines = binary.functions[start]
        self.code = [parsed for parsed in map(Instruction.parse, lines) if parsed]
        self.index = {instruction.address: i for i, instruction in enumerate(self.code)}
        self.sites = [site for site in binary.call_sites.get(start, []) if site[2] in self.index]
        self.tables = {}  # jmp address → targets
        self.resolved = {}  # address of an indirect call or jump → GOT targets, or None where unknown

    def solve(self):
        leaders = {0}
        for i, instruction in enumerate(self.code):
            if instruction.ends_block() and i + 1 < len(self.code):
                leaders.add(i + 1)
            if instruction.is_branch() and instruction.target in self.index:
                leaders.add(self.index[instruction.target])
        for _, _, pad in self.sites:
            leaders.add(self.index[pad])
        self.table_bases = {i.target for i in self.code if i.op == "lea" and i.target is not None}
        self.leaders = leaders
        self.cut = []  # walked blocks in whose middle a jump table turned out to lead
        self.entry = {0: {"depth": 0}}
        self.run([0])
        # What is left, alignment aside, is dead code or was not understood: there nothing is known.
        while True:
            left = (leader for leader in sorted(self.leaders) if leader not in self.entry)
            unreached = next((leader for leader in left if not PADDING.match(self.code[leader].text)), None)
            if unreached is None:
                return self
            self.entry[unreached] = {}
            self.run([unreached])

    def run(self, work):
        work = list(work)
        while work:
            leader = work.pop()
            for successor, state in self.walk(leader):
                if self.join(successor, state):
                    work.append(successor)
            work += self.cut
            self.cut.clear()

    def join(self, leader, state):
        known = self.entry.get(leader)
        joined = dict(state) if known is None else merge(known, state, self.LIMIT)
        self.entry[leader] = joined
        return joined != known

    def walk(self, leader):
        """Executes a block; yields its successors with their states."""
        state = dict(self.entry[leader])
        i = leader
        while True:
            instruction = self.code[i]
            successors = self.step(instruction, state)
            if instruction.is_call():
                for first, end, pad in self.sites:
                    if first <= instruction.address < end:
                        yield self.index[pad], dict(state)
                if not self.returns(instruction):
                    return
            if instruction.ends_block() or i + 1 == len(self.code) or i + 1 in self.leaders:
                for successor in successors:
                    yield successor, state
                if instruction.falls_through() and i + 1 < len(self.code):
                    yield i + 1, state
                return
            i += 1

    def returns(self, call):
        """Does control come back? What follows a call of a panic belongs to some other path."""
        if not call.is_indirect():
            return self.binary.returns(call.target)
        target = self.binary.got_target(call.target) if call.target is not None else None
        return target is None or self.binary.target_returns(target)

    def step(self, instruction, state):
        """Applies one instruction to the state; returns the blocks that it jumps to."""
        op, operands = instruction.op, instruction.operands
        if instruction.is_call():
            if instruction.is_indirect():
                self.resolved[instruction.address] = self.known_targets(instruction, state)
            for place in [p for p in state if isinstance(p, str) and p != "depth" and p not in CALLEE_SAVED]:
                del state[place]
            return []
        if instruction.is_jump() and instruction.is_indirect():
            return self.indirect_jump(instruction, state)
        if instruction.is_branch():
            return [self.index[instruction.target]] if instruction.target in self.index else []
        if op in ("push", "pushq"):
            self.move_stack(state, -8)
            self.set_slot(state, 0, self.value(operands[0], state))
        elif op in ("pop", "popq"):
            value = self.value("0x0(%rsp)", state)
            self.move_stack(state, 8)
            self.set(state, operands[0], value)
        elif op in ("sub", "add") and operands[-1] == "%rsp":
            amount = re.match(r"^\$(-?0x[0-9a-f]+)$", operands[0])
            if amount:
                self.move_stack(state, int(amount[1], 16) * (1 if op == "add" else -1))
            else:
                self.lose_stack(state)
        elif operands and operands[-1] == "%rsp" or op == "leave":
            self.lose_stack(state)
            state.pop("rbp", None)
        elif not PURE.match(op):
            self.assign(instruction, state)
        return []

    def assign(self, instruction, state):
        op, operands = instruction.op, instruction.operands
        stem = re.sub(r"[bwlq]$", "", op)
        result = None
        if op in ("lea", "leaq") and instruction.target is not None:
            result = frozenset([("addr", instruction.target)])
        elif op in ("lea", "leaq"):
            memory = MEMORY.match(operands[0])
            if memory and not memory[1] and memory[3] and memory[4] in (None, "1"):
                result = self.sum(state.get(register(memory[2] or "")), state.get(register(memory[3])))
        elif op in ("mov", "movq") and len(operands) == 2:
            result = self.value(operands[0], state, instruction.target)
        elif op in ("movslq", "movsxd"):
            memory = MEMORY.match(operands[0])
            base = state.get(register(memory[2])) if memory and memory[2] and memory[3] else None
            if base and all(kind == "addr" for kind, _ in base):
                result = frozenset(("load", address) for _, address in base)
        elif op in ("add", "addq") and len(operands) == 2:
            result = self.sum(self.value(operands[0], state), self.value(operands[1], state))
        elif op.startswith("cmov") and len(operands) == 2:
            old, new = self.value(operands[1], state), self.value(operands[0], state, instruction.target)
            result = old | new if old and new else None
        for place in IMPLICIT.get(op, IMPLICIT.get(stem, ())):
            if not (stem == "imul" and len(operands) > 1):
                state.pop(place, None)
        if stem in ("xchg", "xadd") or op.startswith("mulx"):
            for operand in operands:
                self.set(state, operand, None)
        elif operands:
            self.set(state, operands[-1], result, max(map(width_of, operands)))

    def value(self, operand, state, target=None):
        """The facts about an operand that is read, or None."""
        if is_wide(operand):
            return state.get(register(operand))
        if target is not None and "(%rip)" in operand:
            return frozenset([("got", target)]) if self.binary.got_target(target) else None
        slot = self.slot(operand, state)
        return state.get(slot) if slot is not None else None

    def set(self, state, operand, facts, width=8):
        """Writes an operand; a narrow write leaves nothing known."""
        name = register(operand)
        if name:
            if facts and is_wide(operand):
                state[name] = facts
            else:
                state.pop(name, None)
            return
        memory = MEMORY.match(operand)
        if memory and memory[2] == "%rsp":
            if memory[3]:  # somewhere on the stack
                self.lose_slots(state)
            else:
                self.set_slot(state, int(memory[1] or "0", 16), facts, width)

    def set_slot(self, state, offset, facts, width=8):
        if "depth" not in state:
            return
        at = state["depth"] + offset
        for place in [p for p in state if isinstance(p, int) and at - 8 < p < at + width]:
            del state[place]
        if facts:
            state[at] = facts

    def slot(self, operand, state):
        memory = MEMORY.match(operand)
        if memory and memory[2] == "%rsp" and not memory[3] and "depth" in state:
            return state["depth"] + int(memory[1] or "0", 16)
        return None

    @staticmethod
    def lose_slots(state):
        for place in [p for p in state if isinstance(p, int)]:
            del state[place]

    def lose_stack(self, state):
        self.lose_slots(state)
        state.pop("depth", None)

    @staticmethod
    def move_stack(state, amount):
        if "depth" in state:
            state["depth"] += amount

    @staticmethod
    def sum(left, right):
        """A table's address and an entry loaded from it make a jump target."""
        if not left or not right:
            return None
        for bases, loads in ((left, right), (right, left)):
            tables = {address for _, address in loads}
            if all(kind == "addr" for kind, _ in bases) and all(kind == "load" for kind, _ in loads):
                if {address for _, address in bases} == tables:
                    return frozenset(("target", table) for table in tables)
        return None

    def known_targets(self, instruction, state):
        operand = instruction.operands[0][1:]
        facts = self.value(operand, state, instruction.target)
        if facts and all(kind == "got" or address in self.binary.functions for kind, address in facts):
            return [self.binary.got_target(address) if kind == "got" else ("local", address) for kind, address in facts]
        return None

    def indirect_jump(self, instruction, state):
        """A jump table's blocks; a tail call has none."""
        operand = instruction.operands[0][1:]
        facts = self.value(operand, state, instruction.target)
        targets = []
        absolute = ABSOLUTE_TABLE.match(instruction.operands[0])
        if absolute:
            targets = self.entries(int(absolute[1], 16), 8)
        elif facts and all(kind == "target" for kind, _ in facts):
            tables = [self.entries(table, 4) for _, table in facts]
            targets = sorted(set().union(*tables)) if all(tables) else []
        if not targets:
            self.resolved[instruction.address] = self.known_targets(instruction, state)
            return []
        self.resolved.pop(instruction.address, None)
        self.tables[instruction.address] = targets
        for target in targets:
            if target not in self.leaders:
                self.split(target)
        return targets

    def split(self, leader):
        """Makes a new block; the one that it is cut from must be walked again, since it now ends by falling into it."""
        container = max(known for known in self.leaders if known < leader)
        self.leaders.add(leader)
        if container in self.entry:
            self.cut.append(container)

    def entries(self, table, width):
        """Instructions of this function that the table leads to, up to the first entry that leads elsewhere."""
        targets, at = set(), table
        while at == table or at not in self.table_bases:
            entry = self.binary.read(at, "<i" if width == 4 else "<Q")
            if width == 8 and at in self.binary.relocations:
                kind, entry = self.binary.relocations[at]
                entry = entry if kind == "local" else None
            if entry is None:
                break
            index = self.index.get(table + entry if width == 4 else entry)
            # No jump leads to a function's first instruction: that would be a call.
            if not index:
                break
            targets.add(index)
            at += width
        return targets


def merge(left, right, limit):
    """What holds on both ways: the union of facts where both know some."""
    joined = {}
    for place, facts in left.items():
        if place not in right:
            continue
        if place == "depth":
            if facts == right[place]:
                joined[place] = facts
        elif len(facts | right[place]) <= limit:
            joined[place] = facts | right[place]
    if "depth" not in joined:
        joined = {place: facts for place, facts in joined.items() if isinstance(place, str)}
    return joined
