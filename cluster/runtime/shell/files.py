"""Owns the tools that make, move and remove files and folders, with busybox's messages. What is shown of files: listing.py."""

from __future__ import annotations

import posixpath
import re

from .call import Call, Failed, Usage

SAME = "'{source}' and '{target}' are the same file"


def touch(call: Call) -> int:
    options = call.options("cham", "dtr")
    if not options.rest:
        raise Usage
    for name in options.rest:
        path = call.path(name)
        if call.world.look(path) is not None:
            done = call.world.change(path, changed_ms=call.world.now_ms)
        else:
            done = "c" in options or call.world.put_file(path, "", mode=0o666 & ~call.task.mask) if has_folder(call, path) else False
        if not done:
            call.memory["failed"] = True
            call.complain(f"{name}: {call.world.why}")
    return call.failed


def has_folder(call: Call, path: str) -> bool:
    """Whether the folder of a file is there; world.why says it is not."""
    return call.world.look(posixpath.dirname(path)) is not None


def make_folders(call: Call) -> int:
    options = call.options("p", "m", longs={"parents": "p", "mode": "m"})
    if not options.rest:
        raise Usage
    mode = new_mode(options["m"], 0o777, is_folder=True) if "m" in options else 0o777 & ~call.task.mask
    status = 0
    for name in options.rest:
        path = call.path(name)
        if "p" not in options and call.world.look(path, follow=False) is not None:
            status = call.complain(f"can't create directory '{name}': File exists")
        elif "p" not in options and not call.world.is_folder(posixpath.dirname(path)):
            parent = call.world.look(posixpath.dirname(path))
            why = "No such file or directory" if parent is None else "Not a directory"
            status = call.complain(f"can't create directory '{name}': {why}")
        elif not call.world.make_folder(path, mode=mode):
            status = call.complain(f"can't create directory '{name}': {call.world.why}")
    return status


def remove_folders(call: Call) -> int:
    options = call.options("p", longs={"parents": "p", "ignore-fail-on-non-empty": "i"})
    if not options.rest:
        raise Usage
    status = 0
    for name in options.rest:
        while name:
            if not call.world.remove_folder(call.path(name)):
                if not ("i" in options and call.world.why == "Directory not empty"):
                    status = call.complain(f"'{name}': {call.world.why}")
                break
            name = posixpath.dirname(name.rstrip("/")) if "p" in options else ""
    return status


def remove(call: Call) -> int:
    options = call.options("irRf", longs={"force": "f", "recursive": "r"})
    if not options.rest and "f" not in options:
        raise Usage
    status = 0
    for name in options.rest:
        path = call.path(name)
        node = call.world.look(path, follow=False)
        if name.rstrip("/").rpartition("/")[2] in (".", ".."):
            status = call.complain("can't remove '.' or '..'")
        elif node is None:
            status = status if "f" in options else call.complain(f"can't remove '{name}': No such file or directory")
        elif node.kind == "folder" and "r" not in options and "R" not in options:
            status = call.complain(f"'{name}' is a directory")
        else:
            status = removed(call, name, path, node.kind == "folder") or status
    return status


def removed(call: Call, name: str, path: str, is_folder: bool) -> int:
    world = call.world
    if not is_folder:
        return 0 if world.remove_file(path) else call.complain(f"can't remove '{name}': {world.why}")
    status = 0
    for inner in sorted(world.paths(path.rstrip("/") + "/"), key=lambda each: -each.rstrip("/").count("/")):
        bare = inner.rstrip("/")
        done = bare == path or (world.remove_folder(bare) if inner.endswith("/") else world.remove_file(bare))
        if not done:
            status = call.complain(f"can't remove '{name}{bare[len(path) :]}': {world.why}")
    if not world.remove_folder(path):
        return status or call.complain(f"can't remove '{name}': {world.why}")
    return status


def target_of(call: Call, source: str, target: str, no_folder: bool) -> str:
    """Where a file goes that is copied or moved: into a folder under its own name."""
    return posixpath.join(target, posixpath.basename(source.rstrip("/"))) if not no_folder and call.world.is_folder(call.path(target)) else target


