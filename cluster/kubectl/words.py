"""The command lines that the page's buttons stand for."""

from __future__ import annotations


def command_line(command: dict) -> str:
    """`kubectl apply -f nginx-deploy.yaml`, as a person would type it."""
    action = command.get("action", "")
    words = ["kubectl", action]
    if command.get("files"):
        for file in command["files"]:
            words += ["-f", _quoted(file.get("name") or "manifest.yaml")]
    elif command.get("resource"):
        words += [command["resource"], *([command["name"]] if command.get("name") else [])]
    if action == "scale" and command.get("replicas") is not None:
        words.append(f"--replicas={command['replicas']}")
    if command.get("cascade"):
        words.append(f"--cascade={command['cascade']}")
    if command.get("grace_period") is not None:
        words.append(f"--grace-period={command['grace_period']}")
    words += ["--force"] if command.get("force") else []
    words += ["-n", command["namespace"]] if command.get("namespace") and command["namespace"] != "default" else []
    return " ".join(words)


def _quoted(name: str) -> str:
    return f"'{name}'" if any(char in name for char in " '\"$&;|<>()*?\\`") else name
