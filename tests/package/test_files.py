"""Getting the files of Fashion-MNIST, and what may go wrong meanwhile.

Mirrors are real servers on loopback that misbehave; small files stand for the
published ones. Where a mirror makes us wait, time limits run at SCALE of their
real length, and so does the minute within which all must have come to an end.
"""

import gzip
import hashlib
import os
import random
import re
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import nbclient
import nbformat
import numpy as np
import pytest

import d2lmini as d2l
from d2lmini.support import files as module
from d2lmini.support import standin

SCALE = 0.06
MINUTE = 60 * SCALE
CONTENTS = {
    name: gzip.compress(header + bytes(range(count)), mtime=0)
    for name, header, count in [
        ("images.gz", bytes([0, 0, 8, 3] + [0, 0, 0, 2] * 3), 8),
        ("labels.gz", bytes([0, 0, 8, 1] + [0, 0, 0, 2]), 2),
    ]
}
IMAGES = [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]


def describe(contents):
    return {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    }


def noise(size):
    """Return the bytes of an IDX file that cannot be compressed."""
    header = bytes([0, 0, 8, 1]) + struct.pack(">I", size)
    content = header + random.Random(0).randbytes(size)
    return gzip.compress(content, 0, mtime=0)


@pytest.fixture(autouse=True)
def settings(request, monkeypatch):
    monkeypatch.setattr(module, "FILES", describe(CONTENTS))
    monkeypatch.setenv("D2LMINI_STANDIN", "never")
    monkeypatch.setattr(module, "PAUSE", SCALE * module.PAUSE)
    monkeypatch.setattr(module, "_asks_from", 0)
    case = getattr(request.node, "callspec", None)
    if case and case.params.get("broken") in SLOW:
        request.getfixturevalue("hurry")


@pytest.fixture
def hurry(monkeypatch):
    """Shorten the time that a mirror is given."""
    for limit in ("WINDOW", "PATIENCE"):
        monkeypatch.setattr(module, limit, SCALE * getattr(module, limit))


in_a_hurry = pytest.mark.usefixtures("hurry")


# What a mirror may do with a request, once it has read it.


def respond(link, body, status="200 OK", length=None, headers=""):
    length = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n"
    link.sendall(head.encode() + body)


def good(link, content):
    respond(link, content)


def missing(link, content):
    respond(link, b"", "404 Not Found")


def failing(link, content):
    respond(link, content, "500 Internal Server Error")


def silent(link, content):
    link.recv(1)  # until the other side hangs up


def drip(link, data):
    for i in range(len(data)):
        link.sendall(data[i : i + 1])
        time.sleep(SCALE)  # what stands for one second


def dripping(link, content):
    respond(link, b"", length=len(content))
    drip(link, content)


def dripping_headers(link, content):
    drip(link, b"HTTP/1.1 200 OK\r\n" + 1000 * b"X-More: of them\r\n")


def cut(link, content):
    respond(link, content[:-9], length=len(content))


def longer(link, content):
    respond(link, content + content)


def reset(link, content):
    respond(link, content[:-9], length=len(content))
    reset_at_once(link, content)


def reset_at_once(link, content):
    link.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )


def other_content(link, content):
    respond(link, bytes(len(content)))


def web_page(link, content):
    respond(link, b"\n<!DOCTYPE html><html>Please log in.</html>")


def partial(link, content):
    respond(link, content[:9], "206 Partial Content")


def nothing(link, content):
    link.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def redirect(link, content):
    respond(link, b"", "302 Found", headers="Location: /images.gz\r\n")


def garbage(link, content):
    link.sendall(b"SSH-2.0-OpenSSH\r\n" * 9)


FAULTS = {
    missing: "404",
    failing: "500",
    silent: "0 bytes in",
    dripping: r"\d+ bytes in",
    dripping_headers: "0 bytes in",
    cut: "bytes, not",
    longer: "bytes, not",
    reset: "reset by peer",
    reset_at_once: "reset by peer",
    other_content: r"/: the right length, but the wrong SHA-256\n",
    web_page: r"/: a web page \(of a network that asks for a log-in\?\)\n",
    partial: "status 206",
    nothing: "status 204",
    redirect: "infinite loop",
    garbage: "SSH",
}


SLOW = {silent, dripping, dripping_headers}


def each(faults):
    return pytest.mark.parametrize("broken", faults, ids=lambda f: f.__name__)


class Mirror(socketserver.ThreadingTCPServer):
    """A server on loopback that treats every request by `answer`."""

    daemon_threads, block_on_close = True, False
    request_queue_size = 50

    def __init__(self, answer, contents, asked):
        super().__init__(("127.0.0.1", 0), None)
        self.answer, self.contents, self.asked = answer, contents, asked
        self.address = f"http://127.0.0.1:{self.server_address[1]}/"
        self.thread = threading.Thread(target=self.serve_forever, args=[0.02])
        self.thread.start()

    def finish_request(self, link, client):
        with link.makefile("rb") as request:
            name = request.readline().split()[1].decode().strip("/")
            while request.readline().strip():
                pass
        self.asked.append((self.address, name))
        try:
            self.answer(link, self.contents[name])
        except OSError:
            pass  # the other side has hung up

    def shutdown_request(self, link):
        link.close()


@pytest.fixture
def serve(monkeypatch):
    """Return a function that starts mirrors and returns what is asked."""
    mirrors = []

    def start(*answers, contents=CONTENTS):
        asked = []
        new = [Mirror(answer, contents, asked) for answer in answers]
        mirrors.extend(new)
        addresses = [mirror.address for mirror in new]
        monkeypatch.setattr(module, "MIRRORS", addresses)
        monkeypatch.setattr(module, "FILES", describe(contents))
        return asked

    yield start
    for mirror in mirrors:
        mirror.shutdown()
        mirror.server_close()


def assert_stops(folder, cause):
    """Check the end that a load comes to where no mirror is of use."""
    start = time.monotonic()
    with pytest.raises(OSError, match=cause) as caught:
        module._load_published(folder)
    assert time.monotonic() - start < MINUTE
    message = str(caught.value)
    assert message.startswith("images.gz could be neither found nor fetched:")
    assert len(message.splitlines()) == 3 + len(module.MIRRORS)
    for place in [str(folder), *module.MIRRORS]:
        assert place in message
    assert message.endswith(
        "\nPut it into that folder by hand, or let D2LMINI_DATA name one that "
        "has FashionMNIST/raw. D2LMINI_STANDIN=always does without it."
    )