def to_target(call: Call, options, act) -> int:
    """Do act(call, source, target, options) with each source that was named; the last name, or that of -t, is where they go."""
    names = [*options.rest, *options.values.get("t", [])]
    if len(names) < 2:
        raise Usage
    *sources, target = names
    if len(sources) > 1 and not call.world.is_folder(call.path(target)):
        raise Failed(f"target '{target}' is not a directory")
    status = 0
    for source in sources:
        status = act(call, source, target_of(call, source, target, "T" in options), options) or status
    return status


def copy(call: Call) -> int:
    options = call.options("arRPLHpfinlsTuvd", "t", longs={"recursive": "r", "archive": "a", "parents": "p", "force": "f", "no-clobber": "n"})
    return to_target(call, options, copied)


def copied(call: Call, source: str, target: str, options) -> int:
    """Copy a file, a link, or a folder with all in it."""
    world, full, into = call.world, call.path(source), call.path(target)
    keeps_links = any(letter in options for letter in "aPdrR") and "L" not in options  # -r implies -d
    recursive = any(letter in options for letter in "arR")
    node = world.look(full, follow=not keeps_links)
    if node is None:
        return call.complain(f"can't stat '{source}': No such file or directory")
    if full == into or (world.look(into) is not None and world.resolve(full) == world.resolve(into)):
        return call.complain(SAME.format(source=source, target=target))
    if node.kind == "folder":
        return copied_folder(call, source, target, options) if recursive else call.complain(f"omitting directory '{source}'")
    return copied_file(call, source, target, node, options)


def copied_file(call: Call, source: str, target: str, node, options) -> int:
    world, into = call.world, call.path(target)
    if "n" in options and world.look(into) is not None:
        return 0
    if node.kind == "link":
        if world.look(into, follow=False) is not None:
            world.remove_file(into)
        return 0 if world.make_link(node.text, into) else call.complain(f"can't create symlink '{target}': {world.why}")
    if world.read_file(call.path(source)) is None:
        return call.complain(f"can't open '{source}': {world.why}")
    if not world.is_folder(posixpath.dirname(into)):
        return call.complain(f"can't create '{target}': No such file or directory")
    keeps = "p" in options or "a" in options
    mode = None if world.look(into) is not None and not keeps else node.mode if keeps else node.mode & ~call.task.mask
    if not world.put_file(into, node.text, zeros=node.zeros, mode=mode):
        why = world.why
        return call.complain("write error: No space left on device" if why == "No space left on device" else f"can't create '{target}': {why}")
    if keeps:
        world.change(into, changed_ms=node.changed_ms)
    return 0


def copied_folder(call: Call, source: str, target: str, options) -> int:
    world, full, into = call.world, call.path(source), call.path(target)
    if into.startswith(full.rstrip("/") + "/"):
        return call.complain(f"recursion detected, omitting directory '{target}'")
    if not world.make_folder(into):
        return call.complain(f"can't create directory '{target}': {world.why}")
    status = 0
    for name in world.names(full):
        status = copied(call, posixpath.join(source, name), posixpath.join(target, name), options) or status
    return status


def move(call: Call) -> int:
    options = call.options("finTuv", "t", longs={"force": "f", "no-clobber": "n"})
    return to_target(call, options, moved)


def moved(call: Call, source: str, target: str, options) -> int:
    world, full, into = call.world, call.path(source), call.path(target)
    node = world.look(full, follow=False)
    if node is None:
        return call.complain(f"can't rename '{source}': No such file or directory")
    if full == into:
        return call.complain(SAME.format(source=source, target=target))
    if "n" in options and world.look(into) is not None:
        return 0
    if node.kind != "folder":
        return 0 if world.move(full, into) else call.complain(f"can't rename '{source}': {world.why}")
    if into.startswith(full.rstrip("/") + "/"):
        return call.complain(f"can't rename '{source}': Invalid argument")
    there = world.look(into, follow=False)
    if there is not None and (there.kind != "folder" or world.names(into)):
        why = "Not a directory" if there.kind != "folder" else "Directory not empty"
        return call.complain(f"can't rename '{source}': {why}")
    if not world.make_folder(into, mode=node.mode):
        return call.complain(f"can't rename '{source}': {world.why}")
    status = 0
    for name in world.names(full):
        status = moved(call, posixpath.join(source, name), posixpath.join(target, name), options) or status
    if not status and not world.remove_folder(full):
        return call.complain(f"can't rename '{source}': {world.why}")
    return status


