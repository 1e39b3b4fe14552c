"""Connections into a Pod: who listens, what is answered, what is logged, how they end."""

import pytest

from cluster.runtime.http import Malformed, request_of
from cluster.runtime.octets import bytes_of

from .test_shell import Runtime


class Forwarded:
    """A container with connections to it."""

    def __init__(self, *command, image="nginx/nginx:v1", **options):
        self.runtime = Runtime(list(command), image=image, **options)
        self.containerd, self.heard = self.runtime.containerd, []
        self.containerd.heard = lambda number, channel, said: self.heard.append((channel, said))

    def connect(self, port=80, number=1):
        self.containerd.forward_asked(number, "uid", "default/pod", port)
        return self

    def send(self, text, number=1):
        self.containerd.forward_input(number, text)
        return self.wait()

    def wait(self, ms=100):
        self.runtime.until(self.runtime.engine.now_ms + ms)
        return self

    @property
    def said(self):
        return "".join(said for channel, said in self.heard if channel == "data")


GET = "GET {} HTTP/1.1\r\nHost: pod\r\nUser-Agent: test\r\n\r\n"


def test_nginx_answers_with_its_page_and_logs_the_request():
    forwarded = Forwarded().connect().send(GET.format("/"))
    head, _, body = forwarded.said.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\nServer: nginx/1.29.1\r\nDate: Thu, 01 Jan 2026 09:00:00 GMT\r\n")
    assert "Welcome to nginx!" in body and f"Content-Length: {len(bytes_of(body))}\r\n" in head
    length = len(bytes_of(body))
    assert forwarded.runtime.log == [f'127.0.0.1 - - [01/Jan/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 {length} "-" "test" "-"']


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (GET.format("/nope"), 404),
        (GET.format("/../etc/hostname"), 404),
        (GET.format("/").replace("GET", "HEAD"), 200),
        (GET.format("/").replace("GET", "POST"), 405),
        ("hello?\r\n\r\n", 400),
        ("\x16\x03\x01", 400),
        (GET.format("/").replace("Host", "Content-Length: 99999999\r\nHost"), 413),
    ],
)
def test_nginx_answers_what_it_does_not_serve(sent, code):
    assert Forwarded().connect().send(sent).said.startswith(f"HTTP/1.1 {code} ")


def test_a_file_that_is_written_into_its_root_is_served():
    forwarded = Forwarded().connect()
    command = ["sh", "-c", "echo mine > /usr/share/nginx/html/x.txt"]
    forwarded.containerd.exec_asked(9, forwarded.runtime.id, command, has_input=False, has_terminal=False)
    forwarded.wait(500).send(GET.format("/x.txt"))
    assert forwarded.said.endswith("Content-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\nAccept-Ranges: bytes\r\n\r\nmine\n")


def test_a_connection_is_kept_for_the_next_request_until_either_side_ends_it():
    forwarded = Forwarded().connect().send(GET.format("/") + GET.format("/"))
    assert forwarded.said.count("HTTP/1.1 200 OK") == 2 and ("exit", 0) not in forwarded.heard
    forwarded.send(GET.format("/").replace("Host", "Connection: close\r\nHost"))
    assert forwarded.heard[-1] == ("exit", 0) and not forwarded.containerd.state.forwards


def test_half_a_request_is_waited_for_and_a_client_that_hangs_up_is_let_go():
    forwarded = Forwarded().connect().send("GET / HT")
    assert forwarded.heard == []
    forwarded.containerd.forward_closed(1)
    assert forwarded.heard == [("exit", 0)]


def test_a_port_without_a_listener_refuses_in_the_runtimes_words():
    forwarded = Forwarded().connect(81).wait()
    [sandbox] = forwarded.containerd.sandboxes("uid")
    [(channel, words)] = forwarded.heard
    assert channel == "error" and words == (
        f"error forwarding port 81 to pod {sandbox.id}, uid : failed to execute portforward in network namespace "
        f'"/var/run/netns/{sandbox.netns}": failed to connect to localhost:81 inside namespace "{sandbox.id}", '
        "IPv4: dial tcp4 127.0.0.1:81: connect: connection refused IPv6 dial tcp6 [::1]:81: connect: connection refused "
    )


def test_connections_end_with_their_container():
    forwarded = Forwarded().connect().wait()
    forwarded.containerd.signal(forwarded.runtime.id, "KILL")
    assert forwarded.wait(2_000).heard == [("exit", 0)]


def test_tomcat_listens_on_8080_and_logs_into_a_file():
    forwarded = Forwarded(image="tomcat/tomcat-8.5-jre8:v1").wait(6_000).connect(8080).send(GET.format("/"))
    assert forwarded.said.startswith("HTTP/1.1 200 \r\n") and "Apache Tomcat/8.5" in forwarded.said
    [process] = forwarded.containerd.state.processes.values()
    assert '"GET / HTTP/1.1" 200' in process.files["/usr/local/tomcat/logs/localhost_access_log.2026-01-01.txt"].text


def test_a_script_that_starts_httpd_listens_from_then_on():
    forwarded = Forwarded("sh", "-c", "sleep 1; mkdir /www; echo hi > /www/index.html; httpd -f -p 8000 -h /www", image="busybox:1")
    assert forwarded.connect(8000).wait().heard[0][0] == "error"
    assert forwarded.wait(1_500).connect(8000, number=2).send(GET.format("/"), number=2).said.endswith("\r\n\r\nhi\n")


@pytest.mark.parametrize("text", ["GET /", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"])
def test_a_request_that_is_not_all_there_is_none_yet(text):
    assert request_of(text) == (None, text)


@pytest.mark.parametrize("text", ["GET\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                                  "GET / HTTP/1.1\r\nContent-Length: " + "9" * 5000 + "\r\n\r\n", "G" * 20_000])
def test_what_is_no_request_is_refused(text):
    with pytest.raises(Malformed):
        request_of(text)
