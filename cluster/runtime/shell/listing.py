"""Owns the tools that show what files there are: ls, find, stat, du, df, which, readlink, realpath, basename, dirname. Source: busybox 1.35."""

from __future__ import annotations

import posixpath
import re

from . import patterns
from .call import Call, Failed, Usage
from .dates import date_text, unix_of

KINDS = {"file": "-", "folder": "d", "link": "l", "block": "b", "character": "c", "socket": "s", "fifo": "p"}
WORDS = {"folder": "directory", "link": "symbolic link", "block": "block special file", "character": "character special file",
         "socket": "socket", "fifo": "fifo"}  # fmt: skip
MARKS = {"folder": "/", "link": "@", "socket": "=", "fifo": "|"}
FOLDER_BYTES = 4096


def mode_text(node) -> str:
    """`-rw-r--r--`."""
    bits = "".join(sign if node.mode >> (8 - at) & 1 else "-" for at, sign in enumerate("rwxrwxrwx"))
    if node.mode & 0o2000:
        bits = bits[:5] + ("s" if node.mode & 0o10 else "S") + bits[6:]
    if node.mode & 0o1000:
        bits = bits[:-1] + ("t" if node.mode & 1 else "T")
    return KINDS[node.kind] + bits


def owner_text(number: int) -> str:
    return "root" if number == 0 else str(number)


def size_of(node) -> int:
    return FOLDER_BYTES if node.kind == "folder" else node.size


