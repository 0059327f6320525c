"""Getting the files of Fashion-MNIST. Small ones stand for the four."""

import gzip
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import d2lmini as d2l
from d2lmini import files as module

CONTENTS = {
    name: gzip.compress(header + bytes(range(count)), mtime=0)
    for name, header, count in [
        ("images.gz", bytes([0, 0, 8, 3] + [0, 0, 0, 2] * 3), 8),
        ("labels.gz", bytes([0, 0, 8, 1] + [0, 0, 0, 2]), 2),
    ]
}


@pytest.fixture
def files(monkeypatch):
    sizes = {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in CONTENTS.items()
    }
    monkeypatch.setattr(module, "FILES", sizes)
    monkeypatch.setenv("D2LMINI_STANDIN", "never")


@pytest.fixture
def serve(monkeypatch):
    """Return a function that starts a mirror on loopback."""
    servers = []

    def start(*answers):
        mirrors = []
        for answer in answers:

            class Handler(BaseHTTPRequestHandler):
                def do_GET(self, answer=answer):
                    name = self.path.split("/")[-1]
                    asked.append((mirrors.index(self.server.address), name))
                    status, body = answer(CONTENTS.get(name, b""))
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(body)

                def log_message(self, *_):
                    pass

            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.address = f"http://127.0.0.1:{server.server_port}/"
            mirrors.append(server.address)
            servers.append(server)
            threading.Thread(target=server.serve_forever, args=[0.02]).start()
        monkeypatch.setattr(module, "MIRRORS", mirrors)
        return asked

    asked = []
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def good(content):
    return 200, content


def test_files_are_fetched_once(files, serve, tmp_path):
    asked = serve(good)
    arrays = module._load_published(tmp_path / "raw")
    assert arrays["images.gz"].tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    assert arrays["labels.gz"].tolist() == [0, 1]
    assert asked == [(0, "images.gz"), (0, "labels.gz")]
    module._load_published(tmp_path / "raw")
    assert len(asked) == 2
    names = sorted(path.name for path in (tmp_path / "raw").iterdir())
    assert names == ["images.gz", "labels.gz"]


@pytest.mark.parametrize(
    "broken",
    [
        lambda content: (404, b""),
        lambda content: (500, content),
        lambda content: (200, content[:-1]),
        lambda content: (200, content + b"more"),
        lambda content: (200, bytes(len(content))),
        lambda content: (200, b"<html>please log in</html>"),
    ],
    ids=["404", "500", "short", "long", "other content", "page"],
)
def test_a_broken_mirror_is_passed_over(broken, files, serve, tmp_path):
    asked = serve(broken, good)
    module._load_published(tmp_path)
    assert [mirror for mirror, _ in asked] == [0, 1, 0, 1]
    for name, content in CONTENTS.items():
        assert (tmp_path / name).read_bytes() == content


def test_files_put_there_by_hand_are_used(files, serve, tmp_path):
    asked = serve(good)
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    module._load_published(tmp_path)
    assert asked == []


def test_a_damaged_file_is_fetched_again(files, serve, tmp_path):
    asked = serve(good)
    module._load_published(tmp_path)
    damaged = bytearray(CONTENTS["labels.gz"])
    damaged[-1] ^= 1
    (tmp_path / "labels.gz").write_bytes(damaged)
    module._load_published(tmp_path)
    assert asked[2:] == [(0, "labels.gz")]
    assert (tmp_path / "labels.gz").read_bytes() == CONTENTS["labels.gz"]


def test_without_a_mirror_the_error_names_them(files, serve, tmp_path):
    serve(lambda content: (404, b""))
    with pytest.raises(OSError, match=r"images.gz\n  http://127.0.0.1.*404"):
        module._load_published(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_stand_in_is_drawn_announced_and_kept(
    files, serve, tmp_path, monkeypatch
):
    serve(lambda content: (404, b""))
    monkeypatch.setenv("D2LMINI_STANDIN", "auto")
    drawn = []

    def draw(num_images, seed):
        drawn.append((num_images, seed))
        shape = (num_images, 28, 28)
        return np.full(shape, seed, np.uint8), np.zeros(num_images, np.uint8)

    monkeypatch.setattr("d2lmini.standin.draw", draw)
    names = [
        f"{part}-{kind}.gz"
        for part in ("train", "t10k")
        for kind in ("images", "labels")
    ]
    monkeypatch.setattr(module, "FILES", dict.fromkeys(names, (1, "")))
    with pytest.warns(UserWarning, match="stand-in"):
        data = d2l.FashionMNIST(root=tmp_path)
    assert data.is_standin
    assert repr(data).startswith("<Stand-in for Fashion-MNIST")
    assert drawn == [(60_000, 1), (10_000, 2)]
    assert data.train.data.unique().tolist() == [1]
    assert data.val.data.unique().tolist() == [2]
    monkeypatch.setenv("D2LMINI_STANDIN", "always")
    assert d2l.FashionMNIST(root=tmp_path).is_standin
    assert len(drawn) == 2
    monkeypatch.setenv("D2LMINI_STANDIN", "never")
    with pytest.raises(OSError, match="could not fetch"):
        d2l.FashionMNIST(root=tmp_path)


def test_a_folder_that_cannot_be_written_is_no_obstacle(files, serve, tmp_path):
    serve(good)
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="could not be kept"):
        arrays = module._load_published(tmp_path / "file" / "raw")
    assert arrays["labels.gz"].tolist() == [0, 1]


def test_unknown_wish_for_the_stand_in(monkeypatch, tmp_path):
    monkeypatch.setenv("D2LMINI_STANDIN", "maybe")
    with pytest.raises(ValueError, match="'maybe'"):
        d2l.FashionMNIST(root=tmp_path)


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("D2LMINI_DATA", str(tmp_path))
    assert d2l.cache_folder() == tmp_path
    monkeypatch.delenv("D2LMINI_DATA")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert d2l.cache_folder() == tmp_path / "d2lmini"
    monkeypatch.setattr("sys.platform", "darwin")
    assert d2l.cache_folder().parts[-3:] == ("Library", "Caches", "d2lmini")
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert d2l.cache_folder() == tmp_path / "local" / "d2lmini"
