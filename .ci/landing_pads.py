"""Which landing pad each call of a function unwinds to, from .eh_frame and .gcc_except_table.

Source: Linux Standard Base Core 5.0, chapter 10.6 "Exception Frames"; the call-site table is as LLVM and GCC emit it.
"""

import struct

OMITTED = 0xFF
FIXED = {0x00: "<Q", 0x02: "<H", 0x03: "<I", 0x04: "<Q", 0x0A: "<h", 0x0B: "<i", 0x0C: "<q"}


class Cursor:
    """Reads forward through one section."""

    def __init__(self, image, section, address):
        self.image = image
        self.delta = section["offset"] - section["addr"]
        self.address = address

    def fixed(self, form):
        (value,) = struct.unpack_from(form, self.image, self.address + self.delta)
        self.address += struct.calcsize(form)
        return value

    def byte(self):
        return self.fixed("<B")

    def uleb(self):
        value, shift = 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def string(self):
        start = self.address + self.delta
        text = self.image[start : self.image.index(b"\0", start)]
        self.address += len(text) + 1
        return text.decode()

    def pointer(self, encoding):
        """A pointer of a DW_EH_PE encoding; an indirect one yields the address of its slot."""
        base = self.address if encoding & 0x70 == 0x10 else 0
        value = self.uleb() if encoding & 0x0F == 1 else self.fixed(FIXED[encoding & 0x0F])
        return base + value if value else 0


def read_landing_pads(binary):
    """Function start → list of (first address, end, landing pad)."""
    frames, tables = binary.sections.get(".eh_frame"), binary.sections.get(".gcc_except_table")
    if not frames or not tables:
        return {}
    found, infos = {}, {}
    cursor = Cursor(binary.image, frames, frames["addr"])
    while cursor.address < frames["addr"] + frames["size"]:
        record = cursor.address
        length = cursor.fixed("<I")
        if length == 0:
            break
        following = cursor.address + length
        link_at = cursor.address
        link = cursor.fixed("<I")
        if link == 0:
            infos[record] = read_common_information(cursor)
        else:
            pointer_encoding, table_encoding, augmented = infos[link_at - link]
            function = cursor.pointer(pointer_encoding)
            cursor.pointer(pointer_encoding & 0x0F)
            if augmented and table_encoding != OMITTED:
                cursor.uleb()
                table = cursor.pointer(table_encoding)
                if table:
                    found[function] = read_call_sites(Cursor(binary.image, tables, table), function)
        cursor.address = following
    return found


def read_common_information(cursor):
    """What a common information entry says of its functions: (pointer encoding, table encoding, has augmentation data)."""
    cursor.byte()
    augmentation = cursor.string()
    cursor.uleb()
    cursor.uleb()
    cursor.uleb()
    pointer_encoding, table_encoding = 0, OMITTED
    for letter in augmentation:
        if letter == "z":
            cursor.uleb()
        elif letter == "R":
            pointer_encoding = cursor.byte()
        elif letter == "L":
            table_encoding = cursor.byte()
        elif letter == "P":
            cursor.pointer(cursor.byte())
    return pointer_encoding, table_encoding, augmentation.startswith("z")


def read_call_sites(cursor, function):
    start_encoding = cursor.byte()
    base = function if start_encoding == OMITTED else cursor.pointer(start_encoding)
    if cursor.byte() != OMITTED:
        cursor.uleb()
    encoding = cursor.byte()
    size = cursor.uleb()
    end = cursor.address + size
    sites = []
    while cursor.address < end:
        start, length, pad = (cursor.pointer(encoding & 0x0F) for _ in range(3))
        cursor.uleb()
        if pad:
            sites.append((function + start, function + start + length, base + pad))
    return sites
