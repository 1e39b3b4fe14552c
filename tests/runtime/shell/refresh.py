"""Refreshes scripts.json, the table of scripts and what they print, where busybox is installed (Debian's busybox-static, version 1.35).

    python tests/runtime/shell/refresh.py [BUSYBOX]          # needs root: each script runs in a root of its own, in which only busybox is

The scripts stand in scripts.txt, divided by lines of `%%`. Each runs in an empty folder /work, as root, with a time limit.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
LIMIT_S = 20


def scripts() -> list[str]:
    """The scripts of scripts.txt."""
    return (HERE / "scripts.txt").read_text().removesuffix("\n").split("\n%%\n")


def measured(busybox: str, script: str) -> dict:
    """What a script prints and its exit code."""
    with tempfile.TemporaryDirectory() as root:
        for folder in ("bin", "dev", "etc", "proc", "root", "tmp", "work", "usr/bin"):
            os.makedirs(f"{root}/{folder}")
        os.chmod(f"{root}/tmp", 0o1777)
        shutil.copy(busybox, f"{root}/bin/busybox")
        os.symlink("busybox", f"{root}/bin/sh")
        for device, minor in (("null", 3), ("zero", 5)):
            subprocess.run(["mknod", "-m", "666", f"{root}/dev/{device}", "c", "1", str(minor)], check=True)
        os.symlink("/proc/self/fd/1", f"{root}/dev/stdout")
        os.symlink("/proc/self/fd/2", f"{root}/dev/stderr")
        Path(f"{root}/etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        Path(f"{root}/etc/group").write_text("root:x:0:\n")
        subprocess.run(["mount", "-t", "proc", "proc", f"{root}/proc"], check=True)
        try:
            done = subprocess.run(
                ["chroot", root, "/bin/busybox", "sh", "-c", 'cd /work && exec sh -c "$1"', "sh", script],
                capture_output=True, stdin=subprocess.DEVNULL, env=ENVIRONMENT, timeout=LIMIT_S, check=False,
            )  # fmt: skip
        finally:
            subprocess.run(["umount", f"{root}/proc"], check=True)
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return {"script": script, "stdout": done.stdout.decode("utf-8", "replace"), "code": code}


def main() -> None:
    busybox = sys.argv[1] if len(sys.argv) > 1 else shutil.which("busybox")
    if not busybox:
        sys.exit("no busybox here: install busybox-static")
    rows = [measured(busybox, script) for script in scripts()]
    (HERE / "scripts.json").write_text(json.dumps(rows, indent=0, ensure_ascii=False) + "\n")
    print(f"{len(rows)} scripts")


if __name__ == "__main__":
    main()
