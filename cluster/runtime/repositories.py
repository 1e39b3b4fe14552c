"""Owns the Git repositories that containers pull from (git-sync), and to which a learner pushes: commits of whole trees, by address.

A simplification: one server has all addresses, a branch is a list of commits without merges, and a file is text.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cluster.engine import Actor

NAME = "git"
SITE = "https://git.example/site"  # there from the beginning, for the examples
MOST_COMMITS, MOST_FILES, MOST_BYTES, MOST_REPOSITORIES = 100, 100, 256 * 1024, 50
SHOWN_BYTES = 16 * 1024  # of a file, where the newest tree is listed
FIRST_PAGE = "<h1>Hello from the repository</h1>\n"


@dataclass
class Commit:
    hash: str
    message: str
    at_ms: int
    files: dict[str, str] = field(default_factory=dict)  # path -> text, the whole tree


@dataclass
class RepositoryState:
    """repositories: address -> branch -> its last commits, oldest first."""

    repositories: dict[str, dict[str, list[Commit]]] = field(default_factory=dict)


class CannotPush(ValueError):
    """What was pushed is too much; the message says of what, `zh` in Chinese."""

    def __init__(self, en: str, zh: str):
        super().__init__(en)
        self.zh = zh


class Repositories(Actor):
    """One for a sandbox; containers find it with `repositories_of`."""

    def __init__(self, engine):
        super().__init__(engine, NAME)
        first = Commit(_hash("", "Initial commit", {"index.html": FIRST_PAGE}), "Initial commit", 0, {"index.html": FIRST_PAGE})
        self.state = RepositoryState({SITE: {"main": [first]}})

    def push(self, url: str, changes: dict[str, str], message: str, branch: str = "main") -> Commit:
        """Commit files on top of a branch; a text of "" removes its file. Makes repository and branch if need be. Raises CannotPush."""
        files, last = self.tree_after(url, changes, branch), self.head(url, branch)
        url, repositories = plain(url), self.state.repositories
        commit = Commit(_hash(last.hash if last else "", f"{message} {self.now_ms}", files), message, self.now_ms, files)
        commits = repositories.setdefault(url, {}).setdefault(branch, [])
        commits.append(commit)
        del commits[:-MOST_COMMITS]
        self.trace("CommitPushed", "", repository=url, branch=branch, commit=commit.hash[:7], message=message)
        return commit

    def tree_after(self, url: str, changes: dict[str, str], branch: str = "main") -> dict[str, str]:
        """All files of a branch with these changes. Raises CannotPush."""
        last, repositories = self.head(url, branch), self.state.repositories
        files = {path: text for path, text in {**(last.files if last else {}), **changes}.items() if text}
        if plain(url) not in repositories and len(repositories) >= MOST_REPOSITORIES:
            raise CannotPush(f"there are {MOST_REPOSITORIES} repositories already", f"已有 {MOST_REPOSITORIES} 个仓库")
        if len(files) > MOST_FILES or sum(len(path) + len(text) for path, text in files.items()) > MOST_BYTES:
            raise CannotPush(f"a repository holds at most {MOST_FILES} files, of {MOST_BYTES // 1024} KiB in all",
                             f"一个仓库最多 {MOST_FILES} 个文件，共 {MOST_BYTES // 1024} KiB")
        return files

    def find(self, url: str) -> dict[str, list[Commit]] | None:
        """A repository's branches, or None when there is none at this address."""
        return self.state.repositories.get(plain(url))

    def head(self, url: str, ref: str = "HEAD") -> Commit | None:
        """The commit that a branch, `HEAD` or a hash names."""
        branches = self.find(url) or {}
        name = (ref if ref != "HEAD" else "main").removeprefix("refs/heads/")
        if branches.get(name):
            return branches[name][-1]
        every = [commit for commits in branches.values() for commit in commits]
        return next((commit for commit in every if len(ref) >= 7 and commit.hash.startswith(ref)), None)

    def listing(self) -> list[dict]:
        """Each commit, newest first."""
        return [
            {"repository": url, "branch": branch, "hash": commit.hash, "message": commit.message, "at_ms": commit.at_ms, "files": list(commit.files)}
            for url, branches in sorted(self.state.repositories.items())
            for branch, commits in branches.items()
            for commit in reversed(commits)
        ]

    def trees(self) -> list[dict]:
        """The newest files of each branch: path -> text, None for one that is too long to be listed."""
        return [
            {"repository": url, "branch": branch,
             "files": {path: text if len(text) <= SHOWN_BYTES else None for path, text in commits[-1].files.items()}}
            for url, branches in sorted(self.state.repositories.items())
            for branch, commits in branches.items()
            if commits
        ]  # fmt: skip


def repositories_of(engine) -> Repositories:
    """The sandbox's repositories, made when they are first asked for."""
    return engine.actors.get(NAME) or Repositories(engine)


def place_of(address: str) -> tuple[str, str]:
    """(URL, branch) of `URL` or `URL#BRANCH`; the branch is main where none is named."""
    url, _, branch = address.partition("#")
    return url, branch or "main"


def plain(url: str) -> str:
    """An address without what does not tell repositories apart."""
    return url.rstrip("/").removesuffix(".git").rstrip("/")


def _hash(parent: str, message: str, files: dict[str, str]) -> str:
    text = "\0".join([parent, message, *(f"{path}\0{text}" for path, text in sorted(files.items()))])
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
