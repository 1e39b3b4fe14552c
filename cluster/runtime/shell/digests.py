"""Owns the tools that look at bytes: md5sum and its like, base64, od, hexdump, cmp, diff. Source: busybox 1.35."""

from __future__ import annotations

import base64
import binascii
import difflib
import hashlib
import re
import zlib

from ..octets import bytes_of, text_of
from .call import Call, Failed, Usage
from .texts import lines_of, number_of

SUMS = {"md5sum": hashlib.md5, "sha1sum": hashlib.sha1, "sha256sum": hashlib.sha256, "sha512sum": hashlib.sha512}


def checksum(call: Call) -> int:
    options = call.options("csw")
    make = SUMS[call.name]
    if "c" in options:
        return checked(call, options, make)
    for path, text in call.texts(options.rest):
        call.out(f"{make(bytes_of(text)).hexdigest()}  {path}\n")
    return call.failed


def checked(call: Call, options, make) -> int:
    wrong = total = 0
    for _, text in call.texts(options.rest):
        for line in lines_of(text):
            found = re.fullmatch(r"([0-9a-f]+)  ?(.+)", line)
            if not found:
                continue
            total += 1
            data = call.world.read_file(call.path(found[2]))
            is_right = data is not None and make(bytes_of(data)).hexdigest() == found[1]
            wrong += not is_right
            if "s" not in options:
                call.out(f"{found[2]}: {'OK' if is_right else 'FAILED'}\n")
    if wrong and "s" not in options:
        call.complain(f"WARNING: {wrong} of {total} computed checksums did NOT match")
    return 1 if wrong or not total else call.failed


def check_crc(call: Call) -> int:
    for path, text in call.texts(call.options("").rest):
        call.out(f"{zlib.crc32(bytes_of(text)):08x}  {path}\n")
    return call.failed


def base_64(call: Call) -> int:
    options = call.options("d", "w")
    width = number_of(options.get("w", "76"))
    for _, text in call.texts(options.rest[:1]):
        if "d" in options:
            try:
                call.out(text_of(base64.b64decode(re.sub(r"\s", "", text), validate=True)))
            except (binascii.Error, ValueError):
                raise Failed("truncated input" if len(re.sub(r"\s", "", text)) % 4 else "invalid input") from None
        else:
            encoded = base64.b64encode(bytes_of(text)).decode()
            call.out("".join(encoded[at : at + width] + "\n" for at in range(0, len(encoded), width)) if width else encoded)
    return call.failed


def octal_dump(call: Call) -> int:
    """`od [-c|-x|-b|-d] [-A n] [-t x1|c] [-N SIZE]`: what is used to look at a few bytes."""
    options = call.options("abcdfhilovxs", "tANjSw")
    data = b"".join(bytes_of(text) for _, text in call.texts(options.rest))[number_of(options.get("j", "0")) :]
    data = data[: number_of(options["N"])] if "N" in options else data
    kind = "c" if "c" in options else "b" if "b" in options else options.get("t", "x2" if "x" in options or "h" in options else "o2")
    radix, rows = options.get("A", "o"), []
    for at in range(0, len(data), 16):
        rows.append(f"{place(at, radix)}{row_of(data[at : at + 16], kind)}\n")
    call.out("".join(rows[:20_000]) + (f"{place(len(data), radix)}\n" if radix != "n" else ""))
    return call.failed


def place(at: int, radix: str) -> str:
    return {"o": f"{at:07o}", "d": f"{at:07}", "x": f"{at:06x}"}.get(radix, "")


SIGNS = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}


def row_of(data: bytes, kind: str) -> str:
    if kind == "c":
        return "".join(f"{SIGNS.get(byte) or (chr(byte) if 32 <= byte < 127 else f'{byte:03o}'):>4}" for byte in data)
    if kind in ("x1", "b", "o1", "u1", "d1"):
        form = {"x1": " {:02x}", "u1": " {:3}", "d1": " {:4}"}.get(kind, " {:03o}")
        return "".join(form.format(byte) for byte in data)
    words = [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2)]
    return "".join(f" {word:04x}" if kind.startswith("x") else f" {word:06o}" for word in words)


def hex_dump(call: Call) -> int:
    options = call.options("bcdoxCv", "efns")
    data = b"".join(bytes_of(text) for _, text in call.texts(options.rest))
    data = data[: number_of(options["n"])] if "n" in options else data
    rows = []
    for at in range(0, min(len(data), 320_000), 16):
        part = data[at : at + 16]
        if "C" in options:
            halves = "".join(f"{byte:02x} " + (" " if number == 7 else "") for number, byte in enumerate(part))
            shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
            rows.append(f"{at:08x}  {halves:<50}|{shown}|\n")
        else:
            rows.append(f"{at:07x}" + row_of(part, "x2") + "\n")
    call.out("".join(rows) + (f"{len(data):08x}\n" if "C" in options else f"{len(data):07x}\n") if data else "")
    return call.failed


def compare(call: Call) -> int:
    options = call.options("ls", "n")
    if len(options.rest) < 2:
        raise Usage
    texts = [bytes_of(text) for _, text in call.texts(options.rest[:2])]
    if len(texts) < 2:
        return 2
    first, second = texts
    at = next((at for at, (left, right) in enumerate(zip(first, second, strict=False)) if left != right), None)
    names = options.rest[:2]
    if at is not None:
        call.out("" if "s" in options else f"{names[0]} {names[1]} differ: char {at + 1}, line {first[:at].count(10) + 1}\n")
        return 1
    if len(first) != len(second):
        call.err("" if "s" in options else f"cmp: EOF on {names[0] if len(first) < len(second) else names[1]}\n")
        return 1
    return 0


def difference(call: Call) -> int:
    options = call.options("abBdiNqrTstwu", "LSU")
    if len(options.rest) != 2:
        raise Usage
    found = call.texts(options.rest, words="can't stat '{path}': {why}")
    if len(found) < 2:
        return 2
    (first, old), (second, new) = found
    if old == new:
        call.out(f"Files {first} and {second} are identical\n" if "s" in options else "")
        return 0
    if "q" in options:
        call.out(f"Files {first} and {second} differ\n")
        return 1
    if max(len(old), len(new)) > 256 * 1024:
        raise Failed("files are too large to be compared here", 2)
    rows = list(difflib.unified_diff(old.split("\n")[: -1 if old.endswith("\n") else None], new.split("\n")[: -1 if new.endswith("\n") else None],
                                     n=number_of(options.get("U", "3")), lineterm=""))[2:]  # fmt: skip
    call.out(f"--- {first}\n+++ {second}\n" + "".join(row + "\n" for row in rows))
    return 1


DIGESTS = {**dict.fromkeys(SUMS, checksum), "crc32": check_crc, "base64": base_64, "od": octal_dump, "hexdump": hex_dump, "cmp": compare,
           "diff": difference}  # fmt: skip
