"""Owns dig and getent, as images with DNS tools (agnhost, Kubernetes' DNS tests) have them.

Source: BIND's bin/dig (what is printed with +noall +answer, and with +short), glibc's getent.
"""

from __future__ import annotations

from cluster.runtime.wire import NO_NAME, NO_SERVER, Resolved

from .call import Blocked, Call

TTL_S, TIMEOUT_MS = 30, 15_000  # of CoreDNS; three tries of five seconds
KINDS = ("A", "AAAA", "SRV", "PTR", "CNAME", "TXT")


def dig(call: Call) -> int:
    """`dig [@SERVER] [+search] [+short] [+[no]all] [+[no]answer] [-t TYPE] NAME [TYPE]`; other +options change nothing here."""
    words = list(call.arguments)
    flags = [word for word in words if word.startswith("+")]
    server = next((word[1:] for word in words if word.startswith("@")), "")
    rest = [word for word in words if word[0:1] not in ("+", "@") and word not in ("-t", "-q")]
    kind = next((word.upper() for word in rest if word.upper() in KINDS), "A")
    names = [word for word in rest if word.upper() not in KINDS]
    if not names:
        return 0
    found = _resolved(call, names[0] if "+search" in flags else names[0].rstrip(".") + ".", kind, server)
    if found.error == NO_SERVER:
        call.out(";; communications error: timed out\n;; no servers could be reached\n")
        return 9
    rows = _rows(found, kind, names[0])
    if "+short" in flags:
        call.out("".join(row.rpartition("\t")[2] + "\n" for row in rows))
    elif "+noall" in flags:
        call.out("".join(row + "\n" for row in rows) if "+answer" in flags else "")
    else:
        call.out(_whole(found, kind, names[0], rows))
    return 0


def _resolved(call: Call, name: str, kind: str, server: str) -> Resolved:
    """Ask once, and go on when the answer has come."""
    if "found" not in call.memory:
        found = call.world.network.resolve(name, kind, server=server)
        records = [list(each) for each in found.records]
        call.memory["found"] = [list(found.addresses), found.name, found.error, found.server, list(found.aliases), records]
        call.memory["due"] = call.world.now_ms + (found.took_ms or (TIMEOUT_MS if found.error == NO_SERVER else 0))
    if call.world.now_ms < call.memory["due"]:
        raise Blocked(["until", call.memory["due"]])
    addresses, full, error, server, aliases, records = call.memory["found"]
    return Resolved(tuple(addresses), full, error, server, 0, tuple(aliases), (), tuple((sort, text) for sort, text in records))


def _rows(found: Resolved, kind: str, asked: str) -> list[str]:
    """Lines of the answer section: name, time to live, class, type, what it is."""
    name, rows = (found.name or asked).rstrip(".") + ".", []
    for alias in found.aliases:
        rows.append(f"{asked.rstrip('.')}.\t{TTL_S}\tIN\tCNAME\t{alias.rstrip('.')}.")
    rows += [f"{name}\t{TTL_S}\tIN\t{sort}\t{text}" for sort, text in found.records if sort != "CNAME" or not found.aliases]
    return rows + [f"{name}\t{TTL_S}\tIN\t{kind}\t{address}" for address in found.addresses]


def _whole(found: Resolved, kind: str, asked: str, rows: list[str]) -> str:
    status = "NXDOMAIN" if found.error == NO_NAME else "NOERROR" if not found.error or found.error == "nodata" else "SERVFAIL"
    name = (found.name or asked).rstrip(".") + "."
    answer = "\n;; ANSWER SECTION:\n" + "".join(row + "\n" for row in rows) if rows else ""
    return (f"\n; <<>> DiG 9.20 <<>> {asked}\n;; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: 4711\n"
            f";; flags: qr aa rd; QUERY: 1, ANSWER: {len(rows)}, AUTHORITY: 0, ADDITIONAL: 1\n\n;; QUESTION SECTION:\n;{name}\t\tIN\t{kind}\n{answer}"
            f"\n;; SERVER: {found.server}#53({found.server}) (UDP)\n\n")  # fmt: skip


def get_entries(call: Call) -> int:
    """`getent hosts NAME…` (and `ahosts`): /etc/hosts first, then the resolver; 2 when a name is not found."""
    if len(call.arguments) < 2 or call.arguments[0] not in ("hosts", "ahosts", "ahostsv4"):
        call.err("getent: unknown database\n")
        return 1
    name = call.arguments[1]
    found = _resolved(call, name, "A", "")
    call.out("".join(f"{address:<15} {(found.name or name).rstrip('.')}\n" for address in found.addresses))
    return 0 if found.addresses else 2


LOOKUPS = {"dig": dig, "getent": get_entries}