def link(call: Call) -> int:
    """`ln`: links by name; a hard link becomes a copy, which is said to be simplified in docs/fidelity.md."""
    options = call.options("sfnbvTr", longs={"symbolic": "s", "force": "f", "no-dereference": "n"})
    if not options.rest:
        raise Usage
    sources, target = (options.rest, ".") if len(options.rest) == 1 else (options.rest[:-1], options.rest[-1])
    status, world = 0, call.world
    for source in sources:
        node = world.look(call.path(target), follow="n" not in options)
        is_folder = node is not None and node.kind == "folder" and "T" not in options
        name = posixpath.join(target, posixpath.basename(source.rstrip("/"))) if is_folder else target
        status = linked(call, source, name, options) or status
    return status


def linked(call: Call, source: str, name: str, options) -> int:
    world, into = call.world, call.path(name)
    if world.look(into, follow=False) is not None:
        if "f" not in options:
            return call.complain(f"{name}: File exists")
        world.remove_file(into)
    if "s" in options:
        return 0 if world.make_link(source, into) else call.complain(f"{name}: {world.why}")
    node = world.look(call.path(source))
    if node is None:
        return call.complain(f"{source}: No such file or directory")
    if node.kind == "folder":
        return call.complain(f"{name}: Operation not permitted")
    return 0 if world.put_file(into, node.text, zeros=node.zeros, mode=node.mode) else call.complain(f"{name}: {world.why}")


def unlink(call: Call) -> int:
    options = call.options("")
    if len(options.rest) != 1:
        raise Usage
    return 0 if call.world.remove_file(call.path(options.rest[0])) else call.complain(f"can't remove file '{options.rest[0]}': {call.world.why}")


def make_temporary(call: Call) -> int:
    options = call.options("dqtu", "p")
    template = options.rest[0] if options.rest else "tmp.XXXXXX"
    stem = template.rstrip("X")
    if len(template) - len(stem) < 6:
        raise Failed("Invalid argument")
    folder = options.get("p") or (call.environment.get("TMPDIR") or "/tmp" if not options.rest or "t" in options or "p" in options else "")
    for number in range(10_000):
        name = posixpath.join(folder, stem + letters(call.world.now_ms * 7919 + call.task.pid * 104729 + number))
        if call.world.look(call.path(name)) is None:
            break
    if "u" not in options:
        done = call.world.make_folder(call.path(name), mode=0o700) if "d" in options else call.world.put_file(call.path(name), "", mode=0o600)
        if not done:
            raise Failed(f"(null): {call.world.why}")
    call.out(name + "\n")
    return 0


def letters(number: int) -> str:
    """Six letters of a number."""
    signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    found = ""
    number = (number * 2654435761) % 2**61
    for _ in range(6):
        number, rest = divmod(number, len(signs))
        found += signs[rest]
    return found


def change_mode(call: Call) -> int:
    words = call.arguments
    recursive = any(word in ("-R", "-Rf", "-fR", "--recursive") for word in words[:1])
    words = words[1:] if words[:1] and words[0] in ("-R", "-Rf", "-fR", "-f", "-v", "-c", "--recursive") else words
    if len(words) < 2:
        raise Usage
    status = 0
    for name in words[1:]:
        status = (
            on_all(call, name, recursive, lambda path, node: call.world.change(path, mode=new_mode(words[0], node.mode, node.kind == "folder")))
            or status
        )
    return status


