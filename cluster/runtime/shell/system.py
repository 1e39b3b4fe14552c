"""Owns the tools that tell of the machine and the time: sleep, ps, top, id, uname, df, mount, free and their like.

Figures of memory and processors are those of a small simulated node; they stand still. Source: busybox 1.35.
"""

from __future__ import annotations

import re
from typing import Any

from cluster.runtime import hardware, proc, sysctls

from .call import Blocked, Call, Failed, Usage
from .dates import date_text
from .durations import duration_ms


def sleep(call: Call) -> int:
    if not call.arguments:
        raise Usage
    total = 0
    for text in call.arguments:
        length = duration_ms(text)
        if length is None or text[:1] in "-+":
            raise Failed(f"invalid number '{text}'")
        total += length
    call.sleep(total)
    return 0


def short_sleep(call: Call) -> int:
    if len(call.arguments) != 1 or not re.fullmatch("[0-9]{1,12}", call.arguments[0]):
        raise Usage
    call.sleep(int(call.arguments[0]) // 1000)
    return 0


def host_name(call: Call) -> int:
    options = call.options("sidfF")
    if options.rest:
        raise Failed("sethostname: Operation not permitted")
    name = call.world.process.hostname
    if "i" in options:
        name = " ".join(call.world.network.addresses()) or "127.0.0.1"
    elif "f" in options or "d" in options:
        name = full_name(call, name)
    call.out((name.partition(".")[2] if "d" in options else name.partition(".")[0] if "s" in options else name) + "\n")
    return 0


def full_name(call: Call, name: str) -> str:
    """A host's name with its domain, as the resolver has it of /etc/hosts: the first one of the line that names it."""
    lines = [line.partition("#")[0].split() for line in (call.world.read_file("/etc/hosts") or "").splitlines()]
    return next((words[1] for words in lines if name in words[1:]), name)


# -- users ------------------------------------------------------------------------------------------------------------


def identity(call: Call) -> int:
    options = call.options("ugGnr")
    process = call.world.process
    if options.rest and options.rest[0] not in ("root", "0"):
        raise Failed(f"unknown user {options.rest[0]}")
    user, group = (0, 0) if options.rest else (process.user, process.group)
    groups = [0] if options.rest else groups_of(process)
    wanted = options.last("ugG")
    if wanted:
        numbers = {"u": [user], "g": [group], "G": groups}[wanted]
        call.out(" ".join(named(number) if "n" in options else str(number) for number in numbers) + "\n")
        return 0
    call.out(f"uid={shown(user)} gid={shown(group)} groups={','.join(shown(number) for number in groups)}\n")
    return 0


def named(number: int) -> str:
    return "root" if number == 0 else str(number)


def shown(number: int) -> str:
    return f"{number}(root)" if number == 0 else str(number)


def who_am_i(call: Call) -> int:
    if call.world.process.user:
        raise Failed(f"unknown uid {call.world.process.user}")
    call.out("root\n")
    return 0


def groups(call: Call) -> int:
    call.out(" ".join(named(number) for number in groups_of(call.world.process)) + "\n")
    return 0


def groups_of(process: Any) -> list[int]:
    """All groups of a process, in the order of their numbers, as the kernel keeps them (groups_sort)."""
    return sorted(dict.fromkeys([process.group, *process.groups]))


# -- processes ----------------------------------------------------------------------------------------------------------


def rows_of(call: Call) -> list[tuple[int, int, str]]:
    """(number, parent, command line) of all processes that are seen here."""
    found = []
    for argv, machine, pid in call.world.programs():
        if machine is None:
            found.append((pid, 0, " ".join(argv)))
            continue
        for task in machine.tasks.values():
            shift = max(0, pid - 1) if task.pid == 1 else 0  # of a container in another one's namespace
            found.append((task.pid + shift, task.parent, " ".join(task.argv)))
            front = task.front
            is_itself = front is not None and (front.is_last or front.words == task.argv)
            if front is not None and not is_itself and not front.words[0].startswith("\0") and not call.runner.is_builtin(front.words[0]):
                found.append((max(task.pid + 1, machine.last_pid + 1) if front is not call.front else 0, task.pid, " ".join(front.words)))
    highest = max((pid for pid, _, _ in found), default=0)
    rows = []
    for pid, parent, text in found:
        if pid == 0:
            highest += 1
            pid = highest
        rows.append((pid, parent, text))
    return sorted(rows)


def list_processes(call: Call) -> int:
    options = call.options("aeTwfxul", "o")
    user = named(call.world.process.user)
    rows = rows_of(call)
    if "o" in options:
        columns = [column for each in options.values["o"] for column in each.split(",")]
        known = {"pid": lambda row: f"{row[0]:>5}", "ppid": lambda row: f"{row[1]:>5}", "user": lambda row: f"{user:<8}",
                 "comm": lambda row: row[2].split(" ")[0].rpartition("/")[2], "args": lambda row: row[2], "stat": lambda row: "S   ",
                 "time": lambda row: " 0:00", "vsz": lambda row: "1568", "rss": lambda row: "   4", "etime": lambda row: "  0:00"}  # fmt: skip
        titles = {"pid": "PID  ", "ppid": "PPID ", "user": "USER    ", "comm": "COMMAND", "args": "COMMAND", "stat": "STAT", "time": "TIME ",
                  "vsz": "VSZ ", "rss": "RSS ", "etime": "ELAPSED"}  # fmt: skip
        wrong = next((column for column in columns if column not in known), None)
        if wrong is not None:
            raise Failed(f"bad -o argument '{wrong}', supported arguments: user,group,comm,args,pid,ppid,pgid,etime,nice,rgroup,ruser,time,tty,vsz,"
                         "sid,stat,rss")  # fmt: skip
        call.out(" ".join(titles[column] for column in columns).rstrip() + "\n")
        call.out("".join(" ".join(known[column](row) for column in columns).rstrip() + "\n" for row in rows))
        return 0
    call.out("PID   USER     TIME  COMMAND\n" + "".join(f"{pid:5} {user:<8}  0:00 {text}\n" for pid, _, text in rows))
    return 0


def top(call: Call) -> int:
    options = call.options("bHm", "nd")
    rows, spent = rows_of(call), hardware.memory_kib(call.world)
    call.out(
        f"Mem: {spent['total'] - spent['free']}K used, {spent['free']}K free, {spent['shared']}K shrd, 0K buff, {spent['cached']}K cached\n"
        f"CPU:   2% usr   1% sys   0% nic  97% idle   0% io   0% irq   0% sirq\nLoad average: {hardware.LOAD} 1/{len(rows) + 120} {rows[-1][0]}\n"
        "  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND\n"
        + "".join(f"{pid:5} {parent:5} {named(call.world.process.user):<8} S     4396   0%   0% {text}\n" for pid, parent, text in rows)
    )
    rounds = call.memory["rounds"] = call.memory.get("rounds", 0) + 1
    if "n" in options and rounds >= int(options["n"] if options["n"].isdigit() else 1):
        return 0
    raise Blocked(["until", call.world.now_ms + (duration_ms(options.get("d", "5")) or 5_000)])


def pids_of(call: Call) -> int:
    """`pidof`, `pgrep`: numbers of processes by name."""
    names = [word for word in call.arguments if not word.startswith("-")]
    if call.name == "pgrep" and not names:
        raise Usage
    own = call.task.pid
    found = [
        pid
        for pid, _, text in rows_of(call)
        if any(matches(call, text, name) for name in names) and pid != own and call.name not in text.split(" ")[0]
    ]
    if not found:
        return 1
    call.out(" ".join(map(str, found[::-1])) + "\n" if call.name == "pidof" else "".join(f"{pid}\n" for pid in found))
    return 0


def matches(call: Call, text: str, name: str) -> bool:
    program = text.split(" ")[0].rpartition("/")[2]
    return name in (text if "-f" in call.arguments else program) if call.name in ("pgrep", "pkill") else program == name


def kill_all(call: Call) -> int:
    """`killall NAME`, `pkill NAME`."""
    from .children import signal_name
    from .jobs import signalled

    words, name = list(call.arguments), "TERM"
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word not in ("-q", "-f", "-x"):
            name = signal_name(word[1:]) or ""
            if not name:
                raise Failed(f"bad signal name '{word[1:]}'")
    status = 0
    for wanted in words:
        pids = [pid for pid, _, text in rows_of(call) if matches(call, text, wanted) and pid != call.task.pid]
        if not pids:
            status = call.complain(f"{wanted}: no process killed") if call.name == "killall" else 1
        for pid in pids:
            signalled(call, str(pid), name)
    return status


# -- the machine --------------------------------------------------------------------------------------------------------


def kernel_name(call: Call) -> int:
    options = call.options("amnrspvio")
    values = {"s": hardware.KERNEL, "n": call.world.process.hostname, "r": hardware.RELEASE, "v": hardware.BUILD, "m": "x86_64", "o": "GNU/Linux"}
    wanted = "snrvmo" if "a" in options else "".join(letter for letter in "snrvmpio" if letter in options) or "s"
    call.out(" ".join(values.get(letter, "unknown") for letter in wanted) + "\n")
    return 0


def kernel_settings(call: Call) -> int:
    """`sysctl [-aneqN] [NAME…]`; from within a container nobody sets one. Source: busybox procps/sysctl.c."""
    options = call.options("neaAqNwp")
    process, status = call.world.process, 0
    for word in sysctls.settings(process) if "a" in options or "A" in options else options.rest:
        name, is_set, _ = word.replace("/", ".").partition("=")
        value = sysctls.value_of(process, name)
        if value is None:
            status = status if "e" in options else call.complain(f"error: '{name}' is an unknown key")
        elif is_set:
            status = call.complain(f"error setting key '{name}': Read-only file system")
        else:
            call.out(f"{name}\n" if "N" in options else f"{value}\n" if "n" in options else f"{name} = {value}\n")
    return status


def mounted(call: Call) -> int:
    """`mount [-t TYPE]` shows what is mounted; nobody may mount in a container."""
    options = call.options("wrvnafi", "to")
    if options.rest:
        raise Failed("permission denied (are you root?)")
    wanted = options.get("t", "")
    for device, point, kind, way in proc.mounts(call.world):
        if wanted in ("", kind):
            call.out(f"{device} on {point} type {kind} ({way})\n")
    return 0


def disk_free(call: Call) -> int:
    options = call.options("PkmhTai", "Bt")
    human, mega = "h" in options, "m" in options
    rows, machine, taken_kib = [], hardware.of(call.world), hardware.disk_used_bytes(call.world) >> 10
    disk_kib, memory_kib = machine.disk_bytes >> 10, machine.memory_bytes >> 10
    points = [("overlay", "overlay", disk_kib, "/"), ("tmpfs", "tmpfs", 65_536, "/dev")]
    for point, volume, _ in call.world.mounted():
        device, kind = proc.device_of(volume)
        points.append((device, kind, (volume.limit_bytes // 1024 or memory_kib // 2) if kind == "tmpfs" else disk_kib, point))
    if options.rest:
        point = call.world.mount_point(call.world.resolve(call.path(options.rest[0]))) or "/"
        points = [each for each in points if each[3] == point]
    for device, kind, total, point in points:
        used = -(-call.world.used_bytes(point) // 1024) + (taken_kib if kind != "tmpfs" else 0) if point != "/dev" else 0
        free = max(0, total - used)
        shown_sizes = [scaled(size, human, mega) for size in (total, used, free)]
        percent = f"{-(-used * 100 // (used + free)) if used + free else 0}%"
        row = (
            f"{device:<20} " + (f"{kind:<10} " if "T" in options else "") + " ".join(f"{size:>9}" for size in shown_sizes) + f" {percent:>3} {point}"
        )
        rows.append(row)
    unit = "Size" if human else "1M-blocks" if mega else "1024-blocks" if "P" in options else "1K-blocks"
    head = f"{'Filesystem':<20} " + (f"{'Type':<10} " if "T" in options else "") + f"{unit:>9} {'Used':>9} {'Available':>9} Use% Mounted on"
    call.out(head + "\n" + "".join(row + "\n" for row in rows))
    return 0


def scaled(kib: int, human: bool, mega: bool) -> str:
    if mega:
        return str(kib // 1024)
    if not human:
        return str(kib)
    size, units = float(kib), "KMGT"
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:.1f}{units[0]}" if kib else "0"


def memory(call: Call) -> int:
    options = call.options("bkmgh")
    factor = {"b": 1024, "m": 1 / 1024, "g": 1 / 1024**2}.get(options.last("bkmgh"), 1)
    numbers = hardware.memory_kib(call.world).values()
    call.out("              total        used        free      shared  buff/cache   available\nMem:   "
             + "".join(f"{int(number * factor):12}" for number in numbers)[2:] + "\nSwap:  "
             + "".join(f"{0:12}" for _ in range(3))[2:] + "\n")  # fmt: skip
    return 0


def uptime(call: Call) -> int:
    minutes = hardware.up_ms(call.world) // 60_000
    days, hours = minutes // 1440, minutes // 60 % 24
    length = f"{days} days, " if days > 1 else "1 day, " if days else ""
    length += f"{hours:2}:{minutes % 60:02}" if hours else f"{minutes % 60} min"
    call.out(f" {date_text(call.world.unix_s, '%H:%M:%S')} up {length},  0 users,  load average: {hardware.LOAD.replace(' ', ', ')}\n")
    return 0


def meter(call: Call) -> int:
    """`nmeter [-d MSEC] FORMAT`: a line again and again; of what it measures, the time. Source: busybox procps/nmeter.c."""
    options = call.options("", "d")
    if len(options.rest) != 1:
        raise Usage
    if re.sub("%[0-9]?t|%%", "", options.rest[0]).count("%"):
        raise Failed("of its signs, %t is simulated")
    pause_ms = max(int(options.get("d", "1000")[:9]) if options.get("d", "0").isdigit() else 1000, 1)
    if call.world.now_ms < call.memory.get("next", 0):
        raise Blocked(["until", call.memory["next"]])
    call.out(re.sub("%([0-9]?)t|%%", lambda found: "%" if found[0] == "%%" else moment(call, int(found[1] or 0)), options.rest[0]) + "\n")
    call.memory["next"], call.runner.process.looped = call.world.now_ms + pause_ms, True
    raise Blocked(["until", call.memory["next"]])


def moment(call: Call, digits: int) -> str:
    """The time of the day, with digits of the second."""
    second, rest = call.world.unix_s % 86_400, f"{call.world.now_ms % 1000:03}000000"[:digits]
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" + (f".{rest}" if digits else "")


def processors(call: Call) -> int:
    call.out(f"{hardware.of(call.world).cpus}\n")
    return 0


def print_environment(call: Call) -> int:
    values = call.environment
    if not call.arguments:
        call.out("".join(f"{name}={value}\n" for name, value in values.items()))
        return 0
    for name in call.arguments:
        if name in values:
            call.out(values[name] + "\n")
    return 0 if all(name in values for name in call.arguments) else 1


def terminal_name(call: Call) -> int:
    has_terminal = call.world.is_terminal and call.descriptors.get("0") == "in"
    call.out("" if "-s" in call.arguments else "/dev/pts/0\n" if has_terminal else "not a tty\n")
    return 0 if has_terminal else 1


def terminal_settings(call: Call) -> int:
    """`stty size`: rows and columns of the terminal, where there is one."""
    rows, columns = call.world.terminal
    if not rows:
        raise Failed("standard input")
    if call.arguments == ["size"]:
        call.out(f"{rows} {columns}\n")
    elif not call.arguments or call.arguments == ["-a"]:
        call.out(f"speed 38400 baud; rows {rows}; columns {columns};\n")
    return 0


def clear(call: Call) -> int:
    call.out("\x1b[H\x1b[J")
    return 0


def nothing(call: Call) -> int:
    """`sync`: what is written is kept at once."""
    return 0


def architecture(call: Call) -> int:
    call.out("x86_64\n")
    return 0


SYSTEM = {"sleep": sleep, "usleep": short_sleep, "hostname": host_name, "id": identity, "whoami": who_am_i, "groups": groups,
          "ps": list_processes, "top": top, "pidof": pids_of, "pgrep": pids_of, "killall": kill_all, "pkill": kill_all, "uname": kernel_name,
          "sysctl": kernel_settings, "arch": architecture, "mount": mounted, "df": disk_free, "free": memory, "uptime": uptime,
          "nmeter": meter, "nproc": processors,
          "printenv": print_environment,
          "tty": terminal_name, "stty": terminal_settings, "clear": clear, "sync": nothing}  # fmt: skip
