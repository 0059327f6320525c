"""Links to other sites, followed on a server that knows one page."""

from http.server import BaseHTTPRequestHandler
from io import StringIO

import linkcheck
import pytest
from sphinx.application import Sphinx

from conftest import serve

THEMED = '<a href="{0}/good">Edit</a> <a href="{0}/{1}">Repository</a>'
# Sphinx 7 speaks of what Sphinx 8 will change.
DEFAULTS = "ignore:The default value for .linkcheck"
pytestmark = pytest.mark.filterwarnings(DEFAULTS)


class OnePage(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/good" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def follow(tmp_path, monkeypatch):
    """Return a function that follows the links of a small book: whether all
    lead somewhere, and what was said.
    """
    server = serve(OnePage)
    address = f"http://127.0.0.1:{server.server_port}"

    def run(themed="good", readme="good", repository="good"):
        home = f"{address}/{repository}"
        monkeypatch.setattr(linkcheck.repository, "site", lambda: (home, ""))
        built = tmp_path / "_build" / "html"
        built.mkdir(parents=True)
        (built / "index.html").write_text(THEMED.format(address, themed))
        (tmp_path / "README.md").write_text(f"[Go]({address}/{readme})\n")
        (tmp_path / "index.rst").write_text("Book\n====\n")
        said = StringIO()
        places = [tmp_path, None, tmp_path / "out", tmp_path / "trees"]
        settings = {"extensions": ["linkcheck"]}
        app = Sphinx(*places, "linkcheck", settings, said, said)
        app.build()
        return app.statuscode == 0, said.getvalue().replace(address, "")

    yield run
    server.shutdown()
    server.server_close()


def test_links_that_lead_somewhere_pass(follow):
    passed, said = follow()
    assert passed
    assert "/good" in said and "await" not in said


@pytest.mark.parametrize("place", ["themed", "readme"])
def test_a_broken_link_is_reported(follow, place):
    passed, said = follow(**{place: "gone"})
    assert not passed
    assert "Not Found for url: /gone" in said


def test_links_that_await_publication_are_named_and_left_alone(follow):
    passed, said = follow(themed="gone/edit/a", repository="gone")
    assert passed
    assert "1 links await publication at /gone: /gone/edit/a" in said


def test_links_into_a_published_repository_are_followed(follow):
    passed, said = follow(themed="good/edit/a", repository="good")
    assert not passed
    assert "Not Found for url: /good/edit/a" in said
