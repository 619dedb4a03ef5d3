"""One ELF file's sections, symbols, relocations and instructions, as objdump and the file itself tell them."""

import bisect
import collections
import pathlib
import re
import struct
import subprocess

from landing_pads import read_landing_pads

PREFIXES = {"notrack", "bnd", "data16", "addr32", "rex", "rex.W", "cs", "ds", "es", "lock", "rep", "repz", "repnz", "xacquire", "xrelease"}


# The C functions that never return and that Rust code calls.
NEVER_RETURN = {"_Unwind_Resume", "abort", "exit", "_exit", "__stack_chk_fail", "__assert_fail", "pthread_exit"}


class Binary:
    """Sections, symbols, relocations and disassembly of one ELF file."""

    def __init__(self, path):
        self.path = path
        self.image = pathlib.Path(path).read_bytes()
        if self.image[:5] != b"\x7fELF\x02" or self.image[18:20] != b"\x3e\x00":
            raise SystemExit(f"error: {path} is not a 64-bit x86 ELF file")
        self.sections = self._read_sections()
        self.relocations = self._read_relocations()
        self.names = self._read_names()
        self.functions = {}  # start → lines of the disassembly
        self._returns = {}
        self._disassemble()
        self.starts = sorted(self.functions)
        self.call_sites = read_landing_pads(self)

    def _read_sections(self):
        (offset,) = struct.unpack_from("<Q", self.image, 0x28)
        size, count, names_index = struct.unpack_from("<HHH", self.image, 0x3A)
        headers = [struct.unpack_from("<IIQQQQIIQQ", self.image, offset + i * size) for i in range(count)]
        names_at = headers[names_index][4]
        sections = {}
        for header in headers:
            start = names_at + header[0]
            name = self.image[start : self.image.index(b"\0", start)].decode()
            sections[name] = {"type": header[1], "addr": header[3], "offset": header[4], "size": header[5], "link": header[6]}
        self.headers = headers
        return sections

    def _read_relocations(self):
        """Dynamic relocations: address → ("local", target) or ("external", name)."""
        found = {}
        for section in self.sections.values():
            if section["type"] != 4 or section["addr"] == 0:  # SHT_RELA that is loaded
                continue
            symbols, strings = self._symbol_tables(section["link"])
            for at in range(section["offset"], section["offset"] + section["size"], 24):
                address, info, addend = struct.unpack_from("<QQq", self.image, at)
                kind, symbol = info & 0xFFFFFFFF, info >> 32
                if kind == 8:  # R_X86_64_RELATIVE
                    found[address] = ("local", addend)
                elif kind in (1, 6, 7):  # R_X86_64_64, GLOB_DAT, JUMP_SLOT
                    name_at, _, _, index, value, _ = struct.unpack_from("<IBBHQQ", self.image, symbols + 24 * symbol)
                    start = strings + name_at
                    name = self.image[start : self.image.index(b"\0", start)].decode()
                    found[address] = ("local", value + addend) if index else ("external", name)
                elif kind == 37:  # R_X86_64_IRELATIVE: an ifunc of a static libc
                    found[address] = ("external", f"ifunc at {addend:x}")
        return found

    def _symbol_tables(self, index):
        if index == 0:
            return 0, 0
        symbols = self.headers[index]
        return symbols[4], self.headers[symbols[6]][4]

    def _read_names(self):
        """Start address → every demangled name there, without rustc's hash."""
        names = collections.defaultdict(list)
        for line in run("nm", "-C", "--defined-only", self.path).splitlines():
            match = re.match(r"^([0-9a-f]+) [tTwWiI] (.+)$", line)
            if match:
                name = re.sub(r"::h[0-9a-f]{16}$", "", match[2])
                if name not in names[int(match[1], 16)]:
                    names[int(match[1], 16)].append(name)
        return names

    def _disassemble(self):
        start, lines = None, []
        for line in run("objdump", "-d", "--no-show-raw-insn", "-w", self.path).splitlines():
            header = re.match(r"^([0-9a-f]{16}) <(.*)>:$", line)
            if header:
                start, lines = int(header[1], 16), []
                self.functions[start] = lines
                if start not in self.names:
                    self.names[start] = [header[2]]
            elif start is not None and line.startswith(" "):
                lines.append(line)

    def name(self, start):
        return self.names[start][0]

    def external_stub(self, start):
        """The name of the external function that this entry of the procedure linkage table jumps to, or None."""
        name = self.name(start)
        return name[:-4] if name.endswith("@plt") else None

    def function_at(self, address):
        """The function that contains the address: a jump may lead into its middle."""
        index = bisect.bisect_right(self.starts, address) - 1
        return self.starts[index] if index >= 0 else None

    def section_of(self, address):
        for name, section in self.sections.items():
            if section["addr"] and section["addr"] <= address < section["addr"] + section["size"]:
                return name, section
        return None, None

    def got_target(self, address):
        """What the GOT slot at the address leads to: ("local", address), ("external", name), or None if it is no slot."""
        name, section = self.section_of(address)
        if name not in (".got", ".got.plt"):
            return None
        if address in self.relocations:
            return self.relocations[address]
        (value,) = struct.unpack_from("<Q", self.image, section["offset"] + address - section["addr"])
        return ("local", value) if value else ("external", "an undefined weak symbol")

    def target_returns(self, target):
        kind, value = target
        return self.returns(value) if kind == "local" else value not in NEVER_RETURN

    def returns(self, start):
        """Can the function return? Only if it, or what it jumps to at its end, has a return instruction."""
        if start not in self.functions:
            return True
        if self.external_stub(start):
            return self.external_stub(start) not in NEVER_RETURN
        if start not in self._returns:
            self._returns[start] = False  # holds for a function that returns through itself alone
            self._returns[start] = self._can_return(start)
        return self._returns[start]

    def _can_return(self, start):
        code = [parsed for parsed in map(Instruction.parse, self.functions[start]) if parsed]
        if not code or any(instruction.op.startswith("ret") for instruction in code):
            return True
        for jump in (instruction for instruction in code if instruction.op.startswith("j")):
            if jump.is_indirect():
                slot = self.got_target(jump.target) if jump.target is not None else None
                if slot is None or self.target_returns(slot):
                    return True
            elif jump.target is None or not start <= jump.target <= code[-1].address:
                callee = self.function_at(jump.target) if jump.target is not None else None
                if callee is None or self.returns(callee):
                    return True
        return False

    def read(self, address, form):
        """Unpacks read-only data, or gives None past its end."""
        name, section = self.section_of(address)
        if name is None or not name.startswith((".rodata", ".data.rel.ro")):
            return None
        offset = address - section["addr"]
        if offset + struct.calcsize(form) > section["size"]:
            return None
        return struct.unpack_from(form, self.image, section["offset"] + offset)[0]


