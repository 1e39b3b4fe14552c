"""python: `python -m http.server [PORT] [--directory FOLDER]`; other scripts run until they are stopped, and say so. Alone it ends at once.

Source: Python's http.server.
"""

from __future__ import annotations

import posixpath

from cluster.runtime.http import Asked, Malformed, log_date
from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.servers import TYPES, Served
from cluster.runtime.words import asked_for, flags, go_answer, number_of
from cluster.runtime.world import ContainerWorld


def python(me: Running) -> Act:
    words = [word for word in me.argv[1:] if word != "-u"]
    if not words:
        return Act(code=0)  # without a terminal it reads the end of its input
    if words[:2] != ["-m", "http.server"]:
        me.say(f"this is not simulated, and runs until it is stopped: {' '.join(me.argv)}"[:500], "stderr")
        return Act()
    found, rest = flags(words[2:], plain=("cgi",))
    port, folder = number_of(rest[0] if rest else "", 8000), found.get("directory", found.get("d", "/"))
    if not me.listen(port, f"http.server {folder}"):
        me.say("OSError: [Errno 98] Address already in use", "stderr")
        return Act(code=1)
    me.say(f"Serving HTTP on 0.0.0.0 port {port} (http://0.0.0.0:{port}/) ...")
    return Act()


def answer(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """A file, or the list of a folder."""
    path, _ = asked_for(asked)
    full = posixpath.normpath(setting + path)
    index = full + "/index.html" if world.is_folder(full) else full
    text, code, kind = world.read_file(index), 200, TYPES.get(index[index.rfind(".") :], "application/octet-stream")
    if text is None and world.is_folder(full):
        rows = "".join(f'<li><a href="{name}">{name}</a></li>\n' for name in world.names(full))
        text, kind = f"<!DOCTYPE HTML>\n<html>\n<body>\n<h1>Directory listing for {path}</h1>\n<ul>\n{rows}</ul>\n</body>\n</html>\n", "text/html"
    elif text is None:
        text, code, kind = "<!DOCTYPE HTML>\n<html>\n<body>\n<h1>Error response</h1>\n<p>Error code: 404</p>\n</body>\n</html>\n", 404, "text/html"
    said = f"{asked.method} {asked.target} {asked.version}" if isinstance(asked, Asked) else ""
    line = f'{world.client} - - [{log_date(world.date_text).partition(" ")[0].replace(":", " ", 1)}] "{said}" {code} -\n'
    served = go_answer(world, asked, text, code=code, kind=kind, headers=(("Server", "SimpleHTTP/0.6 Python/3.13.7"),))
    return served._replace(lines=(("stderr", line),))


IMAGE = Image(
    repositories=("docker.io/library/python",),
    size_bytes=0,
    command=("python3",),
    exit_codes={},
    programs={"python": python, "python3": python},
    answers={"http.server": answer},
)