def assert_loads(folder, asked=()):
    """Check that the arrays and the files are right and nothing else left."""
    arrays = module._load_published(folder)
    assert arrays["images.gz"].tolist() == IMAGES
    assert arrays["labels.gz"].tolist() == [0, 1]
    left = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert left == CONTENTS


def test_files_are_fetched_once(serve, tmp_path):
    asked = serve(good)
    start = time.monotonic()
    assert_loads(tmp_path / "raw")
    assert time.monotonic() - start < 1.5  # no pause before the first attempt
    assert [name for _, name in asked] == ["images.gz", "labels.gz"]
    assert_loads(tmp_path / "raw")
    assert len(asked) == 2


@each(FAULTS)
def test_a_broken_mirror_is_passed_over(broken, serve, tmp_path, capsys):
    asked = serve(broken, good)
    assert_loads(tmp_path)
    assert "110%" not in capsys.readouterr().out
    first, second = module.MIRRORS
    assert asked[0] == (first, "images.gz")
    # What failed is asked last from then on.
    assert asked[-2:] == [(second, "images.gz"), (second, "labels.gz")]


@each(FAULTS)
def test_broken_mirrors_end_in_advice_and_the_next_run_repairs(
    broken, serve, tmp_path
):
    asked = serve(broken, broken, broken)
    assert_stops(tmp_path, FAULTS[broken])
    if broken in SLOW:  # a WINDOW each, and that is all the PATIENCE
        assert len(asked) == 3
    assert list(tmp_path.iterdir()) == []
    serve(good)
    assert_loads(tmp_path)


@pytest.mark.parametrize(
    "address, cause",
    [
        ("http://nowhere.invalid/", r"invalid/: <urlopen error \[Errno"),
        ("http://127.0.0.1:1/", "refused"),
    ],
)
def test_a_mirror_that_is_not_there(
    address, cause, serve, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "MIRRORS", [address])
    assert_stops(tmp_path, cause)
    serve(good)
    module.MIRRORS.insert(0, address)
    assert_loads(tmp_path)


@each([failing, reset, cut, silent])
def test_the_only_mirror_is_asked_once_more(broken, serve, tmp_path):
    answers = iter([broken, good, broken, good])
    asked = serve(lambda link, content: next(answers)(link, content))
    assert_loads(tmp_path)
    assert len(asked) == 4


def test_mirrors_that_fail_fast_are_all_asked_once_more(serve, tmp_path):
    answers = iter([failing] * 3 + [good] * 2)
    moody = [lambda *request: next(answers)(*request)] * 3
    asked = serve(*moody)
    assert_loads(tmp_path)
    assert len(asked) == 5


def test_mirrors_are_these_and_all_secure():
    hosts = [mirror.split("/")[2] for mirror in MIRRORS]
    assert hosts == [
        "github.com",
        "storage.googleapis.com",
        "fashion-mnist.s3.eu-central-1.amazonaws.com",
    ]
    for mirror in MIRRORS:
        assert re.fullmatch(r"https://[a-z0-9.-]+/([a-z0-9-]+/)*", mirror)
    paths = [urlsplit(mirror).path for mirror in MIRRORS]
    assert paths == [
        "/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "/tensorflow/tf-keras-datasets/",
        "/",
    ]


MIRRORS, LIMITS = module.MIRRORS, (
    module.WINDOW, module.FLOOR, module.PATIENCE, module.PAUSE
)  # fmt: skip


def test_the_real_limits_add_up_to_less_than_a_minute():
    window, floor, patience, pause = LIMITS
    # The last attempt begins before PATIENCE is used up, and lasts a WINDOW.
    # Half a minute more is left for a machine on which that is drawn which
    # takes the place of the images.
    assert patience + window + 4 * pause < 50
    # Every mirror is waited for once; a modem is fast enough.
    assert patience >= window * len(MIRRORS)
    assert floor * 8 <= 100_000


@in_a_hurry
@pytest.mark.parametrize(
    "pattern, num_mirrors, num_files",
    [("0001", 3, 4), ("01", 1, 8)],
)
def test_mirrors_that_turn_silent_cannot_add_up_to_a_minute(
    pattern, num_mirrors, num_files, serve, tmp_path
):
    contents = {f"{i}.gz": CONTENTS["labels.gz"] for i in range(num_files)}
    turns = iter(100 * pattern)

    def moody(link, content):
        (good if next(turns) == "1" else silent)(link, content)

    asked = serve(*[moody] * num_mirrors, contents=contents)
    start = time.monotonic()
    try:
        module._load_published(tmp_path)
    except OSError as error:
        assert "0 bytes in" in str(error)
    assert time.monotonic() - start < MINUTE
    kept = {path.name for path in tmp_path.iterdir()}
    asked = serve(good, contents=contents)
    module._load_published(tmp_path)
    assert {name for _, name in asked} == contents.keys() - kept


def paced(rate, stall_after=None):
    """Return an answer that sends `rate` bytes a second, or stops midway."""

    def answer(link, content):
        respond(link, b"", length=len(content))
        for i in range(0, len(content), step := int(rate / 50)):
            if stall_after is not None and i > stall_after:
                drip(link, content[i:])
            link.sendall(content[i : i + step])
            time.sleep(0.02)

    return answer


@in_a_hurry
def test_a_slow_mirror_that_gets_on_is_given_its_time(serve, tmp_path):
    contents = {"big.gz": noise(int(4 * module.FLOOR * MINUTE * 1.1))}
    asked = serve(paced(4 * module.FLOOR), contents=contents)
    start = time.monotonic()
    module._load_published(tmp_path)
    assert time.monotonic() - start > MINUTE
    assert len(asked) == 1


def test_a_mirror_below_the_floor_is_given_up(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 1.5)
    asked = serve(
        paced(module.FLOOR / 1.5), good, contents={"a": noise(30_000)}
    )
    module._load_published(tmp_path)
    assert len(asked) == 2


