"""tomcat: the JVM ends on SIGTERM with 143 (128 + 15).

Source: the recordings' tomcat/tomcat-8.5-jre8:v1 (sizes and ids are that image's).
"""

from cluster.runtime.image import Image

IMAGE = Image(
    names=("docker.io/tomcat/tomcat-8.5-jre8:v1",),
    repositories=("docker.io/library/tomcat",),
    size_bytes=1_037_394,
    id="sha256:a6d945dae1e345569578554a40a6d679c2e349ed867a245a9d8dde8a3a3f4d2e",
    command=("catalina.sh", "run"),
    exit_codes={"TERM": 143, "INT": 130, "HUP": 129},
    serves={8080: "tomcat"},
)
