"""Owns the tools that go through lines: cat, tee, head, tail, wc, seq, yes, tac, rev, nl.

The messages are busybox's. Input that comes bit by bit is passed on bit by bit by cat, tee, head and tail.
"""

from __future__ import annotations

import re

from ..octets import bytes_of, text_of
from .call import Blocked, Call, Failed, Usage
from .durations import duration_ms
from .streams import ZEROS

NUMBER = re.compile(r"[+-]?[0-9]{1,12}[bkmKMG]?")
FACTORS = {"b": 512, "k": 1024, "K": 1024, "m": 1024**2, "M": 1024**2, "G": 1024**3}
MANY_STEPS = 200  # as which some thousand characters of an endless output count
MOST_NUMBERS = 1_000_000
MOST_KEPT = 1024 * 1024  # of a device without end that is copied into a file: of more, the bytes are counted


def lines_of(text: str) -> list[str]:
    """Lines without their ends."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def number_of(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise Failed(f"invalid number '{text}'")
    factor = FACTORS.get(text[-1], 1)
    return int(text.rstrip("bkmKMG")) * factor


def pieces(call: Call, paths: list[str], words: str = "can't open '{path}': {why}"):
    """The texts of files one after the other; of the input as it comes."""
    memory = call.memory
    while memory.setdefault("file", 0) < len(paths):
        path = paths[memory["file"]]
        if path == "-":
            text, is_end = call.read_some()
            memory["file"] += is_end
            yield text
            continue
        if call.path(path) in ZEROS:
            yield call.runner.endless(memory, call.path(path))
            call.task.busy += MANY_STEPS
            raise Blocked([])
        memory["file"] += 1
        found = call.world.read_file(call.path(path))
        if found is None:
            memory["failed"] = True
            call.complain(words.format(path=path, why=call.world.why))
        else:
            yield found


def cat(call: Call) -> int:
    options = call.options("nbvteAu")
    numbers = "b" in options or "n" in options
    call.wait_for_room()
    for text in pieces(call, options.rest or ["-"]):
        if numbers:
            text = numbered(call, text, only_full="b" in options)
        if any(letter in options for letter in "vteA"):
            text = visible(text, ends="e" in options or "A" in options, tabs="t" in options or "A" in options)
        call.out(text)
        call.wait_for_room()
    return call.failed


def numbered(call: Call, text: str, *, only_full: bool) -> str:
    found = []
    for line in text.splitlines(keepends=True):
        if only_full and line == "\n":
            found.append(line)
            continue
        call.memory["line"] = call.memory.get("line", 0) + 1
        found.append(f"{call.memory['line']:6}\t{line}")
    return "".join(found)


def visible(text: str, *, ends: bool, tabs: bool) -> str:
    def shown(found: re.Match) -> str:
        sign = found[0]
        if sign == "\t":
            return "^I" if tabs else sign
        return "^?" if sign == "\x7f" else "^" + chr(ord(sign) + 64)

    text = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", shown, text)
    return text.replace("\n", "$\n") if ends else text


def tee(call: Call) -> int:
    options = call.options("ai")
    memory = call.memory
    call.wait_for_room()
    if not memory.get("opened"):
        memory["opened"] = [call.runner.opened(call.task, ">>" if "a" in options else ">", path, call.descriptors) for path in options.rest]
        for number, reference in enumerate(memory["opened"]):
            call.descriptors[f"tee{number}"] = reference
    while True:
        text, is_end = call.read_some()
        call.out(text)
        for reference in memory["opened"]:
            call.runner.write(reference, text)
        if is_end:
            return 0
        call.wait_for_room()


def head(call: Call) -> int:
    options = counted_options(call)
    by_bytes, paths = "c" in options, options.rest or ["-"]
    most = number_of(options.get("c", options.get("n", "10")))
    if by_bytes and most >= 0 and len(paths) == 1:
        return head_of_bytes(call, paths[0], most)
    if most < 0 or paths != ["-"]:
        return head_of_files(call, options, paths, most, by_bytes)
    left = call.memory.setdefault("left", most)
    while left > 0:
        call.wait_for_room()
        text = call.runner.lines_there(call.descriptors.get("0"), left) or call.read_line()
        if not text:
            break
        call.out(text)
        left = call.memory["left"] = left - max(1, text.count("\n"))
    return 0


def head_of_bytes(call: Call, path: str, most: int) -> int:
    """`head -c N`, of an input without end too."""
    if path != "-" and "opened" not in call.memory:
        call.memory["opened"] = True
        call.descriptors["0"] = call.runner.opened(call.task, "<", path, call.descriptors, words="{path}: {why}")
    left = call.memory.setdefault("left", most)
    if left > MOST_KEPT and call.runner.filled(call.descriptors.get("0"), call.descriptors.get("1"), left):
        return 0
    while left > 0:
        call.wait_for_room()
        text, is_end = call.read_some()
        data = bytes_of(text)[:left]
        call.out(text_of(data))
        left = call.memory["left"] = left - len(data)
        if is_end:
            break
    return 0


def head_of_files(call: Call, options, paths: list[str], most: int, by_bytes: bool) -> int:
    found = call.texts(paths, words="{path}: {why}")
    for at, (path, text) in enumerate(found):
        if (len(paths) > 1 or "v" in options) and "q" not in options:
            call.out(f"{chr(10) if at else ''}==> {'standard input' if path == '-' else path} <==\n")
        call.out(text_of(bytes_of(text)[:most]) if by_bytes else "".join(text.splitlines(keepends=True)[:most]))
    return call.failed


def counted_options(call: Call, more: str = ""):
    """Options of head and tail; `-5` is `-n 5`."""
    words, has_plus = call.words, call.name == "tail" and len(call.words) > 1 and bool(re.fullmatch(r"\+[0-9]+", call.words[1]))
    fixed = [words[0]]
    for at, word in enumerate(words[1:], 1):
        is_value = words[at - 1] in ("-n", "-c")
        fixed.append(f"-n{word[1:]}" if re.fullmatch(r"-[0-9]+", word) and not is_value else f"-n{word}" if has_plus and at == 1 else word)
    call.words = fixed
    try:
        return call.options("qv" + more, "nc" + ("s" if call.name == "tail" else ""))
    finally:
        call.words = words


def tail(call: Call) -> int:
    options = counted_options(call, "fFr")
    by_bytes, paths = "c" in options, options.rest or ["-"]
    many = options.get("c", options.get("n", "10"))
    number_of(many)
    if "f" in options or "F" in options:
        return follow(call, options, paths, many, by_bytes)
    found = call.texts(paths)
    for at, (path, text) in enumerate(found):
        if (len(paths) > 1 or "v" in options) and "q" not in options:
            call.out(f"{chr(10) if at else ''}==> {'standard input' if path == '-' else path} <==\n")
        call.out(end_of(text, many, by_bytes))
    return call.failed


def end_of(text: str, many: str, by_bytes: bool) -> str:
    """The last so many, or with a plus sign from that one on, counted from 1."""
    parts = bytes_of(text) if by_bytes else text.splitlines(keepends=True)
    number = abs(number_of(many))
    found = parts[max(0, number - 1) :] if many.startswith("+") else parts[len(parts) - number :] if number < len(parts) else parts
    return text_of(found) if by_bytes else "".join(found)


def follow(call: Call, options, paths: list[str], many: str, by_bytes: bool) -> int:
    """`tail -f`: what is added is looked for each second (`-s`)."""
    memory, by_name = call.memory, "F" in options
    nap = duration_ms(options.get("s", "1")) or 1_000
    if paths == ["-"]:
        text, is_end = call.read_some()
        call.out(text)
        raise Blocked(["ever"] if is_end else ["pipe", call.descriptors.get("0", "").rpartition(" ")[2]])
    seen = memory.setdefault("seen", {})
    for path in paths:
        text = call.world.read_file(call.path(path))
        if path not in seen:
            if text is None:
                call.complain(f"can't open '{path}': {call.world.why}")
                memory["failed"] = True
            if text is None and not by_name:
                seen[path] = -1
                continue
            shown = end_of(text or "", many, by_bytes)
        elif seen[path] < 0 or text is None:
            continue
        else:
            shown = text[seen[path] :] if len(text) >= seen[path] else text
        if shown and len(paths) > 1 and memory.get("shown") != path and "q" not in options:
            call.out(f"{chr(10) if memory.get('shown') else ''}==> {path} <==\n")
            memory["shown"] = path
        seen[path] = len(text or "")
        call.out(shown)
    if all(place < 0 for place in seen.values()):
        call.complain("no files")
        return 1
    call.runner.process.looped = True
    raise Blocked(["until", call.world.now_ms + nap])


def count(call: Call) -> int:
    options = call.options("lwcmL")
    wanted = [letter for letter in "lwcmL" if letter in options] or ["l", "w", "c"]
    wanted = [letter for letter in "lwmcL" if letter in wanted]
    totals = dict.fromkeys(wanted, 0)
    found = call.texts(options.rest, words="{path}: {why}")
    rows = ""
    for path, text in found:
        lines = text.split("\n")
        numbers = {"l": len(lines) - 1, "w": len(text.split()), "c": len(bytes_of(text)), "m": len(text), "L": max(map(len, lines))}
        rows += counts(numbers, wanted, len(options.rest)) + (f" {path}" if options.rest else "") + "\n"
        for letter in wanted:
            totals[letter] = max(totals[letter], numbers[letter]) if letter == "L" else totals[letter] + numbers[letter]
    if len(options.rest) > 1:
        rows += counts(totals, wanted, 2) + " total\n"
    call.out(rows)
    return call.failed


def counts(numbers: dict[str, int], wanted: list[str], files: int) -> str:
    return str(numbers[wanted[0]]) if len(wanted) == 1 and files < 2 else " ".join(f"{numbers[letter]:9}" for letter in wanted)


def sequence(call: Call) -> int:
    words, separator, pads = call.arguments, "\n", False
    while (words and words[0] in ("-w", "-s")) or (words[:1] and words[0].startswith("-s")):
        pads = pads or words[0] == "-w"
        if words[0] == "-s":
            separator, words = words[1] if len(words) > 1 else "", words[1:]
        elif words[0].startswith("-s"):
            separator = words[0][2:]
        words = words[1:]
    if not 1 <= len(words) <= 3:
        raise Usage
    for word in words:
        if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", word):
            raise Failed(f"invalid number '{word}'")
    first, step, last = words if len(words) == 3 else ["1", "1", words[0]] if len(words) == 1 else [words[0], "1", words[1]]
    places = max(len(word.partition(".")[2]) for word in (first, step))
    scale = 10**places
    start, by, end = (round(float(word) * scale) for word in (first, step, last))
    if not by:
        by, end = (1, end) if start <= end else (-1, end)
    if end - start > MOST_NUMBERS * by if by > 0 else start - end > MOST_NUMBERS * -by:
        end = start + by * MOST_NUMBERS
    width = max(len(form(start, scale, places)), len(form(end, scale, places))) if pads else 0
    at = call.memory.setdefault("at", start)
    while at <= end if by > 0 else at >= end:
        call.wait_for_room()
        block = range(at, min(end, at + by * 2_000) + 1, by) if by > 0 else range(at, max(end, at + by * 2_000) - 1, by)
        text = separator.join(form(number, scale, places).zfill(width) for number in block)
        call.out((separator if at != start else "") + text)
        at = call.memory["at"] = block[-1] + by
        if call.runner.charged > MANY_STEPS:
            raise Blocked([])
    if start <= end if by > 0 else start >= end:
        call.out("\n")
    return 0


def form(number: int, scale: int, places: int) -> str:
    if not places:
        return str(number)
    sign, number = ("-" if number < 0 else ""), abs(number)
    return f"{sign}{number // scale}.{number % scale:0{places}}"


def yes(call: Call) -> int:
    """Says the same for ever: some thousand characters at a time, each time a step."""
    line = (" ".join(call.arguments) or "y") + "\n"
    call.wait_for_room()
    call.out(line * max(1, 4_096 // len(line)))
    call.task.busy += MANY_STEPS
    raise Blocked([])


def reversed_lines(call: Call) -> int:
    for _, text in call.texts(call.options("").rest, words="{path}: {why}"):
        call.out("".join(line + "\n" for line in reversed(lines_of(text))))
    return call.failed


def reversed_signs(call: Call) -> int:
    for _, text in call.texts(call.options("").rest):
        call.out("".join(line[::-1] + "\n" for line in lines_of(text)))
    return call.failed


def number_lines(call: Call) -> int:
    options = call.options("p", "bisvw")
    kind, width, number = options.get("b", "t"), number_of(options.get("w", "6")), number_of(options.get("v", "1"))
    output = ""
    for _, text in call.texts(options.rest):
        for line in lines_of(text):
            if kind == "a" or (kind == "t" and line):
                output += f"{number:{min(width, 100)}}{options.get('s', chr(9))}{line}\n"
                number += number_of(options.get("i", "1"))
            else:
                output += " " * (min(width, 100) + len(options.get("s", "\t"))) + line + "\n"
    call.out(output)
    return call.failed


TEXTS = {"cat": cat, "tee": tee, "head": head, "tail": tail, "wc": count, "seq": sequence,
         "yes": yes, "tac": reversed_lines, "rev": reversed_signs, "nl": number_lines}  # fmt: skip