@in_a_hurry
def test_a_mirror_that_stalls_midway_is_given_up(serve, tmp_path):
    # On the average of the whole time it would still be fast enough.
    contents = {"big.gz": noise(500_200)}
    stalling = paced(100 * module.FLOOR, stall_after=490_000)
    asked = serve(stalling, good, contents=contents)
    start = time.monotonic()
    module._load_published(tmp_path)
    assert time.monotonic() - start < MINUTE
    assert len(asked) == 2


@each([dripping, silent])
def test_a_download_that_was_given_up_does_not_go_on(broken, serve, tmp_path):
    serve(broken, good, contents={"small.gz": noise(200)})
    before = set(threading.enumerate())
    module._load_published(tmp_path)
    until = time.monotonic() + 3 * module.WINDOW
    left = True
    while left and time.monotonic() < until:
        new = set(threading.enumerate()) - before
        left = [t for t in new if isinstance(t, module._Transfer)]
        assert all(thread.daemon for thread in left)
        time.sleep(0.05)
    assert not left


def test_an_error_without_words_is_called_by_its_name(monkeypatch):
    def fail(url, timeout):
        raise TimeoutError

    monkeypatch.setattr("urllib.request.urlopen", fail)
    with pytest.raises(OSError, match=r"^TimeoutError\(\)$"):
        module._download("http://127.0.0.1/", 1)


# In processes of their own. They load the module by its path, which spares
# them the import of PyTorch.

LOAD = f"""
import importlib.util, os, time
from pathlib import Path
spec = importlib.util.spec_from_file_location("files", {module.__file__!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
vars(module).update({{settings}})
{{before}}
arrays = module._load_published(Path({{folder!r}}))
"""


def code_to_load(folder, before=""):
    settings = {"FILES": module.FILES, "MIRRORS": module.MIRRORS}
    return LOAD.format(folder=str(folder), before=before, settings=settings)


def start_load(folder, before="", **options):
    """Start a process that loads; it waits for a line before it does."""
    before += "\nprint('ready', flush=True); input()"
    code = code_to_load(folder, before)
    code += "print([array.sum() for array in arrays.values()])"
    env = os.environ.copy()
    env.pop("PYTHONUNBUFFERED", None)  # or nothing would have to be flushed
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        **options,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def go(process):
    process.stdin.write("\n")
    process.stdin.flush()


def kill(process):
    process.kill()  # SIGKILL
    process.communicate()


def assert_whole_or_absent(folder, contents):
    for name, content in contents.items():
        if (folder / name).exists():
            assert (folder / name).read_bytes() == content


def test_killed_before_a_file_gets_its_name(serve, tmp_path):
    asked = serve(good)
    hold = "os.replace = lambda *_: (print(flush=True), time.sleep(60))"
    process = start_load(tmp_path, hold)
    go(process)
    while "%" in process.stdout.readline():
        pass
    kill(process)
    (leftover,) = tmp_path.iterdir()
    assert leftover.name.endswith(module.PART)
    module._load_published(tmp_path)
    assert len(asked) == 3
    # It might belong to a process that lives; after an hour it does not.
    assert leftover.exists()


def test_a_process_that_gave_up_ends(serve, tmp_path):
    """The thread that waits for more does not hold it."""
    serve(dripping_headers)
    hasty = "module.WINDOW, module.PATIENCE, module.PAUSE = 0.2, 0.2, 0"
    process = start_load(tmp_path, hasty)
    _, stderr = process.communicate("\n", timeout=10)
    assert "0 bytes in 0.2 s" in stderr
    assert process.returncode == 1


def test_leftovers_of_the_dead_are_swept_away(serve, tmp_path):
    serve(good, contents=PUBLISHED)
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    part = module.PART
    # Of a browser, for example: none of our business.
    others = "train-images.gz.part", "train-images.gz.12ab34cd.part"
    for name in (f"a.0.9{part}", f"a.1.1{part}", *others):
        path = raw / name
        path.write_bytes(b"the first half")
        hours = 0.9 if "0.9" in name else 1.1
        os.utime(path, (0, time.time() - 3600 * hours))
    (raw / f"folder{part}").mkdir()  # which cannot be removed
    os.utime(raw / f"folder{part}", (0, 0))
    drawn = tmp_path / "FashionMNIST-standin" / "raw" / f"a{part}"
    drawn.parent.mkdir(parents=True)
    drawn.touch()
    os.utime(drawn, (0, 0))
    module.load_images(tmp_path)
    assert not drawn.exists()
    names = {path.name for path in raw.iterdir()}
    left = {f"a.0.9{part}", f"folder{part}", *others}
    assert names == {*PUBLISHED, *left}


def test_killed_at_any_moment(serve, tmp_path):
    contents = {f"{i}.gz": noise(3_000_000) for i in range(3)}
    serve(good, contents=contents)
    for milliseconds in range(5, 90, 12):
        process = start_load(tmp_path)
        go(process)
        time.sleep(milliseconds / 1000)
        kill(process)
        assert_whole_or_absent(tmp_path, contents)
    module._load_published(tmp_path)
    for name, content in contents.items():
        assert (tmp_path / name).read_bytes() == content


def test_many_processes_at_once(serve, tmp_path):
    contents = {f"{i}.gz": noise(1_000_000 + i) for i in range(3)}
    serve(good, contents=contents)
    processes = [start_load(tmp_path / "raw") for _ in range(4)]
    for process in processes:
        go(process)
    ends = {process.communicate(timeout=60) for process in processes}
    assert {process.returncode for process in processes} == {0}
    assert {stderr for _, stderr in ends} == {""}
    assert len({stdout.splitlines()[-1] for stdout, _ in ends}) == 1
    left = {p.name: p.read_bytes() for p in (tmp_path / "raw").iterdir()}
    assert left == contents


# Disks and folders.


@pytest.fixture
def mount(tmp_path):
    """Return a function that mounts a small file system of its own."""
    folder = tmp_path / "mounted"
    folder.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"mounting takes rights: {done.stderr.strip()}")
        return folder

    yield mount
    while folder.is_mount():
        subprocess.run(["umount", folder], check=True)


BIG = {"big.gz": noise(200_000), "small.gz": noise(9)}


