"""What can go wrong in set-up, each told as one sentence that says what to do."""

import errno
import re
from pathlib import Path


class Problem(Exception):
    """A failure that the person at the keyboard can understand; its text is one sentence."""


NETWORK = re.compile(
    r"name resolution|Name or service not known|NewConnectionError|Network is unreachable|Failed to establish"
    r"|Connection refused|ConnectTimeout|Read timed out|ProxyError|No route to host|nodename nor servname"
    r"|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network request .* failed",
    re.IGNORECASE,
)
DISK_FULL = re.compile(r"No space left on device|ENOSPC|Disk quota exceeded|database or disk is full", re.IGNORECASE)
READ_ONLY = re.compile(r"Read-only file system|EROFS|Permission denied|EACCES|readonly database", re.IGNORECASE)
HASHES = re.compile(r"DO NOT MATCH THE HASHES|EINTEGRITY", re.IGNORECASE)
NOT_FOUND = re.compile(r"No matching distribution found for (\S+)|ETARGET|E404", re.IGNORECASE)


def of_os_error(error: OSError, doing: str) -> Problem:
    """Name an operating system's refusal: disk full, read-only folder, or the system's own words."""
    place = error.filename or doing
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(f"The disk is full ({place}): free some space and run the same command again.")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return Problem(f"{place} cannot be written: make it writable for you, or copy Podlife to a folder that is.")
    return Problem(f"{doing} failed: {error.strerror or error} ({place}).")


def of_output(output: str, *, tool: str, log: Path) -> Problem:
    """Find in the output of pip, npm or esbuild why it failed."""
    if DISK_FULL.search(output):
        return Problem(f"The disk is full ({tool} could not write): free some space and run the same command again.")
    if HASHES.search(output):
        return Problem(
            f"{tool} received a package that is not the locked one (its hash differs), so nothing of it "
            f"was used: check the mirror or proxy that it came through ({log})."
        )
    if NETWORK.search(output):
        return Problem(
            f"{tool} could not reach its package registry: check the network (or proxy) and run the same command "
            f"again; it is needed for the first start only ({log})."
        )
    if READ_ONLY.search(output):
        return Problem(f"{tool} could not write its files: make the Podlife folder writable for you ({log}).")
    if found := NOT_FOUND.search(output):
        missing = found[1] or "a locked package"
        return Problem(f"{tool} found no {missing} for this machine in its registry ({log}).")
    return Problem(f"{tool} failed: {_last_error(output)} (the whole output is in {log}).")


def _last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(npm )?(error|err!|✘ \[error\])", line, re.IGNORECASE)]
    return (errors or lines or ["it said nothing"])[-1].rstrip(".")[:300]
