"""Owns `id` and `whoami` of a shell: who the container's processes are. Only root has a name. The messages are busybox's."""

from __future__ import annotations

from .outcome import Finished

ROOT = "root"


def named(number: int) -> str:
    return f"{number}({ROOT})" if number == 0 else str(number)


def identify(process, world, words, stdin):
    """`id`, and the one number or name that -u, -g, -G and -n ask for."""
    who = world.process
    groups = list(dict.fromkeys([who.group, *who.groups]))
    letters = "".join(word[1:] for word in words[1:] if word.startswith("-"))
    unknown = next((letter for letter in letters if letter not in "ugGnr"), "")
    if unknown:
        return Finished(1, errors=f"id: invalid option -- '{unknown}'\n")
    if not set(letters) & set("ugG"):
        return Finished(0, f"uid={named(who.user)} gid={named(who.group)} groups={','.join(named(each) for each in groups)}\n")
    asked = [who.user] if "u" in letters else [who.group] if "g" in letters else groups
    if "n" not in letters:
        return Finished(0, " ".join(str(each) for each in asked) + "\n")
    unknown_ids = [each for each in asked if each]
    errors = "".join(f"id: unknown ID {each}\n" for each in unknown_ids)
    return Finished(1 if unknown_ids else 0, " ".join(str(each) if each else ROOT for each in asked) + "\n", errors)


def whoami(process, world, words, stdin):
    user = world.process.user
    return Finished(1, errors=f"whoami: unknown uid {user}\n") if user else Finished(0, ROOT + "\n")