def blocks_of(node) -> int:
    """KiB that a file takes."""
    return 0 if node.kind == "link" else 4 * -(-size_of(node) // 4096)


def human(size: int) -> str:
    if size < 1024:
        return str(size)
    for unit in "KMGT":
        size_scaled = size / 1024
        if size_scaled < 1024 or unit == "T":
            return f"{size_scaled:.1f}{unit}"
        size = size // 1024
    return str(size)


def list_files(call: Call) -> int:
    options = call.options("1AaCxdLHRFplinshrSXvctukgo", "w", longs={"all": "a", "color": "F", "full-time": "l"})
    names, status = options.rest or ["."], 0
    folders, files = [], []
    for name in names:
        node = call.world.look(call.path(name), follow="l" not in options or name.endswith("/")) or call.world.look(call.path(name), follow=False)
        if node is None:
            status = call.complain(f"{name}: No such file or directory")
        elif node.kind == "folder" and "d" not in options:
            folders.append(name)
        else:
            files.append((name, node))
    output = entries(call, options, files)
    recursive, titled = "R" in options, len(names) > 1 or "R" in options
    waiting = [name for name, _ in ordered(options, [(name, call.world.look(call.path(name))) for name in folders])]
    while waiting:
        name = waiting.pop(0)
        inside = contents(call, name, options)
        output += ("\n" if output else "") + f"{name}:\n" if titled else ""
        if "l" in options or "s" in options:
            output += f"total {sum(blocks_of(node) for _, node in inside)}\n"
        output += entries(call, options, inside)
        if recursive:
            waiting = [posixpath.join(name, each) for each, node in inside if node.kind == "folder" and each not in (".", "..")] + waiting
        if len(output) > 1024 * 1024:
            break
    call.out(output)
    return status


def contents(call: Call, name: str, options) -> list[tuple]:
    path, world = call.path(name), call.world
    names = world.names(path)
    if "a" not in options and "A" not in options:
        names = [each for each in names if not each.startswith(".")]
    found = [(each, world.look(posixpath.join(path, each), follow=False)) for each in names]
    if "a" in options:
        found += [(".", world.look(path)), ("..", world.look(posixpath.dirname(path)))]
    return ordered(options, [(each, node) for each, node in found if node is not None])


def ordered(options, found: list[tuple]) -> list[tuple]:
    found = sorted(found, key=lambda each: each[0])
    if "S" in options:
        found = sorted(found, key=lambda each: -size_of(each[1]))
    elif "t" in options:
        found = sorted(found, key=lambda each: -each[1].changed_ms)
    return found[::-1] if "r" in options else found


def entries(call: Call, options, found: list[tuple]) -> str:
    rows = []
    for name, node in found:
        mark = MARKS.get(node.kind, "*" if node.mode & 0o111 and "F" in options else "") if "F" in options else \
            "/" if "p" in options and node.kind == "folder" else ""  # fmt: skip
        number = f"{inode(call, name):7} " if "i" in options else ""
        blocks = f"{blocks_of(node):6} " if "s" in options else ""
        rows.append(number + blocks + (long_row(call, options, name, node) if "l" in options or "n" in options else name) + mark + "\n")
    return "".join(rows)


def inode(call: Call, name: str) -> int:
    return sum(ord(sign) * 31**at for at, sign in enumerate(call.path(name)[-8:])) % 900_000 + 100_000


def long_row(call: Call, options, name: str, node) -> str:
    moment = unix_of(call.world, node.changed_ms)
    form = "%b %e %H:%M" if abs(call.world.unix_s - moment) < 15_552_000 else "%b %e  %Y"
    owner, group = (str(node.owner), str(node.group)) if "n" in options else (owner_text(node.owner), owner_text(node.group))
    size = f"{human(size_of(node)):>7}" if "h" in options else f"{size_of(node):9}"
    if node.device:
        major, minor = node.device.split(", ")
        size = f"{major:>4}, {minor:>3}"
    links = 2 if node.kind == "folder" else 1
    arrow = f" -> {node.text}" if node.kind == "link" else ""
    return f"{mode_text(node)} {links:4} {owner:<8} {group:<8} {size} {date_text(moment, form)} {name}{arrow}"


def status(call: Call) -> int:
    options = call.options("ltf", "c")
    if not options.rest:
        raise Usage
    result = 0
    for name in options.rest:
        node = call.world.look(call.path(name), follow="L" in options)
        node = node or call.world.look(call.path(name), follow=False)
        if node is None:
            result = call.complain(f"can't stat '{name}': No such file or directory")
            continue
        call.out((formatted(call, options["c"], name, node) if "c" in options else stat_text(call, name, node)) + "\n")
    return result


def formatted(call: Call, form: str, name: str, node) -> str:
    kind = WORDS.get(node.kind, "regular file" if node.size else "regular empty file")
    moment = unix_of(call.world, node.changed_ms)
    values = {"n": name, "s": str(size_of(node)), "a": f"{node.mode:o}", "A": mode_text(node), "u": str(node.owner), "U": owner_text(node.owner),
              "g": str(node.group), "G": owner_text(node.group), "F": kind, "Y": str(moment), "Z": str(moment), "X": str(moment),
              "y": date_text(moment, "%Y-%m-%d %H:%M:%S.000000000 +0000"), "i": str(inode(call, name)), "h": "1", "b": str(2 * blocks_of(node)),
              "B": "512", "N": f"'{name}' -> '{node.text}'" if node.kind == "link" else f"{name}", "%": "%", "f": f"{node.mode:x}"}  # fmt: skip
    return re.sub(r"%(.)", lambda found: values.get(found[1], found[0]), form)


def stat_text(call: Call, name: str, node) -> str:
    kind = formatted(call, "%F", name, node)
    shown = formatted(call, "%N", name, node) if node.kind == "link" else name
    moment = formatted(call, "%y", name, node)
    return (
        f"  File: {shown}\n  Size: {size_of(node):<10}\tBlocks: {2 * blocks_of(node):<10} IO Block: 4096   {kind}\n"
        f"Device: 50h/80d\tInode: {inode(call, name):<10}  Links: {2 if node.kind == 'folder' else 1}\n"
        f"Access: ({node.mode:04o}/{mode_text(node)})  Uid: ({node.owner:5}/{owner_text(node.owner):>8})   "
        f"Gid: ({node.group:5}/{owner_text(node.group):>8})\nAccess: {moment}\nModify: {moment}\nChange: {moment}"
    )


def disk_usage(call: Call) -> int:
    options = call.options("aHLdclsxhmk", "d")
    for name in options.rest or ["."]:
        path = call.path(name)
        if call.world.look(path) is None:
            call.memory["failed"] = True
            call.complain(f"{name}: No such file or directory")
            continue
        lead = path.rstrip("/")
        inside = [each for each in call.world.paths(lead + "/") if each.rstrip("/") != path]
        sizes = {each.rstrip("/"): blocks_of(node) for each in [path, *inside] if (node := call.world.look(each.rstrip("/") or "/", follow=False))}
        folders = [path] if "s" in options else [*[each.rstrip("/") for each in inside if each.endswith("/") or "a" in options], path]
        for folder in sorted(folders, key=lambda each: (-each.count("/"), each)):
            total = sum(size for each, size in sizes.items() if each == folder or each.startswith(folder.rstrip("/") + "/"))
            shown = posixpath.join(name, folder[len(lead) + 1 :]) if folder != path else name
            call.out(f"{human(total * 1024) if 'h' in options else total // 1024 if 'm' in options else total}\t{shown}\n")
    return call.failed


def find(call: Call) -> int:
    """`find [PATH…] [TESTS] [ACTIONS]`."""
    words = call.arguments
    at = next((at for at, word in enumerate(words) if word[0:1] in ("-", "(", "!") and len(word) > 0 and word not in ("-H", "-L")), len(words))
    paths = [word for word in words[:at] if word not in ("-H", "-L")] or ["."]
    search = Find(call, words[at:])
    for path in paths:
        search.walk(path)
    search.finish()
    return call.failed


class Find:
    """One run of find. Commands that it runs are counted, so that it can go on after each."""

    def __init__(self, call: Call, words: list[str]):
        self.call, self.words, self.at = call, words, 0
        self.least, self.most, self.depth_first = 0, 10**6, False
        self.acts = False
        self.ran = 0
        self.gathered: list[tuple[list[str], list[str]]] = []
        self.output: list[str] = []
        self.tree = self.either() if words else ("yes",)
        if self.at < len(words):
            raise Failed(f"unrecognized: {words[self.at]}")

    # -- reading -----------------------------------------------------------------------------------------------------

    def either(self) -> tuple:
        left = self.both()
        while self.at < len(self.words) and self.words[self.at] in ("-o", "-or"):
            self.at += 1
            left = ("or", left, self.both())
        return left

    def both(self) -> tuple:
        left = self.test()
        while self.at < len(self.words) and self.words[self.at] not in ("-o", "-or", ")"):
            self.at += self.words[self.at] in ("-a", "-and")
            left = ("and", left, self.test())
        return left

    def value(self) -> str:
        self.at += 1
        if self.at > len(self.words):
            raise Failed(f"option requires an argument: {self.words[-1]}")
        return self.words[self.at - 1]

    def test(self) -> tuple:
        if self.at >= len(self.words):
            raise Failed("missing argument")
        word = self.value()
        if word in ("!", "-not"):
            return ("not", self.test())
        if word == "(":
            inner = self.either()
            self.at += 1
            return inner
        if word in ("-name", "-iname", "-path", "-ipath", "-wholename"):
            pattern = self.value()
            return (word[1:].removeprefix("i"), pattern.lower() if word[1] == "i" else pattern, word[1] == "i")
        if word in ("-type", "-size", "-mmin", "-mtime", "-perm", "-user", "-newer", "-regex", "-maxdepth", "-mindepth", "-group"):
            value = self.value()
            if word in ("-maxdepth", "-mindepth"):
                if not value.isdigit():
                    raise Failed(f"invalid number '{value}'")
                self.most, self.least = (int(value[:6]), self.least) if word == "-maxdepth" else (self.most, int(value[:6]))
                return ("yes",)
            return (word[1:], value)
        if word in ("-empty", "-print", "-print0", "-delete", "-prune", "-quit", "-depth", "-xdev", "-true", "-follow"):
            self.acts = self.acts or word in ("-print", "-print0", "-delete", "-quit")
            self.depth_first = self.depth_first or word in ("-delete", "-depth")
            return (word[1:],)
        if word in ("-exec", "-ok"):
            self.acts = True
            return self.command()
        raise Failed(f"unrecognized: {word}")

    def command(self) -> tuple:
        words = []
        while self.at < len(self.words) and self.words[self.at] != ";":
            if self.words[self.at] == "+" and words and words[-1] == "{}":
                self.at += 1
                return ("gather", words[:-1], len(self.gathered), self.gathered.append((words[:-1], [])))
            words.append(self.words[self.at])
            self.at += 1
        if self.at >= len(self.words):
            raise Failed("-exec requires an argument")
        self.at += 1
        return ("exec", words)

    # -- walking ------------------------------------------------------------------------------------------------------

    def walk(self, path: str) -> None:
        world = self.call.world
        node = world.look(self.call.path(path), follow=path.endswith("/"))
        if node is None:
            if path not in self.call.memory.setdefault("told", []):
                self.call.memory["told"].append(path)
                self.call.memory["failed"] = True
                self.call.complain(f"{path}: No such file or directory")
            return
        self.visit(path, node, 0)

    def visit(self, path: str, node, depth: int) -> None:
        self.pruned = False
        if not self.depth_first and self.least <= depth:
            self.judge(path, node)
        if node.kind == "folder" and depth < self.most and not self.pruned:
            for name in self.call.world.names(self.call.path(path)):
                inner = posixpath.join(path, name)
                found = self.call.world.look(self.call.path(inner), follow=False)
                if found is not None:
                    self.visit(inner, found, depth + 1)
        if self.depth_first and self.least <= depth:
            self.judge(path, node)

    def judge(self, path: str, node) -> None:
        if self.holds(self.tree, path, node) and not self.acts:
            self.output.append(path + "\n")

    def holds(self, tree: tuple, path: str, node) -> bool:
        kind = tree[0]
        if kind == "or":
            return self.holds(tree[1], path, node) or self.holds(tree[2], path, node)
        if kind == "and":
            return self.holds(tree[1], path, node) and self.holds(tree[2], path, node)
        if kind == "not":
            return not self.holds(tree[1], path, node)
        return getattr(self, "is_" + kind, self.is_yes)(path, node, *tree[1:])

    def is_yes(self, path: str, node, *_) -> bool:
        return True

    def is_name(self, path: str, node, pattern: str, ignores: bool) -> bool:
        name = posixpath.basename(path.rstrip("/")) or path
        return patterns.matches(pattern, name.lower() if ignores else name)

    def is_path(self, path: str, node, pattern: str, ignores: bool) -> bool:
        return patterns.matches(pattern, path.lower() if ignores else path)

    is_wholename = is_path

    def is_regex(self, path: str, node, pattern: str) -> bool:
        from .regexes import compiled, guarded

        return bool(guarded(compiled(pattern), path).fullmatch(path))

    def is_type(self, path: str, node, letter: str) -> bool:
        return KINDS[node.kind].replace("-", "f") in letter

    def is_empty(self, path: str, node) -> bool:
        return not self.call.world.names(self.call.path(path)) if node.kind == "folder" else node.kind == "file" and node.size == 0

    def is_size(self, path: str, node, text: str) -> bool:
        found = re.fullmatch(r"([-+]?)([0-9]{1,12})([bckwMG]?)", text)
        if not found:
            raise Failed(f"invalid number '{text}'")
        unit = {"c": 1, "k": 1024, "w": 2, "M": 1024**2, "G": 1024**3}.get(found[3], 512)
        return compared(found[1], -(-size_of(node) // unit), int(found[2]))

    def is_mmin(self, path: str, node, text: str, unit_s: int = 60) -> bool:
        found = re.fullmatch(r"([-+]?)([0-9]{1,9})", text)
        if not found:
            raise Failed(f"invalid number '{text}'")
        return compared(found[1], (self.call.world.now_ms - node.changed_ms) // (unit_s * 1000), int(found[2]))

    def is_mtime(self, path: str, node, text: str) -> bool:
        return self.is_mmin(path, node, text, 86_400)

    def is_newer(self, path: str, node, other: str) -> bool:
        found = self.call.world.look(self.call.path(other))
        if found is None:
            raise Failed(f"{other}: No such file or directory")
        return node.changed_ms > found.changed_ms

    def is_perm(self, path: str, node, text: str) -> bool:
        found = re.fullmatch(r"([-/+]?)([0-7]{1,4})", text)
        if not found:
            raise Failed(f"invalid mode '{text}'")
        wanted = int(found[2], 8)
        return node.mode == wanted if not found[1] else node.mode & wanted == wanted if found[1] == "-" else bool(node.mode & wanted)

    def is_user(self, path: str, node, name: str) -> bool:
        return owner_text(node.owner) == name or str(node.owner) == name

    def is_group(self, path: str, node, name: str) -> bool:
        return owner_text(node.group) == name or str(node.group) == name

    def is_print(self, path: str, node) -> bool:
        self.output.append(path + "\n")
        return True

    def is_print0(self, path: str, node) -> bool:
        self.output.append(path + "\0")
        return True

    def is_prune(self, path: str, node) -> bool:
        self.pruned = True
        return True

    def is_delete(self, path: str, node) -> bool:
        full = self.call.path(path)
        done = self.call.world.remove_folder(full) if node.kind == "folder" else self.call.world.remove_file(full)
        if not done:
            self.call.memory["failed"] = True
            self.call.complain(f"{path}: {self.call.world.why}")
        return done

    def is_exec(self, path: str, node, words: list[str]) -> bool:
        command = [word.replace("{}", path) for word in words]
        memory = self.call.memory
        known = memory.setdefault("codes", [])
        self.ran += 1
        if memory.get("printed", 0) < self.ran:
            memory["printed"] = self.ran
            self.call.out("".join(self.output))
        self.output = []
        if self.ran > len(known):
            known.append(self.run(command, f"exec{self.ran}"))
        return known[self.ran - 1] == 0

    def run(self, command: list[str], key: str) -> int:
        reason, status = self.call.runner.why_not(self.call.task, command[0])
        if reason:
            raise Failed(f"{command[0]}: No such file or directory", status)
        return self.call.run(command, key=key)

    def is_gather(self, path: str, node, words: list[str], number: int, _) -> bool:
        self.gathered[number][1].append(path)
        return True

    def finish(self) -> None:
        if not self.call.memory.get("over"):
            self.call.memory["over"] = True
            self.call.out("".join(self.output))
        for number, (words, paths) in enumerate(self.gathered):
            if paths:
                self.run([*words, *paths], f"gather{number}")


def compared(sign: str, value: int, wanted: int) -> bool:
    return value > wanted if sign == "+" else value < wanted if sign == "-" else value == wanted


def which(call: Call) -> int:
    options = call.options("a")
    status = 0
    for name in options.rest:
        found = call.runner.executable(call.task, name) or (f"/bin/{name}" if "/" not in name and call.runner.is_known(name) else "")
        status = status if found else 1
        call.out(f"{found}\n" if found else "")
    return status


def read_link(call: Call) -> int:
    options = call.options("fnvse")
    if not options.rest:
        raise Usage
    name, newline = options.rest[0], "" if "n" in options else "\n"
    if "f" in options:
        path = call.world.resolve(call.path(name))
        if not call.world.is_folder(posixpath.dirname(path)):
            return 1
        call.out(path + newline)
        return 0
    node = call.world.look(call.path(name), follow=False)
    if node is None or node.kind != "link":
        return 1
    call.out(node.text + newline)
    return 0


def real_path(call: Call) -> int:
    status = 0
    for name in call.options("").rest or ["."]:
        path = call.world.resolve(call.path(name))
        if call.world.look(posixpath.dirname(path)) is None:
            status = call.complain(f"{name}: No such file or directory")
        else:
            call.out(path + "\n")
    return status


def base_name(call: Call) -> int:
    options = call.options("a", "s")
    names = options.rest
    if not names or (len(names) > 2 and "a" not in options and "s" not in options):
        raise Usage
    suffix = options.get("s") or (names[1] if len(names) == 2 and "a" not in options and "s" not in options else "")
    for name in names if "a" in options or "s" in options else names[:1]:
        base = posixpath.basename(name.rstrip("/")) or ("/" if name.startswith("/") else "")
        call.out((base.removesuffix(suffix) if base != suffix else base) + "\n")
    return 0


def folder_name(call: Call) -> int:
    if len(call.arguments) != 1:
        raise Usage
    call.out((posixpath.dirname(call.arguments[0].rstrip("/") or call.arguments[0]) or ("/" if call.arguments[0].startswith("/") else ".")) + "\n")
    return 0


LISTING = {"ls": list_files, "find": find, "stat": status, "du": disk_usage, "which": which, "readlink": read_link, "realpath": real_path,
           "basename": base_name, "dirname": folder_name}  # fmt: skip