def test_a_full_disk_costs_only_the_cache(mount, serve, tmp_path):
    asked = serve(good, contents=BIG)
    folder = mount("size=64k")
    with pytest.warns(UserWarning, match="keep big.gz: No space.*D2LMINI_DATA"):
        arrays = module._load_published(folder)
    assert arrays["big.gz"].size == 200_000
    assert [path.name for path in folder.iterdir()] == ["small.gz"]
    mount("remount,size=1m")
    module._load_published(folder)
    module._load_published(folder)
    assert [name for _, name in asked] == ["big.gz", "small.gz", "big.gz"]


def test_a_limit_on_the_size_of_files_costs_only_the_cache(serve, tmp_path):
    resource = pytest.importorskip("resource")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (64_000, 64_000))

    asked = serve(good, contents=BIG)
    process = start_load(tmp_path, preexec_fn=limit)
    _, stderr = process.communicate("\n")
    assert process.returncode == 0
    assert "could not keep big.gz: File too large" in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["small.gz"]
    module._load_published(tmp_path)
    assert [name for _, name in asked] == ["big.gz", "small.gz", "big.gz"]


@pytest.fixture
def read_only(request, tmp_path):
    """Return a function that forbids to write into a folder.

    Root may write whatever the permissions say, but not on such a mount.
    """
    if os.geteuid() == 0:
        mount = request.getfixturevalue("mount")
        yield mount("size=1m"), lambda: mount("remount,ro")
    else:
        folder = tmp_path / "folder"
        folder.mkdir()
        yield folder, lambda: folder.chmod(0o555)
        folder.chmod(0o755)


def test_a_folder_that_is_read_only_and_empty(read_only, serve):
    folder, forbid = read_only
    asked = serve(good)
    forbid()
    for _ in range(2):
        with pytest.warns(UserWarning, match="images.gz, labels.gz") as record:
            arrays = module._load_published(folder)
        assert len(record) == 1
        assert arrays["images.gz"].tolist() == IMAGES
    assert len(asked) == 4


def test_a_folder_that_is_read_only_and_full(read_only, serve):
    folder, forbid = read_only
    asked = serve(good)
    assert_loads(folder)
    forbid()
    assert_loads(folder)
    assert len(asked) == 2


def test_a_file_in_place_of_the_folder(serve, tmp_path):
    serve(good)
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="Not a directory|exists"):
        arrays = module._load_published(tmp_path / "file" / "raw")
    assert arrays["labels.gz"].tolist() == [0, 1]


def test_a_path_with_spaces_and_hangul(serve, tmp_path):
    serve(good)
    assert_loads(tmp_path / "my data" / "옷 사진" / "raw")
    serve(missing)
    assert_stops(tmp_path / "빈 폴더", "404")
    assert_loads(tmp_path / "my data" / "옷 사진" / "raw")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("umask, mode", [(0o022, 0o644), (0o027, 0o640)])
def test_others_may_read_what_the_umask_lets_them(umask, mode, serve, tmp_path):
    serve(good)
    old = os.umask(umask)
    try:
        module._load_published(tmp_path)
    finally:
        os.umask(old)
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {mode}


def refuse(source, target):
    """What Windows does while another process reads the target."""
    raise PermissionError(13, "Access is denied")


def test_a_file_in_use_that_is_good_need_not_be_replaced(
    serve, tmp_path, monkeypatch, recwarn
):
    def come_second(source, target):
        Path(target).write_bytes(CONTENTS[Path(target).name])
        refuse(source, target)

    serve(good)
    monkeypatch.setattr(os, "replace", come_second)
    assert_loads(tmp_path)
    assert not recwarn.list


def test_a_file_in_use_that_is_bad_is_not_believed(
    serve, tmp_path, monkeypatch
):
    serve(good)
    for name in CONTENTS:
        (tmp_path / name).write_bytes(b"bad")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.warns(UserWarning, match="Access is denied"):
            arrays = module._load_published(tmp_path)
    assert arrays["images.gz"].tolist() == IMAGES
    assert_loads(tmp_path)


def test_every_reason_is_told_once(serve, tmp_path, monkeypatch):
    def fail(source, target):
        full = "labels" in str(target)
        raise OSError(*((28, "No space") if full else (13, "Access is denied")))

    serve(good)
    monkeypatch.setattr(os, "replace", fail)
    with pytest.warns(UserWarning) as record:
        module._load_published(tmp_path)
    reasons = r"(No space, Access is denied|Access is denied, No space)"
    assert re.fullmatch(
        rf"{re.escape(str(tmp_path))} could not keep images.gz, labels.gz: "
        rf"{reasons}. The next run starts anew, unless D2LMINI_DATA names a "
        r"folder with 31 MB to write.",
        str(record[0].message),
    )
    assert list(tmp_path.iterdir()) == []


# Files that are there.


def damages(content):
    """Yield the content cut short at every length, and with every flip."""
    for i in range(len(content)):
        yield content[:i]
        for bits in (0x01, 0x80, 0xFF):
            yield content[:i] + bytes([content[i] ^ bits]) + content[i + 1 :]


def test_a_damaged_file_is_fetched_again(serve, tmp_path):
    asked = serve(good)
    assert_loads(tmp_path)
    for damaged in list(damages(CONTENTS["labels.gz"]))[::4]:
        (tmp_path / "labels.gz").write_bytes(damaged)
        asked.clear()
        assert_loads(tmp_path)
        assert [name for _, name in asked] == ["labels.gz"]


def test_a_bad_network_deletes_nothing(serve, tmp_path):
    serve(good)
    assert_loads(tmp_path)
    (tmp_path / "images.gz").write_bytes(b"damaged")
    before = (tmp_path / "labels.gz").stat()
    serve(web_page)
    assert_stops(tmp_path, "7 bytes, not")
    assert (tmp_path / "images.gz").read_bytes() == b"damaged"
    assert (tmp_path / "labels.gz").stat().st_ino == before.st_ino
    serve(good)
    assert_loads(tmp_path)
    assert (tmp_path / "labels.gz").stat().st_mtime_ns == before.st_mtime_ns


