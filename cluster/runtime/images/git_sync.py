"""git-sync v4: follows a branch of a repository into a volume; each commit is a folder of its own, and one link moves from one to the next.

The repositories are those of repositories.py, to which a learner pushes. A simplification: no credentials, submodules or sparse checkouts;
flags that are not listed in FLAGS are refused, as unknown ones are.
Source: github.com/kubernetes/git-sync v4 main.go, README.md.
"""

from __future__ import annotations

import json
import posixpath

from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.repositories import Commit, plain
from cluster.runtime.words import Stamp, duration_of, flags, number_of

PLAIN = ("one-time", "help", "version", "group-write")
FLAGS = ("repo", "ref", "root", "link", "period", "depth", "max-failures", "sync-timeout", "verbose", "v", "submodules", "git-gc", "wait",
         "branch", "rev", "dest", "stale-worktree-timeout", "http-bind", "http-metrics", *PLAIN)  # fmt: skip
OLD = {"branch": "ref", "rev": "ref", "dest": "link", "wait": "period"}  # names of v3 that v4 still takes
FETCH_MS = (250, 900)


def sync(me: Running) -> Act:
    """Read the flags at the start; then, each period: fetch, and if there is another commit, check it out and swap the link."""
    if me.step == 0 and (refused := _configure(me)):
        me.say(refused, "stderr")
        return Act(code=1)
    if me.step == 0:
        _log(me, "starting up", pid=1, uid=me.process.user, gid=me.process.group, home="/tmp", flags=[f"--{name}={value}" for name, value in
             me.notes["flags"].items()])  # fmt: skip
        return Act(me.between(*FETCH_MS))
    setting = me.notes["flags"]
    commit = me.runtime.repositories.head(setting["repo"], setting["ref"])
    if commit is None:
        return _failed(me, setting)
    me.notes["failures"] = 0
    if commit.hash != me.notes.get("hash"):
        why = _check_out(me, setting, commit)
        if why:
            return _failed(me, setting, why)
    if setting["one-time"] == "true":
        _log(me, "exiting after one sync", status=0)
        return Act(code=0)
    return Act(max(1, duration_of(setting["period"], 10_000)), is_background=True)


def _configure(me: Running) -> str:
    """Fill in notes["flags"]; returns why it cannot."""
    found, rest = flags(me.argv[1:], plain=PLAIN)
    unknown = next((name for name in found if name not in FLAGS), "")
    if unknown:
        return f"unknown flag: --{unknown}" if len(unknown) > 1 else f"unknown shorthand flag: '{unknown}' in -{unknown}"
    if rest:
        return f"ERROR: unexpected arguments: {rest}"
    setting = {"repo": "", "ref": "HEAD", "root": "", "link": "", "period": "10s", "one-time": "false", "max-failures": "0"}
    for name in setting:
        value = me.env.get("GITSYNC_" + name.upper().replace("-", "_"))
        setting[name] = value if value else setting[name]
    setting |= {OLD.get(name, name): value for name, value in found.items() if OLD.get(name, name) in setting}
    for name in ("repo", "root"):
        if not setting[name]:
            return f"ERROR: --{name} must be specified"
    if duration_of(setting["period"], -1) < 10:
        return "ERROR: --period must be at least 10ms"
    setting["link"] = setting["link"] or posixpath.basename(plain(setting["repo"]))
    me.notes["flags"] = setting
    return ""


def _check_out(me: Running, setting: dict[str, str], commit: Commit) -> str:
    """Write the commit's files, then move the link onto them; the folder before is removed. Returns why it failed."""
    world, root = me.world, setting["root"].rstrip("/")
    tree = f"{root}/.worktrees/{commit.hash}"
    link = setting["link"] if setting["link"].startswith("/") else f"{root}/{setting['link']}"
    if not world.make_folder(root) or not all(world.put_file(f"{tree}/{path}", text) for path, text in commit.files.items()):
        return f"can't write {tree}: {world.why}"
    target = posixpath.relpath(tree, posixpath.dirname(link))
    temporary = f"{posixpath.dirname(link)}/.tmp-{commit.hash[:8]}"
    if not world.make_link(target, temporary) or not world.move(temporary, link):
        return f"can't publish symlink {link}: {world.why}"
    _clean(me, root, commit)
    me.notes["hash"], me.notes["count"] = commit.hash, me.notes.get("count", 0) + 1
    _log(me, "updated successfully", ref=setting["ref"], remote=commit.hash, syncCount=me.notes["count"])
    return ""


def _clean(me: Running, root: str, commit: Commit) -> None:
    """Remove the trees of earlier commits, of an earlier run's too."""
    world = me.world
    for name in world.names(f"{root}/.worktrees"):
        if name != commit.hash:
            for path in reversed(world.paths(f"{root}/.worktrees/{name}/")):
                world.drop(path)
            world.drop(f"{root}/.worktrees/{name}")


def _failed(me: Running, setting: dict[str, str], why: str = "") -> Act:
    """Try again, or give up when there were too many failures (--max-failures, 0 by default: at once; -1: never)."""
    if not why:
        is_there = me.runtime.repositories.find(setting["repo"]) is not None
        said = f"couldn't find remote ref {setting['ref']}" if is_there else f"repository '{setting['repo']}/' not found"
        why = f'Run(git fetch {setting["repo"]} {setting["ref"]} --verbose --no-progress --prune --no-auto-gc --depth 1): exit status 128: ' \
              f'{{ stdout: "", stderr: "fatal: {said}" }}'  # fmt: skip
    me.notes["failures"] = me.notes.get("failures", 0) + 1
    most = number_of(setting["max-failures"], 0)
    if most >= 0 and me.notes["failures"] > most:
        _log(me, "too many failures, aborting", error=why, failCount=me.notes["failures"])
        return Act(code=1)
    _log(me, "error syncing repo, will retry", error=why, failCount=me.notes["failures"])
    return Act(max(1, duration_of(setting["period"], 10_000)), is_background=True)


def _log(me: Running, words: str, *, error: str = "", **more: object) -> None:
    stamp = Stamp(me.world)
    line: dict[str, object] = {"logger": "", "ts": f"{stamp.sql}.{stamp.ms:03}000"}
    line |= {"msg": words, "error": error, **more} if error else {"level": 0, "msg": words, **more}
    me.say(json.dumps(line, separators=(",", ":")), "stderr")


IMAGE = Image(
    repositories=("registry.k8s.io/git-sync/git-sync", "gcr.io/k8s-staging-git-sync/git-sync", "k8s.gcr.io/git-sync/git-sync"),
    size_bytes=0,
    user=65533,
    entrypoint=("/git-sync",),
    command=("/git-sync",),
    exit_codes={"TERM": 0, "INT": 0},
    env={"HOME": "/tmp", "GITSYNC_ROOT": "/git"},
    programs={"git-sync": sync},
)
