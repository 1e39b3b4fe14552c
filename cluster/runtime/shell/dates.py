"""Owns `date`, and the calendar behind it. Source: busybox 1.35 coreutils/date.c, strftime(3)."""

from __future__ import annotations

import re

from .call import Call, Failed

DAYS = ("Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday")  # day 0 was a Thursday
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
MOST_UNIX = 253_402_300_799


def unix_of(world, at_ms: int) -> int:
    """Seconds since 1970 of a moment of the virtual clock."""
    return world.unix_s - (world.now_ms - at_ms) // 1000


def parts_of(unix_s: int) -> tuple[int, int, int, int, int, int]:
    """(year, month, day, hour, minute, second) in UTC. Source: H. Hinnant, days from civil, turned round."""
    days, rest = divmod(unix_s, 86_400)
    days += 719_468
    era, of_era = divmod(days, 146_097)
    of_year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    day = of_era - (365 * of_year + of_year // 4 - of_year // 100)
    month = (5 * day + 2) // 153
    number = month + 3 if month < 10 else month - 9
    return of_year + era * 400 + (number <= 2), number, day - (153 * month + 2) // 5 + 1, rest // 3600, rest // 60 % 60, rest % 60


def days_of(year: int, month: int, day: int) -> int:
    """Days since 1970."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def date_text(unix_s: int, form: str) -> str:
    """strftime(3) in UTC and the C locale."""
    year, month, day, hour, minute, second = parts_of(unix_s)
    weekday = DAYS[unix_s // 86_400 % 7]
    number = (unix_s // 86_400 + 4) % 7
    of_year = unix_s // 86_400 - days_of(year, 1, 1)
    half = hour % 12 or 12
    values = {
        "Y": f"{year}", "m": f"{month:02}", "d": f"{day:02}", "e": f"{day:2}", "H": f"{hour:02}", "M": f"{minute:02}", "S": f"{second:02}",
        "F": f"{year}-{month:02}-{day:02}", "T": f"{hour:02}:{minute:02}:{second:02}", "R": f"{hour:02}:{minute:02}", "s": str(unix_s),
        "a": weekday[:3], "A": weekday, "b": MONTHS[month - 1][:3], "B": MONTHS[month - 1], "h": MONTHS[month - 1][:3], "j": f"{of_year + 1:03}",
        "y": f"{year % 100:02}", "C": f"{year // 100:02}", "I": f"{half:02}", "l": f"{half:2}", "k": f"{hour:2}", "p": "AM" if hour < 12 else "PM",
        "Z": "UTC", "z": "+0000", "u": str(number or 7), "w": str(number), "n": "\n", "t": "\t", "%": "%",
        "D": f"{month:02}/{day:02}/{year % 100:02}",
        "c": f"{weekday[:3]} {MONTHS[month - 1][:3]} {day:2} {hour:02}:{minute:02}:{second:02} {year}", "x": f"{month:02}/{day:02}/{year % 100:02}",
        "X": f"{hour:02}:{minute:02}:{second:02}", "U": f"{(of_year + 7 - number) // 7:02}", "r": f"{half:02}:{minute:02}:{second:02} "
        f"{'AM' if hour < 12 else 'PM'}", "G": str(year), "V": f"{(of_year + 10 - (number or 7)) // 7:02}", "P": "am" if hour < 12 else "pm",
    }  # fmt: skip
    return re.sub(r"%(.)", lambda found: values.get(found[1], found[0]), form)


def date(call: Call) -> int:
    options = call.options("uRI", "drDs")
    unix_s, forms = call.world.unix_s, [word[1:] for word in options.rest if word.startswith("+")]
    if "s" in options or any(not word.startswith("+") for word in options.rest):
        raise Failed("can't set date: Operation not permitted")
    if "r" in options:
        node = call.world.look(call.path(options["r"]))
        if node is None:
            raise Failed(f"{options['r']}: No such file or directory")
        unix_s = unix_of(call.world, node.changed_ms)
    if "d" in options:
        unix_s = moment_of(options["d"], unix_s)
    form = "%a, %d %b %Y %H:%M:%S %z" if "R" in options else "%Y-%m-%d" if "I" in options else "%a %b %e %H:%M:%S %Z %Y"
    call.out(date_text(unix_s, forms[0] if forms else form) + "\n")
    return 0


def moment_of(text: str, now_s: int) -> int:
    """What `date -d` is told."""
    if found := re.fullmatch(r"@(-?[0-9]{1,12})", text):
        return min(int(found[1]), MOST_UNIX)
    found = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?Z?", text)
    if found and 1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31:
        hour, minute, second = (int(part or 0) for part in found.groups()[3:])
        return days_of(int(found[1]), int(found[2]), int(found[3])) * 86_400 + hour * 3600 + minute * 60 + second
    if found := re.fullmatch(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?", text):
        return now_s - now_s % 86_400 + int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
    raise Failed(f"invalid date '{text}'")


DATES = {"date": date}
