"""tomcat: a JVM that takes some seconds before it listens on 8080; its log is catalina's; it ends on SIGTERM with 143 (128 + 15).

Sources: the recordings' tomcat/tomcat-8.5-jre8:v1 (sizes and ids are that image's); Tomcat 8.5's catalina log.
"""

from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.words import Stamp

VERSION = "8.5.100"
LOG = "/usr/local/tomcat/logs/catalina.{day}.log"
JVM_MS, DEPLOY_MS = (900, 1_600), (1_200, 2_900)  # until the first line, and until it listens
ENDS_MS = 20
CLASSES = "org.apache.catalina.startup."


def catalina(me: Running) -> Act:
    """The JVM comes up, then the connector and the web application, then it serves."""
    if me.step == 0:
        return Act(me.between(*JVM_MS))
    if me.step == 1:
        me.notes["began_ms"] = me.now_ms
        _log(me, CLASSES + "VersionLoggerListener.log", f"Server version name:   Apache Tomcat/{VERSION}")
        _log(me, CLASSES + "VersionLoggerListener.log", "CATALINA_BASE:         /usr/local/tomcat")
        _log(me, "org.apache.coyote.AbstractProtocol.init", 'Initializing ProtocolHandler ["http-nio-8080"]')
        _log(me, CLASSES + "Catalina.load", "Initialization processed in 412 ms")
        _log(me, "org.apache.catalina.core.StandardService.startInternal", "Starting service [Catalina]")
        _log(me, "org.apache.catalina.core.StandardEngine.startInternal", f"Starting Servlet engine: [Apache Tomcat/{VERSION}]")
        return Act(me.between(*DEPLOY_MS))
    if not me.listen(8080, "tomcat"):
        _log(me, "org.apache.coyote.AbstractProtocol.start", 'Failed to start end point associated with ProtocolHandler ["http-nio-8080"]', "SEVERE")
        return Act()  # the JVM goes on without its connector
    _log(me, "org.apache.coyote.AbstractProtocol.start", 'Starting ProtocolHandler ["http-nio-8080"]')
    _log(me, CLASSES + "Catalina.start", f"Server startup in {me.now_ms - me.notes['began_ms']} ms")
    return Act()


def _log(me: Running, where: str, words: str, level: str = "INFO") -> None:
    """Into catalina's file and to standard error."""
    stamp = Stamp(me.world)
    line = f"{stamp.java} {level} [main] {where} {words}"
    me.say(line, "stderr")
    me.world.put_file(LOG.format(day=stamp.day), (me.world.read_file(LOG.format(day=stamp.day)) or "") + line + "\n")


def on_signal(me: Running, name: str) -> Act | None:
    """The JVM's shutdown hooks, then its end."""
    code = {"TERM": 143, "INT": 130, "HUP": 129}.get(name)
    if code is None:
        return None
    if me.process.listens:
        _log(me, "org.apache.coyote.AbstractProtocol.pause", 'Pausing ProtocolHandler ["http-nio-8080"]')
        _log(me, "org.apache.catalina.core.StandardService.stopInternal", "Stopping service [Catalina]")
        _log(me, "org.apache.coyote.AbstractProtocol.stop", 'Stopping ProtocolHandler ["http-nio-8080"]')
    me.process.listens.clear()
    return Act(ENDS_MS, code)


IMAGE = Image(
    names=("docker.io/tomcat/tomcat-8.5-jre8:v1",),
    repositories=("docker.io/library/tomcat",),
    size_bytes=1_037_394,
    id="sha256:a6d945dae1e345569578554a40a6d679c2e349ed867a245a9d8dde8a3a3f4d2e",
    command=("catalina.sh", "run"),
    exit_codes={"TERM": 143, "INT": 130, "HUP": 129},
    programs={"catalina.sh": catalina},
    signals=on_signal,
)