def test_every_digit_of_a_checksum_counts():
    name, content = "labels.gz", CONTENTS["labels.gz"]
    length, sha256 = module.FILES[name]
    module._check(name, content)
    for i, digit in enumerate(sha256):
        other = "0" if digit != "0" else "1"
        module.FILES[name] = length, sha256[:i] + other + sha256[i + 1 :]
        with pytest.raises(ValueError, match="wrong SHA-256"):
            module._check(name, content)


@pytest.mark.parametrize(
    "error",
    [PermissionError(13, "Permission denied"), OSError(36, "Name too long")],
)
def test_a_cache_that_cannot_be_reached_costs_only_a_warning(
    error, serve, tmp_path, monkeypatch
):
    """As pathlib does it before Python 3.13 for another user's folder."""

    def fail(self, *args, **kwargs):
        if str(tmp_path) in str(self):
            raise error

    serve(good, contents=PUBLISHED)
    for name in ("glob", "stat", "mkdir", "exists", "is_file"):
        monkeypatch.setattr(Path, name, fail)
    with pytest.warns(UserWarning, match=error.strerror):
        assert not module.load_images(tmp_path).is_standin


def test_a_name_that_no_system_takes(serve, tmp_path):
    serve(good, contents=PUBLISHED)
    for name in ("x" * 300, "a\0b"):
        with pytest.warns(UserWarning, match="could not keep"):
            assert len(d2l.FashionMNIST(root=str(tmp_path / name)).val) == 2


def folder(path):
    path.mkdir()


def endless(path):
    path.symlink_to("/dev/zero")


def pipe(path):
    os.mkfifo(path)


def loop(path):
    path.symlink_to(path)


def huge(path):
    path.touch()
    os.truncate(path, 1 << 40)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("make", [folder, endless, pipe, loop, huge])
def test_odd_files_are_not_read(make, serve, drawn, tmp_path, recwarn):
    serve(good, contents=PUBLISHED)
    names = [*module.FILES]
    (tmp_path / "raw").mkdir()
    for name in names:
        make(tmp_path / "raw" / name)
    arrays = module._load_published(tmp_path / "raw")
    assert arrays[names[1]].tolist() == [0, 1]
    assert bool(recwarn.list) == (make is folder)  # it cannot be replaced
    recwarn.clear()
    (tmp_path / "standin").mkdir()
    for name in names:
        make(tmp_path / "standin" / name)
    assert module._load_standin(tmp_path / "standin").keys() == {*names}
    assert drawn == [(60_000, 1), (10_000, 2)]
    assert bool(recwarn.list) == (make is folder)


def test_the_words_of_a_server_are_made_harmless(serve, tmp_path):
    rude = "999 \x1b]0;title\x07\x1b[31m\x9b\u202e" + "red " * 10_000

    def scream(link, content):
        respond(link, b"", rude.encode("utf-8").decode("latin-1"))

    serve(scream)
    with pytest.raises(OSError, match="Error 999") as caught:
        module._load_published(tmp_path)
    (line,) = [
        line for line in str(caught.value).splitlines() if "Error 999" in line
    ]
    assert line.isprintable() and "red red" in line
    assert len(line) < 200 + len(f"  {module.MIRRORS[0]}: ") + 1


def test_an_empty_error_has_a_name():
    assert module._in_a_line(TimeoutError()) == "TimeoutError()"
    assert module._in_a_line("x" * 200) == "x" * 200
    assert module._in_a_line("x" * 201) == "x" * 197 + "..."


def test_mirrors_can_be_probed(serve, capsys):
    asked = serve(good, good)
    module.probe_mirrors()
    assert len(asked) == 4
    serve(good, missing, cut)
    with pytest.raises(OSError, match="Mirrors have failed:") as caught:
        module.probe_mirrors()
    _, *lines = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        mirror + name for mirror in module.MIRRORS[1:2] for name in CONTENTS
    ]
    assert all("404" in line for line in lines)


def test_a_mirror_of_other_lengths_fails_the_probe(serve):
    serve(longer)
    with pytest.raises(OSError) as caught:
        module.probe_mirrors()
    length = len(CONTENTS["labels.gz"])
    assert f"labels.gz: {2 * length} bytes, not {length}" in str(caught.value)


# Files that D2L's programs ask for.


HOUSES = {"houses.csv": b"Id,Price\n1,208500\n"}
SHA1 = hashlib.sha1(HOUSES["houses.csv"]).hexdigest()


def test_a_file_is_fetched_once_by_its_checksum(serve, tmp_path, capsys):
    asked = serve(good, contents=HOUSES)
    url = module.MIRRORS[0] + "houses.csv"
    for root in (tmp_path, str(tmp_path / "new" / "folder")):
        asked.clear()
        for sha1 in (SHA1, SHA1.upper()):
            path = d2l.support.files.download(url, root, sha1_hash=sha1)
            assert path == os.path.join(root, "houses.csv")
            assert Path(path).read_bytes() == HOUSES["houses.csv"]
        assert len(asked) == 1
        assert os.listdir(root)[-1:] == ["houses.csv"]
    host = urlsplit(url).netloc
    line = f"Fetching houses.csv from {host}"
    assert capsys.readouterr().out.startswith(f"{line} 10% 20% 30%")
    # Damaged, or of another checksum, it is fetched again.
    Path(path).write_bytes(b"damaged")
    assert d2l.support.files.download(url, root, SHA1) == path
    assert Path(path).read_bytes() == HOUSES["houses.csv"]


def test_a_file_is_asked_for_by_its_name(serve, tmp_path, monkeypatch):
    serve(good, contents={"houses.csv?raw=1": HOUSES["houses.csv"]})
    url = module.MIRRORS[0] + "houses.csv?raw=1"
    monkeypatch.setitem(module.DATA_HUB, "houses", (url, SHA1))
    monkeypatch.setenv("D2LMINI_DATA", str(tmp_path))
    assert module.download("houses") == str(tmp_path / "houses.csv")
    monkeypatch.setitem(module.DATA_HUB, "ftp", ("ftp://host/file", SHA1))
    for name in ("flats", "ftp", "file:///etc/passwd", "", None):
        with pytest.raises(ValueError, match="nor a name in DATA_HUB"):
            module.download(name)
    for address in ("http://host", "https://host/a/", "http://a/.."):
        with pytest.raises(ValueError, match="end in the name of a file"):
            module.download(address, tmp_path)
    assert module.DATA_URL.startswith("https://")
    assert module.DATA_URL.endswith(".amazonaws.com/")


