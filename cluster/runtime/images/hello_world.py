"""hello-world: prints a few lines and ends."""

from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running

LINES = (
    "",
    "Hello from Docker!",
    "This message shows that your installation appears to be working correctly.",
    "",
)


def hello(me: Running) -> Act:
    """Say so, and end well."""
    for line in LINES:
        me.say(line)
    return Act(code=0)


IMAGE = Image(
    repositories=("docker.io/library/hello-world",),
    size_bytes=0,
    command=("/hello",),
    exit_codes={},
    shell=False,
    programs={"hello": hello},
)