def on_all(call: Call, name: str, recursive: bool, change) -> int:
    """Do something to a file, and to all below it."""
    world, path = call.world, call.path(name)
    paths = [path, *(each.rstrip("/") for each in world.paths(path.rstrip("/") + "/") if each.rstrip("/") != path)] if recursive else [path]
    status = 0
    for each in paths:
        node = world.look(each)
        if node is None:
            status = call.complain(f"{name}: No such file or directory") if each == path else status
        elif not change(each, node):
            status = call.complain(f"{name}{each[len(path) :]}: {world.why}")
    return status


def new_mode(text: str, mode: int, is_folder: bool = False) -> int:
    """A mode as `chmod` is told it: 644 or u+x,go-w."""
    if re.fullmatch("[0-7]{1,4}", text):
        return int(text, 8)
    for part in text.split(","):
        found = re.fullmatch(r"([ugoa]*)((?:[-+=][rwxXst]*)+)", part)
        if not found:
            raise Failed(f"invalid mode '{text}'")
        who = found[1] or "a"
        who = "ugo" if "a" in who else who
        for sign, what in re.findall(r"([-+=])([rwxXst]*)", found[2]):
            for each in who:
                shift = {"u": 6, "g": 3, "o": 0}[each]
                bits = sum({"r": 4, "w": 2, "x": 1, "X": 1 if is_folder or mode & 0o111 else 0}.get(letter, 0) for letter in what) << shift
                bits |= 0o1000 if "t" in what else 0
                mode = mode | bits if sign == "+" else mode & ~bits if sign == "-" else (mode & ~(7 << shift)) | bits
    return mode


def change_owner(call: Call) -> int:
    options = call.options("RhLHPcvf", longs={"recursive": "R"})
    if len(options.rest) < 2:
        raise Usage
    who, status = options.rest[0], 0
    user, _colon, group = who.partition(":") if call.name == "chown" else ("", ":", who)
    owner, owning = identity(user, "user") if user else None, identity(group, "group") if group else None
    for name in options.rest[1:]:
        status = on_all(call, name, "R" in options, lambda path, node: call.world.change(path, owner=owner, group=owning)) or status
    return status


def identity(name: str, kind: str) -> int:
    if re.fullmatch("[0-9]{1,9}", name):
        return int(name)
    if name != "root":
        raise Failed(f"unknown {kind} {name}")
    return 0


def truncate(call: Call) -> int:
    options = call.options("c", "s")
    if "s" not in options or not options.rest:
        raise Usage
    from .texts import number_of

    size = number_of(options["s"])
    for name in options.rest:
        node = call.world.look(call.path(name))
        if node is None and "c" in options:
            continue
        text = node.text if node is not None else ""
        kept = text[:size]
        if not call.world.put_file(call.path(name), kept, zeros=max(0, size - len(kept))):
            raise Failed(f"{name}: open: {call.world.why}")
    return 0


def make_node(call: Call) -> int:
    """`mknod [-m MODE] NAME b|c|u MAJOR MINOR`. Source: busybox coreutils/mknod.c."""
    options = call.options("", "m")
    kinds = {"b": "block", "c": "character", "u": "character"}
    if options.rest[1:] == ["p"]:
        raise Failed("pipes with names are not simulated")
    if len(options.rest) != 4 or options.rest[1] not in kinds:
        raise Usage
    name, letter, *numbers = options.rest
    for number in numbers:
        if not re.fullmatch("[0-9]{1,7}", number):
            raise Failed(f"invalid number '{number}'")
    mode = new_mode(options["m"], 0o666, is_folder=False) if "m" in options else 0o666 & ~call.task.mask
    if not call.world.make_special(call.path(name), kinds[letter], mode=mode, device=", ".join(str(int(number)) for number in numbers)):
        raise Failed(f"{name}: {call.world.why}")
    return 0


FILES = {"touch": touch, "mkdir": make_folders, "mknod": make_node, "rmdir": remove_folders, "rm": remove, "cp": copy, "mv": move, "ln": link,
         "unlink": unlink, "mktemp": make_temporary, "chmod": change_mode, "chown": change_owner, "chgrp": change_owner,
         "truncate": truncate}  # fmt: skip