def test_another_file_than_asked_for_is_not_kept(serve, tmp_path):
    serve(good, contents=HOUSES)
    url = module.MIRRORS[0] + "houses.csv"
    (tmp_path / "houses.csv").write_bytes(b"older")
    with pytest.raises(OSError, match=f"has the SHA-1 {SHA1}, not {40 * '0'}"):
        module.download(url, tmp_path, 40 * "0")
    assert (tmp_path / "houses.csv").read_bytes() == b"older"
    assert len(os.listdir(tmp_path)) == 1
    serve(web_page, contents=HOUSES)
    url = module.MIRRORS[0] + "houses.csv"
    with pytest.raises(OSError, match="what came is a web page"):
        module.download(url, tmp_path, SHA1)


@in_a_hurry
@each([fault for fault in FAULTS if fault not in (other_content, longer)])
def test_a_download_that_fails_says_so(broken, serve, tmp_path, monkeypatch):
    contents = HOUSES | {"images.gz": b""}
    serve(broken, contents=contents)
    url = module.MIRRORS[0] + "houses.csv"
    sha1 = SHA1 if broken is not web_page else None
    with pytest.raises(OSError) as caught:
        module.download(url, tmp_path, sha1)
    message = str(caught.value)
    assert message.startswith(f"{url} could not be fetched: ")
    path = tmp_path / "houses.csv"
    assert message.endswith(
        f". Is there a network? You can put the file there by hand, as {path}."
    )
    assert os.listdir(tmp_path) == []
    # What was put there is used, with a warning where nothing vouches for it.
    path.write_bytes(HOUSES["houses.csv"])
    assert module.download(url, tmp_path, SHA1) == str(path)
    with pytest.warns(UserWarning, match="used as it is, unchecked") as record:
        assert module.download(url, tmp_path) == str(path)
    assert record[0].filename == __file__


@pytest.mark.parametrize(
    "headers, page",
    [
        ("", b"\xef\xbb\xbf\n<!DOCTYPE HTML><HTML>Please log in."),
        ("", b"<!-- portal -->\n<html>Please log in."),
        ("", b"<?xml version='1.0'?><!DOCTYPE html PUBLIC><html>"),
        ("Content-Type: text/html; charset=utf-8\r\n", b"<script>0</script>"),
    ],
)
def test_a_web_page_is_told_from_a_file(headers, page, serve, tmp_path):
    serve(
        lambda link, content: respond(link, page, headers=headers),
        contents=HOUSES | {"houses.html": b""},
    )
    url = module.MIRRORS[0]
    with pytest.raises(OSError, match="what came is a web page"):
        module.download(url + "houses.csv", tmp_path)
    path = module.download(url + "houses.html", tmp_path)
    assert Path(path).read_bytes() == page


def test_what_is_encoded_is_not_taken_for_the_file(serve, tmp_path):
    def encoded(link, content):
        respond(link, content, headers="Content-Encoding: gzip\r\n")

    serve(encoded, contents=HOUSES | {"houses.csv.gz": b"packed"})
    url = module.MIRRORS[0]
    with pytest.raises(
        OSError, match=r"what came is encoded \(gzip\), unasked"
    ):
        module.download(url + "houses.csv", tmp_path)
    for name, sha1 in (("houses.csv", SHA1), ("houses.csv.gz", None)):
        assert Path(module.download(url + name, tmp_path, sha1)).exists()


def test_an_answer_without_end_is_given_up(serve, tmp_path, monkeypatch):
    def endless(link, content):
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            link.sendall(bytes(1 << 16))

    monkeypatch.setattr(module, "LONGEST", 1 << 18)
    serve(endless, contents=HOUSES)
    with pytest.raises(OSError, match="fetched: more than 262,144 bytes"):
        module.download(module.MIRRORS[0] + "houses.csv", tmp_path)


def test_an_address_may_hold_hangul_and_blanks(serve, tmp_path):
    name = "%EC%A7%91%20a%20b.csv?q=%EA%B0%92"
    asked = serve(good, contents={name: b"x"})
    url = module.MIRRORS[0] + "집 a%20b.csv?q=값#part"
    path = module.download(url.replace("http", "HTTP"), tmp_path)
    assert path == str(tmp_path / "집 a%20b.csv")
    assert [name for _, name in asked] == [name]


def test_a_file_of_unknown_length_is_fetched(serve, tmp_path):
    def without_length(link, content):
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + content)

    serve(without_length, contents=HOUSES)
    path = module.download(module.MIRRORS[0] + "houses.csv", tmp_path)
    assert Path(path).read_bytes() == HOUSES["houses.csv"]


@pytest.mark.parametrize("sha1", [None, SHA1])
@pytest.mark.parametrize("name", ["file", "x" * 300, "a\0b"])
def test_a_file_that_cannot_be_written(name, sha1, serve, tmp_path):
    serve(good, contents=HOUSES)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="houses.csv could not be written: "):
        module.download(module.MIRRORS[0] + "houses.csv", tmp_path / name, sha1)


def test_a_file_that_cannot_be_read_is_fetched_again(
    serve, tmp_path, monkeypatch
):
    """As pathlib and open refuse it for another user's folder."""

    def refuse(path, *args):
        raise PermissionError(13, "Permission denied", str(path))

    serve(good, missing, contents=HOUSES)
    (tmp_path / "houses.csv").touch()
    monkeypatch.setattr(module, "open", refuse, raising=False)
    monkeypatch.setattr(module, "_write", lambda *_: None)
    here, gone = (mirror + "houses.csv" for mirror in module.MIRRORS)
    assert module.download(here, tmp_path, SHA1)
    with pytest.raises(OSError, match=f"{gone} could not be fetched: .*404"):
        module.download(gone, tmp_path, SHA1)


# Progress.


