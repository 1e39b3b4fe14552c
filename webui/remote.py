"""The commands that talk to a running server: kubeconfig, sandbox, control, fault, registry, git. Standard library only, so that they start at once.

The server's address is in the data folder (server.json); its control API does the work.
"""

import argparse
import http.client
import json
import os
import sys
import time
from urllib.parse import quote, urlsplit

from cluster.worker.faults import ARGUMENTS
from cluster.worker.profiles import PROFILES
from cluster.worker.supplies import MODES
from webui.setup import paths
from webui.setup.problems import Problem

TIMEOUT_S = 60
POLL_S = 0.1
MOST_NODES = 10_000  # that are named before the server says how many it takes
ACTIONS = {
    "hold": "stop the clock; each step waits for you",
    "run": "let it run",
    "step": "do the next step, or the next N",
    "stage": "go on to the next stage",
    "settle": "run as fast as it can until only heartbeats are left",
    "speed": "clock speed X, 0.25 to 64",
    "pacing": "paced (every step visible) or clock",
    "jump": "skip the wait before the next step",
    "rbac": "on: Roles and bindings decide about everybody; off: only about who is impersonated",
    "reset": "a fresh cluster from the same settings",
}


def main(arguments: list) -> int:
    """Run one command line; a refusal is one sentence on standard error and a non-zero code."""
    command, rest = arguments[0], arguments[1:]
    _choose_data(rest)
    try:
        chosen = parser_of(command).parse_args(rest)
        chosen.run(chosen)
    except Problem as problem:
        print(f"podlife: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _choose_data(arguments: list) -> None:
    """Let --data, wherever it stands, choose the server."""
    for word, value in zip(arguments, arguments[1:]):
        if word == "--data":
            os.environ["PODLIFE_DATA"] = value


# -- the commands -----------------------------------------------------------------------------------------------------


def kubeconfig(chosen) -> None:
    print(call("GET", f"/sandboxes/{quote(chosen.sandbox)}/kubeconfig"), end="")


def control(chosen) -> None:
    if chosen.action in ("speed", "pacing", "rbac") and chosen.value is None:
        raise Problem(f"{chosen.action} wants a value: manage.py control {chosen.sandbox} {chosen.action} …")
    head = call("POST", f"/sandboxes/{quote(chosen.sandbox)}/control", {"action": chosen.action, "value": chosen.value})
    while head["mode"] == "settling":
        time.sleep(POLL_S)
        head = call("GET", f"/sandboxes/{quote(chosen.sandbox)}/control")
    print(f"{chosen.sandbox}: {head['mode']}, step {head['step']}, {head['wall']['virtual_ms']} ms, speed {head['speed']:g}")


def fault(chosen) -> None:
    words = chosen.words
    if chosen.action == "kubelet-config" and len(words) == 2:
        words = [words[0], _text_of(words[1], "no text file that can be read")]
    call("POST", f"/sandboxes/{quote(chosen.sandbox)}/fault", {"action": chosen.action, "args": words})


def registry(chosen) -> None:
    if chosen.action != "list":
        call("POST", f"/sandboxes/{quote(chosen.sandbox)}/fault", {"action": "registry-" + chosen.action, "args": chosen.words})
        return
    found = call("GET", f"/sandboxes/{quote(chosen.sandbox)}/registry")
    print(f"{'IMAGE':<50} {'STATE':<8} {'PUSHES':<7} {'SIZE':<10} DIGEST")
    for row in found["images"]:
        print(f"{row['name']:<50} {row['state']:<8} {row['pushes']:<7} {row['size_bytes'] / (1 << 20):<10.1f} {row['digest'][:19]}")
    rest = "and every other image" if found["has_everything"] else "and nothing else"
    broken = "; ".join(f"{row['domain']} is broken: {row['mode']}" for row in found["broken"])
    print(f"{rest}, {found['bytes_per_s'] / (1 << 20):g} MiB a second{'; ' + broken if broken else ''}")


def git(chosen) -> None:
    if chosen.action == "log":
        for row in call("GET", f"/sandboxes/{quote(chosen.sandbox)}/repositories")["commits"]:
            if not chosen.words or row["repository"].startswith(chosen.words[0]):
                print(f"{row['hash'][:7]} {row['repository']} {row['branch']}: {row['message']} ({', '.join(row['files'])})")
        return
    if len(chosen.words) < 2:
        raise Problem("git push wants a URL and files: manage.py git main push https://git.example/site index.html='<h1>Hi</h1>'")
    url, *words = chosen.words
    files = [part for word in words for part in _file_of(word)]
    call("POST", f"/sandboxes/{quote(chosen.sandbox)}/fault", {"action": "git-push", "args": [url, chosen.message, *files]})


def _file_of(word: str) -> "tuple[str, str]":
    """PATH=TEXT, or the name of a file on this machine: what is committed under which path."""
    path, is_text, text = word.partition("=")
    return (path, text) if is_text else (os.path.basename(word), _text_of(word, "neither PATH=TEXT nor a text file that can be read"))


def _text_of(name: str, otherwise: str) -> str:
    """What is in a text file of this machine."""
    try:
        with open(name, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{name!r} is {otherwise} ({error})") from None


def _node_names(text: str) -> list[str]:
    """Names with commas between, or how many nodes there shall be."""
    if text.isdecimal():
        digits = text.lstrip("0") or "0"
        count = min(int(digits), MOST_NODES) if len(digits) < 6 else MOST_NODES
        return [f"k8snode{number}" for number in range(1, count + 1)]
    return [name for name in text.split(",") if name]


def create(chosen) -> None:
    nodes = _node_names(chosen.nodes) if chosen.nodes is not None else None
    scheduling = _text_of(chosen.scheduler_config, "no text file that can be read") if chosen.scheduler_config else None
    call("POST", "/sandboxes", {"name": chosen.name, "profile": chosen.profile, "nodes": nodes, "node_cpu": chosen.node_cpu,
                                "node_memory": chosen.node_memory, "seed": chosen.seed, "rbac": chosen.rbac,
                                "parallel_pulls": chosen.parallel_pulls, "scheduler_config": scheduling})
    print(f"sandbox {chosen.name} created")


def listing(chosen) -> None:
    print(f"{'NAME':<20} {'PROFILE':<10} {'MODE':<10} {'SPEED':<6} {'STEPS':<10} NODES")
    for row in call("GET", "/sandboxes")["sandboxes"]:
        print(f"{row['name']:<20} {row['profile']:<10} {row['mode']:<10} {row['speed']:<6g} {row['steps']:<10} {','.join(row['nodes'])}")


def delete(chosen) -> None:
    call("DELETE", f"/sandboxes/{quote(chosen.name)}")
    print(f"sandbox {chosen.name} deleted")


def reset(chosen) -> None:
    call("POST", f"/sandboxes/{quote(chosen.name)}/control", {"action": "reset"})
    print(f"sandbox {chosen.name} reset")


# -- their words ------------------------------------------------------------------------------------------------------


def parser_of(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"manage.py {command}", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", metavar="DIR", help="the running server's data folder, if it is not the usual one")
    WORDS[command](parser)
    return parser


def _kubeconfig_words(parser) -> None:
    parser.description = ("Print a kubeconfig of the running server's sandbox, so that kubectl can talk to it:\n\n"
                          "  python3 manage.py kubeconfig > podlife.yaml\n  kubectl --kubeconfig podlife.yaml get pods")
    parser.add_argument("sandbox", nargs="?", default="main", metavar="SANDBOX", help="its name (default: main)")
    parser.set_defaults(run=kubeconfig)


def _control_words(parser) -> None:
    parser.description = "The page's time controls, from a shell."
    parser.epilog = "actions:\n" + "\n".join(f"  {name:<8} {text}" for name, text in ACTIONS.items())
    parser.add_argument("sandbox", metavar="SANDBOX")
    parser.add_argument("action", choices=list(ACTIONS), metavar="ACTION")
    parser.add_argument("value", nargs="?", metavar="N | X")
    parser.set_defaults(run=control)


def _fault_words(parser) -> None:
    parser.description = "Break or mend something in a sandbox, from outside the Kubernetes API."
    parser.epilog = "actions:\n" + "\n".join("  " + " ".join([name, *wanted]) for name, wanted in ARGUMENTS.items())
    parser.add_argument("sandbox", metavar="SANDBOX")
    parser.add_argument("action", metavar="ACTION")
    parser.add_argument("words", nargs="*", metavar="ARGUMENT")
    parser.set_defaults(run=fault)


def _registry_words(parser) -> None:
    parser.description = "The registry that all nodes of a sandbox pull from. Untouched, it has every image."
    parser.epilog = ("actions:\n  list\n  push IMAGE [SIZE_MIB | private]   a new digest under this tag; private: pulls need an imagePullSecret\n"
                     "  remove IMAGE\n  empty                             only what is pushed from now on is there\n"
                     "  slow MIB_PER_SECOND\n  break [MODE] [DOMAIN]             MODE: " + ", ".join(MODES) + " (default: down)\n"
                     "  mend [DOMAIN]                     as it was at first; with a domain, that one answers again")
    parser.add_argument("sandbox", metavar="SANDBOX")
    parser.add_argument("action", choices=["list", "push", "remove", "empty", "slow", "break", "mend"], metavar="ACTION")
    parser.add_argument("words", nargs="*", metavar="ARGUMENT")
    parser.set_defaults(run=registry)


def _git_words(parser) -> None:
    parser.description = "The Git repositories of a sandbox, which Pods pull from (git-sync); https://git.example/site is there at first."
    parser.epilog = ("actions:\n  push URL[#BRANCH] PATH=TEXT | FILE …   commit to that branch (main); a repository is made if need be,\n"
                     "                                         an empty TEXT removes a file\n"
                     "  log [URL]")
    parser.add_argument("sandbox", metavar="SANDBOX")
    parser.add_argument("action", choices=["push", "log"], metavar="ACTION")
    parser.add_argument("words", nargs="*", metavar="ARGUMENT")
    parser.add_argument("-m", "--message", default="Change files", help="of the commit")
    parser.set_defaults(run=git)


def _sandbox_words(parser) -> None:
    parser.description = "Make, list, delete or reset sandboxes: each is a cluster of its own."
    actions = parser.add_subparsers(required=True, metavar="create | list | delete | reset")
    making = actions.add_parser("create", help="make a sandbox")
    making.add_argument("name", metavar="NAME")
    making.add_argument("--profile", choices=list(PROFILES), default="learner", help="default: learner")
    making.add_argument("--nodes", metavar="k8snode1,k8snode2", help="node names, with commas between, or how many (at most 1000)")
    making.add_argument("--node-cpu", metavar="4", help="CPUs of each node")
    making.add_argument("--node-memory", metavar="8Gi", help="memory of each node")
    making.add_argument("--seed", type=int, metavar="N", help="the same seed and inputs give the same run")
    making.add_argument("--rbac", action=argparse.BooleanOptionalAction, help="whether Roles and bindings decide about everybody")
    making.add_argument("--parallel-pulls", type=int, metavar="N", help="how many images a node pulls at once (default: 1; 0: no limit)")
    making.add_argument("--scheduler-config", metavar="FILE", help="a KubeSchedulerConfiguration: profiles, plugins and their arguments")
    making.set_defaults(run=create)
    actions.add_parser("list", help="list sandboxes").set_defaults(run=listing)
    for name, text, run in (("delete", "delete a sandbox", delete), ("reset", "a fresh cluster from the same settings", reset)):
        one = actions.add_parser(name, help=text)
        one.add_argument("name", metavar="NAME")
        one.set_defaults(run=run)


WORDS = {"kubeconfig": _kubeconfig_words, "control": _control_words, "fault": _fault_words, "sandbox": _sandbox_words,
         "registry": _registry_words, "git": _git_words}


# -- the server -------------------------------------------------------------------------------------------------------


def server_url() -> str:
    """The running server's address. Raises Problem when none is known."""
    try:
        return json.loads((paths.data_dir() / "server.json").read_text())["url"]
    except (OSError, ValueError, KeyError):
        raise Problem("no server is running here: start one with `python3 manage.py up`.") from None


def call(method: str, path: str, body: "dict | None" = None):
    """One call of the control API: its JSON, or its text. Raises Problem with the server's words."""
    url = urlsplit(server_url())
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT_S)
    try:
        connection.request(method, "/api" + path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        text = reply.read().decode()
    except OSError as error:
        raise Problem(f"the server at {url.geturl()} does not answer ({error}): start it with `python3 manage.py up`.") from None
    finally:
        connection.close()
    is_json = reply.headers.get("Content-Type", "").startswith("application/json")
    if reply.status >= 400:
        found = json.loads(text) if is_json else {}
        raise Problem(str(found.get("error") or found.get("detail") or f"{reply.status}: {text[:300]}"))
    return json.loads(text) if is_json else text
