"""nginx/nginx:v1: serves the files of its root on port 80 (see servers.py) until told to stop; SIGTERM and SIGQUIT both end it with 0.

It says nothing at its start: the recorded image is nginx's in its signals and exit codes alone. docker.io/library/nginx: nginx_official.py.
Source: the recordings' nginx/nginx:v1 (sizes and ids are that image's).
"""

from cluster.runtime.image import Image

WELCOME = """<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page is /usr/share/nginx/html/index.html of the container. The web server works.</p>
</body>
</html>
"""
ERROR = "<!DOCTYPE html>\n<html>\n<head><title>Error</title></head>\n<body><h1>An error occurred.</h1></body>\n</html>\n"

IMAGE = Image(
    names=("docker.io/nginx/nginx:v1",),
    size_bytes=1_037_429,
    id="sha256:a21a9becf3ec39fea15193080bbc111394991802c8e9c5b1ca72d22c972994ae",
    command=("nginx", "-g", "daemon off;"),
    exit_codes={"TERM": 0, "QUIT": 0, "INT": 0},
    stop_signal="QUIT",
    serves={80: "nginx"},
    files={"/usr/share/nginx/html/index.html": WELCOME, "/usr/share/nginx/html/50x.html": ERROR},
)