def test_one_line_a_file_and_none_when_they_are_there(serve, tmp_path, capsys):
    serve(missing, good)
    module._load_published(tmp_path)
    tenths = "".join(f" {percent}%" for percent in range(10, 101, 10))
    first, second = (mirror[7:-1] for mirror in module.MIRRORS)
    sizes = {name: len(content) for name, content in CONTENTS.items()}
    assert capsys.readouterr() == (
        f"Fetching images.gz, {sizes['images.gz']} bytes, "
        f"from {first} from {second}{tenths}\n"
        f"Fetching labels.gz, {sizes['labels.gz']} bytes, "
        f"from {second}{tenths}\n",
        "",
    )
    module._load_published(tmp_path)
    assert capsys.readouterr() == ("", "")


def test_progress_is_seen_while_a_file_arrives(serve, tmp_path):
    begun, seen, in_time = threading.Event(), threading.Event(), []

    def patient(link, content):
        in_time.append(begun.wait(10))
        half = len(content) // 2 + 1
        respond(link, content[:half], length=len(content))
        in_time.append(seen.wait(10))
        link.sendall(content[half:])

    serve(patient)
    process = start_load(tmp_path)
    go(process)
    line = ""
    for event, end in (
        (begun, urlsplit(module.MIRRORS[0]).netloc),
        (seen, "50%"),
    ):
        while not line.endswith(end):
            line += process.stdout.read(1)
            assert line.count("\n") == 0
        event.set()
    assert process.communicate(timeout=10)[1] == ""
    assert in_time == [True] * 4


def test_a_tenth_is_shown_when_it_is_there_and_not_before(serve, capsys):
    shown = []

    def wait_for(tenth):
        until = time.monotonic() + 10
        while tenth not in "".join(shown) and time.monotonic() < until:
            time.sleep(0.02)
            shown.append(capsys.readouterr().out)
        return "".join(shown)

    def exact(link, content):
        respond(link, content[:499], length=1000)
        assert wait_for("40%") == " 10% 20% 30% 40%"
        link.sendall(content[499:500])
        assert wait_for("50%") == " 10% 20% 30% 40% 50%"
        link.sendall(content[500:])

    serve(exact, contents={"file": bytes(1000)})
    content, _ = module._download(module.MIRRORS[0] + "file", 1000)
    assert content == bytes(1000)
    assert wait_for("100%").endswith(" 50% 60% 70% 80% 90% 100%")


def test_what_is_over_at_the_first_look_is_shown(serve, monkeypatch, capsys):
    begin = module._Transfer.start

    def slowly(transfer):
        begin(transfer)
        transfer.join()

    monkeypatch.setattr(module._Transfer, "start", slowly)
    serve(good, contents={"file": bytes(1000)})
    module._download(module.MIRRORS[0] + "file", 1000)
    tenths = "".join(f" {percent}%" for percent in range(10, 101, 10))
    assert capsys.readouterr().out == tenths


def test_a_notebook_shows_a_line_a_file(serve, tmp_path):
    serve(missing, good)
    notebook = nbformat.v4.new_notebook()
    source = code_to_load(tmp_path)
    notebook.cells = [nbformat.v4.new_code_cell(source) for _ in range(2)]
    nbclient.execute(notebook, coalesce_streams=True)
    (stream,) = notebook.cells[0].outputs
    assert stream.name == "stdout"
    lines = stream.text.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["Fetching", f"{name},"] for name in CONTENTS
    ]
    assert notebook.cells[1].outputs == []


# The stand-in.


@pytest.fixture
def drawn(monkeypatch):
    """Draw small pictures instead; return the list of what was drawn."""
    calls = []

    def draw(num_images, seed):
        calls.append((num_images, seed))
        shape = (5, 28, 28)
        return np.full(shape, seed, np.uint8), np.arange(5, dtype=np.uint8)

    names = [
        f"{part}-{kind}.gz"
        for part in ("train", "t10k")
        for kind in ("images", "labels")
    ]
    monkeypatch.setattr("d2lmini.support.standin.draw", draw)
    monkeypatch.setattr(module, "FILES", dict.fromkeys(names, (1, "")))
    monkeypatch.setattr(module, "MIRRORS", ["http://nowhere.invalid/"])
    return calls


def test_stand_in_is_drawn_announced_and_kept(drawn, tmp_path, monkeypatch):
    monkeypatch.setenv("D2LMINI_STANDIN", "auto")
    with pytest.warns(UserWarning, match="stand-in.*\n.*neither") as record:
        data = d2l.FashionMNIST(root=tmp_path)
    assert record[0].filename == __file__
    assert data.is_standin
    assert repr(data).startswith("<Stand-in for Fashion-MNIST")
    assert drawn == [(60_000, 1), (10_000, 2)]
    for path in (tmp_path / "FashionMNIST-standin" / "raw").iterdir():
        num_dims = 3 if "images" in path.name else 1
        head = gzip.decompress(path.read_bytes())[:4]
        assert head == bytes([0, 0, 8, num_dims])  # as IDX files of uint8 begin
    assert data.train.data.unique().tolist() == [1]
    assert data.val.data.unique().tolist() == [2]
    monkeypatch.setenv("D2LMINI_STANDIN", "always")
    assert d2l.FashionMNIST(root=tmp_path).is_standin
    assert len(drawn) == 2
    monkeypatch.setenv("D2LMINI_STANDIN", "never")
    with pytest.raises(OSError, match="neither found nor fetched"):
        d2l.FashionMNIST(root=tmp_path)


@pytest.mark.parametrize("kind", ["images", "labels"])
def test_a_damaged_stand_in_is_drawn_again(kind, drawn, tmp_path):
    arrays = module._load_standin(tmp_path)
    path = tmp_path / f"t10k-{kind}.gz"
    content = path.read_bytes()
    noticed = 0
    for damaged in damages(content):
        drawn.clear()
        path.write_bytes(damaged)
        again = module._load_standin(tmp_path)
        for name, array in arrays.items():
            assert np.array_equal(again[name], array)
        if drawn:
            noticed += 1
            assert drawn == [(10_000, 2)]
            assert path.read_bytes() == content
    # The others, in the date of a gzip file and the like, changed nothing.
    assert noticed > 3 * len(content)


