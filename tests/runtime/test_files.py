"""Files and archives of a container: what the small tools do with them, in busybox's words."""

import io
import tarfile

import pytest

from cluster.runtime.files import DISK_BYTES
from cluster.runtime.filesystem import Mount
from cluster.runtime.octets import bytes_of, text_of
from cluster.runtime.shell import archives
from cluster.runtime.state import Process, RuntimeState
from cluster.runtime.world import ContainerWorld

from .shell.programs import Container
from .test_shell import shell


@pytest.fixture
def world():
    process = Process(container="c", kind="server", argv=["x"], hostname="pod", mounts={"/data": Mount("uid/shared")})
    return ContainerWorld(RuntimeState(), "c", "uid", process, 0, "2026-01-01T09:00:00Z", 1767258000)


def tar(world, *words, stdin=""):
    return archives.tar(world, ["tar", *words], stdin)


def archive_of(**members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return text_of(buffer.getvalue())


def test_any_bytes_go_in_and_out_of_a_container(world):
    data = bytes(range(256)) * 50
    assert tar(world, "-xmf", "-", "-C", "/tmp", stdin=archive_of(bin=data)).status == 0
    outcome = tar(world, "cf", "-", "/tmp/bin")
    with tarfile.open(fileobj=io.BytesIO(bytes_of(outcome.output))) as archive:
        [member] = archive.getmembers()
        assert (member.name, member.mtime, archive.extractfile(member).read()) == ("tmp/bin", 1767258000, data)
    assert outcome.notes == "tar: removing leading '/' from member names\n"


def test_a_folder_is_archived_with_all_that_is_in_it(world):
    world.put_file("/opt/site/a/x", "x")
    world.put_file("/opt/site/y", "y")
    world.make_folder("/opt/site/empty")
    outcome = tar(world, "cf", "-", "-C", "/opt", "site")
    listed = tar(world, "t", stdin=outcome.output).output.splitlines()
    assert listed == ["site/", "site/a/", "site/a/x", "site/empty/", "site/y"]


def test_files_of_a_volume_are_the_volumes(world):
    tar(world, "-xmf", "-", "-C", "/data", stdin=archive_of(x=b"1"))
    assert world.state.volumes["uid/shared"].nodes["/x"].text == "1" and not world.process.files


@pytest.mark.parametrize(
    ("words", "stdin", "errors"),
    [
        (["cf", "-", "/nope"], "", "tar: /nope: No such file or directory\ntar: error exit delayed from previous errors\n"),
        (["-xmf", "-", "-C", "/nodir"], "", "tar: can't change directory to '/nodir': No such file or directory\n"),
        (["-xf", "-"], "no archive", "tar: short read\n"),
        (["-xf", "-"], "x" * 1024, "tar: invalid tar magic\n"),
        (["-xf", "-"], archive_of(a=b"x" * (DISK_BYTES + 1)), "tar: can't write 'a': No space left on device\n"),
        (["-xf", "-"], archive_of(**{"..__a": b"x"}), "tar: name with '..' skipped: '../a'\n"),
    ],
)
def test_what_cannot_be_done_is_said_as_busybox_says_it(world, words, stdin, errors):
    outcome = tar(world, *words, stdin=stdin)
    assert (outcome.status, outcome.notes + outcome.errors) == (1, errors)


@pytest.mark.parametrize(
    ("script", "log"),
    [
        ("mkdir /work; ls /work; echo x > /work/f; ls /work", ["f"]),
        ("mkdir -p /a/b/c; ls /a; rmdir /a; test -d /a/b && echo still", ["b", "rmdir: '/a': Directory not empty", "still"]),
        ("mkdir /x/y", ["mkdir: can't create directory '/x/y': No such file or directory"]),
        ("echo 1 > /tmp/f; cp /tmp/f /tmp/g; mv /tmp/f /h; ls /tmp; cat /h", ["g", "1"]),
        ("mkdir /d; echo 1 > /d/f; rm /d; rm -r /d; ls /d", ["rm: '/d' is a directory", "ls: /d: No such file or directory"]),
        ("echo b > /f; echo a >> /f; sort < /f | tee /g; cat /g", ["a", "b", "a", "b"]),
        ("cat /etc/hostname; test -d /tmp && echo tmp; ls /nope", ["pod", "tmp", "ls: /nope: No such file or directory"]),
        ("seq 1 12 > /f; tail -n 2 /f; tail -n +11 /f; tail -c 3 /f; tail -1 < /f; tail /none", ["11", "12", "11", "12", "12", "12",
                                                                                   "tail: can't open '/none': No such file or directory"]),
        ("seq 1 12 | tail -n +12; seq 1 3 > /f; tail -c+3 /f; tail -c+0 /f | wc -c; head -c 2 /f; head -n -2 /f; tail -n x /f", [
            "12", "2", "3", "6", "1", "1", "tail: invalid number 'x'"]),
        ("printf 'a b\\nc\\n' > /f; wc /f; wc -l /f; wc -w < /f; wc /none", [
            "        2         3         6 /f", "2 /f", "3", "wc: /none: No such file or directory"]),
        ("cd tmp; echo x > rel; cat /tmp/rel", ["x"]),
    ],
)
def test_the_tools_work_on_files(script, log):
    assert shell(script).until(5_000).log == log


def test_a_full_disk_is_said():
    container = Container(["cp", "/big", "/other"])
    container.world.put_file("/big", "x" * DISK_BYTES)
    assert container.run().errors == "cp: write error: No space left on device\n"


def test_names_that_are_no_utf8_go_in_and_out(world):
    assert tar(world, "xf", "-", "-C", "/tmp", stdin=archive_of(**{"caf\udce9": b"x"})).status == 0
    assert list(world.process.files) == ["/tmp/" + text_of(b"caf\xe9")]
    outcome = tar(world, "cf", "-", "-C", "/tmp", text_of(b"caf\xe9"))
    with tarfile.open(fileobj=io.BytesIO(bytes_of(outcome.output))) as archive:
        assert archive.getnames() == ["caf\udce9"]


def test_a_sparse_file_is_as_large_as_it_says():
    process = Process(container="c", kind="server", argv=["x"], hostname="pod")
    small = ContainerWorld(RuntimeState(), "c", "uid", process, 0, "2026-01-01T09:00:00Z", 1767258000)
    member = tarfile.TarInfo("hole")
    member.type = tarfile.GNUTYPE_SPARSE
    head = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    head[483:495] = tarfile.itn(1 << 60, 12, tarfile.GNU_FORMAT)  # its size with what is left out
    head[148:156] = b"%06o\0 " % tarfile.calc_chksums(bytes(head))[0]
    outcome = tar(small, "xf", "-", "-C", "/tmp", stdin=text_of(bytes(head) + bytes(1024)))
    assert outcome.errors == "tar: can't write 'hole': No space left on device\n" and not process.files


def test_names_that_announce_names_without_end_are_no_archive(world):
    link = tarfile.TarInfo("././@LongLink")
    link.type, link.size = tarfile.GNUTYPE_LONGNAME, 1
    block = link.tobuf(tarfile.GNU_FORMAT) + b"a" + bytes(511)
    assert tar(world, "xf", "-", stdin=text_of(block * 2000)).errors == "tar: invalid tar magic\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("mv /tmp/a /tmp/a", "mv: '/tmp/a' and '/tmp/a' are the same file"),
        ("mv /tmp/a /tmp", "mv: '/tmp/a' and '/tmp/a' are the same file"),
        ("cp /tmp/a /tmp/../tmp/a", "cp: '/tmp/a' and '/tmp/../tmp/a' are the same file"),
        ("mkdir /tmp/f; mv /tmp/a /tmp/f/a; mv /tmp/f /tmp/f/g; mv /tmp/f/a /tmp/a", "mv: can't rename '/tmp/f': Invalid argument"),
    ],
)
def test_nothing_is_lost_by_moving_it_onto_or_into_itself(script, words):
    assert shell(f"echo x > /tmp/a; {script}; cat /tmp/a").until(2000).log == [words, "x"]