class Instruction:
    """One line of the disassembly, in AT&T order: the destination comes last."""

    __slots__ = ("address", "op", "operands", "target", "text")
    LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*?)\s*$")

    @classmethod
    def parse(cls, line):
        match = cls.LINE.match(line)
        if not match:
            return None
        self = cls()
        self.address = int(match[1], 16)
        self.text = match[2]
        body, _, comment = match[2].partition(" #")
        words = body.split(None, 1)
        while words and words[0].split(",")[0] in PREFIXES and len(words) > 1:
            words = words[1].split(None, 1)
        self.op = words[0] if words else ""
        self.operands = split_operands(words[1] if len(words) > 1 else "")
        self.target = None  # the address that a direct branch or a rip-relative operand names
        direct = re.match(r"^([0-9a-f]+)(?: <|$)", self.operands[0]) if self.operands else None
        if self.is_branch() and direct:
            self.target = int(direct[1], 16)
        elif "(%rip)" in body:
            absolute = re.match(r"^\s*([0-9a-f]+)", comment)
            self.target = int(absolute[1], 16) if absolute else None
        return self

    def is_call(self):
        return self.op in ("call", "callq")

    def is_jump(self):
        return self.op in ("jmp", "jmpq")

    def is_branch(self):
        return self.is_call() or (self.op.startswith("j"))

    def is_indirect(self):
        return (self.is_call() or self.is_jump()) and self.operands[0].startswith("*")

    def ends_block(self):
        return self.op.startswith(("j", "ret", "ud2", "hlt")) or self.op == "int3"

    def falls_through(self):
        return not (self.is_jump() or self.op.startswith(("ret", "ud2", "hlt")) or self.op == "int3")


def split_operands(text):
    """Splits at the commas outside parentheses."""
    text = re.sub(r"\s*<.*$", "", text) if not text.startswith("*") else text
    parts, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    last = text[start:].strip()
    return parts + [last] if last else parts


def run(*command, input=None):
    done = subprocess.run(command, capture_output=True, text=True, input=input, errors="replace")
    if done.returncode != 0:
        raise SystemExit(f"error: {' '.join(command[:2])} failed: {done.stderr.strip()}")
    return done.stdout