def test_a_stand_in_of_another_release_is_drawn_anew(
    drawn, tmp_path, monkeypatch
):
    def assert_drawn(*seeds):
        drawn.clear()
        module._load_standin(tmp_path / "raw")
        assert [seed for _, seed in drawn] == [*seeds]

    assert_drawn(1, 2)
    assert_drawn()
    code = Path(standin.__file__).read_text("utf-8")
    other = tmp_path / "standin.py"
    other.write_text(code.replace("0.1 * np.cos", "0.2 * np.cos"), "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(standin, "__file__", str(other))
        assert_drawn(1, 2)
        assert_drawn()
    assert_drawn(1, 2)
    # The first releases wrote no date.
    path = tmp_path / "raw" / "t10k-labels.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), mtime=0))
    assert_drawn(2)
    assert_drawn()


PUBLISHED = {
    f"{part}-{kind}.gz": CONTENTS[f"{kind}.gz"]
    for part in ("train", "t10k")
    for kind in ("images", "labels")
}


@pytest.fixture
def auto(drawn, tmp_path, monkeypatch):
    """Return a function that loads, and tells whether it is the stand-in."""
    monkeypatch.delenv("D2LMINI_STANDIN")  # auto is what nobody asks for

    def load(warning=None):
        if not warning:
            return module.load_images(tmp_path).is_standin
        with pytest.warns(UserWarning, match=warning):
            return module.load_images(tmp_path).is_standin

    return load


@in_a_hurry
def test_a_silent_network_is_waited_for_once_in_a_while(
    serve, auto, tmp_path, monkeypatch
):
    asked = serve(silent, contents=PUBLISHED)
    assert auto("0 bytes in")
    assert asked
    asked = serve(good, contents=PUBLISHED)
    for _ in range(2):
        assert auto(
            r"stand-in.*\ntrain-images.gz could be neither found nor fetched:\n"
            r".*raw: No such file or directory\n"
            r"  mirrors: of no use a while ago; they are asked again in "
            r"(2[89]\d|300) s, in a new process, or at once with "
            "D2LMINI_STANDIN=never\nPut it"
        )
    assert asked == []
    # Who asks for the images gets them.
    monkeypatch.setenv("D2LMINI_STANDIN", "never")
    assert not auto()
    assert [name for _, name in asked] == [*PUBLISHED]
    # The cache is looked at all the same.
    monkeypatch.setenv("D2LMINI_STANDIN", "auto")
    assert not auto()
    assert len(asked) == 4


@in_a_hurry
def test_after_a_while_a_silent_network_is_asked_again(
    serve, auto, monkeypatch
):
    monkeypatch.setattr(module, "REST", 0)
    serve(silent, contents=PUBLISHED)
    assert auto("0 bytes in")
    serve(good, contents=PUBLISHED)
    assert not auto()


def test_a_network_that_fails_fast_is_asked_every_time(serve, auto):
    serve(missing, contents=PUBLISHED)
    assert auto("404")
    assert auto("404")
    serve(good, contents=PUBLISHED)
    assert not auto()


def test_a_stand_in_that_cannot_be_kept(drawn, tmp_path, monkeypatch):
    monkeypatch.setenv("D2LMINI_STANDIN", "always")
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="train.*t10k") as record:
        data = d2l.FashionMNIST(root=tmp_path / "file")
    assert [warning.filename for warning in record] == [__file__]
    assert data.train.data.unique().tolist() == [1]


def test_unknown_wish_for_the_stand_in(monkeypatch, tmp_path):
    monkeypatch.setenv("D2LMINI_STANDIN", "maybe")
    with pytest.raises(ValueError) as caught:
        d2l.FashionMNIST(root=tmp_path)
    assert str(caught.value) == (
        "D2LMINI_STANDIN must be auto, never or always, not 'maybe'."
    )


def test_an_empty_wish_for_the_stand_in_counts_as_none(
    serve, auto, tmp_path, monkeypatch
):
    monkeypatch.setenv("D2LMINI_STANDIN", "")
    serve(missing, contents=PUBLISHED)
    assert auto("404")


@pytest.mark.parametrize(
    "platform, variable, usual",
    [
        ("linux", "XDG_CACHE_HOME", ".cache"),
        ("darwin", None, "Library/Caches"),
        ("win32", "LOCALAPPDATA", "AppData/Local"),
    ],
)
def test_cache_folder(platform, variable, usual, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setattr("sys.platform", platform)
    for name in ("D2LMINI_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    assert d2l.cache_folder() == tmp_path / usual / "d2lmini"
    if variable:
        for given in ("~/moved", str(tmp_path / "moved")):
            monkeypatch.setenv(variable, given)
            assert d2l.cache_folder() == tmp_path / "moved" / "d2lmini"
        for ignored in ("", "caches"):
            monkeypatch.setenv(variable, ignored)
            assert d2l.cache_folder() == tmp_path / usual / "d2lmini"
    monkeypatch.setenv("D2LMINI_DATA", "")
    assert d2l.cache_folder() == tmp_path / usual / "d2lmini"
    monkeypatch.chdir(tmp_path)
    for given in ("~/data", str(tmp_path / "data"), "data", "./data"):
        monkeypatch.setenv("D2LMINI_DATA", given)
        assert d2l.cache_folder() == tmp_path / "data"
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert d2l.cache_folder() == tmp_path / "data"
        assert os.environ["D2LMINI_DATA"] == str(tmp_path / "data")
        monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("given", ["", "~nobody-of-that-name/x"])
def test_without_a_home_only_what_needs_a_folder_fails(
    given, serve, tmp_path, monkeypatch
):
    def fail(path):
        raise RuntimeError("Could not determine home directory.")

    for name in ("D2LMINI_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, given if name == "D2LMINI_DATA" else "")
    monkeypatch.setattr(Path, "expanduser", fail)
    data = d2l.SyntheticRegressionData([1.0], 0)
    assert data.train_dataloader().batch_size == 32
    where = f"D2LMINI_DATA={given}" if given else "the cache"
    for call in (lambda: data.root, d2l.FashionMNIST):
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value) == (
            f"The home folder that {where} lies in is not known. Let "
            "D2LMINI_DATA name a folder for the data, or give `root`."
        )
    serve(good, contents=PUBLISHED)
    assert len(d2l.FashionMNIST(root=tmp_path).train) == 2
