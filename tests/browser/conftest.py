"""The built site, on a server and in Chromium.

Nothing here is skipped: where Chromium or Java is missing, the run fails and
says how to get them.
"""

import os
import shutil
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import notebooks
import pytest
import repository
from playwright.sync_api import sync_playwright

SITE = notebooks.ROOT / "_build" / "html"
PAGES = sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html"))
URL, BRANCH = repository.site()  # URL is "" before the book is published
PREFIX = f"/{URL.rpartition('/')[2] or 'book'}/"
NAMES = "chromium chromium-browser google-chrome google-chrome-stable chrome"
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium():
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES.split())]
    return next(filter(None, found), None)


def pytest_sessionstart(session):
    if not chromium():
        raise pytest.UsageError(
            "The site is tested in Chromium, and there is none. On Debian: "
            "apt-get install chromium. Elsewhere: CHROMIUM=path/to/it"
        )
    if not shutil.which("java"):
        raise pytest.UsageError(
            "The HTML is validated by a Java program, and there is no java. "
            "On Debian: apt-get install default-jre-headless"
        )
    if not PAGES:
        raise pytest.UsageError("There is no site yet: make book")


class Handler(SimpleHTTPRequestHandler):
    """Serves the site where GitHub Pages would, with its page for errors."""

    prefix = PREFIX

    def translate_path(self, path):
        inside = urlsplit(path).path.startswith(self.prefix)
        name = path[len(self.prefix) - 1 :] if inside else "/nothing"
        return super().translate_path(name)

    def send_error(self, code, message=None, explain=None):
        body = (SITE / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def serve(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="session")
def address():
    server = serve(partial(Handler, directory=str(SITE)))
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=OPTIONS
        )
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page in the browser, with what happened while it loaded."""

    page: object
    errors: list = field(default_factory=list)
    bodies: dict = field(default_factory=dict)

    def __post_init__(self):
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("console", self.on_console)
        self.page.on("response", self.on_response)
        self.requests = []
        self.page.on("request", lambda r: self.requests.append(r.url))

    def on_console(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def on_response(self, response):
        self.responses = [*getattr(self, "responses", []), response]

    def go(self, address):
        self.page.goto(address)
        self.bodies = {r.url: r.body() for r in self.responses if r.ok}
        return self

    def outside(self, address):
        origin = urlsplit(address)[:2]
        return [u for u in self.requests if urlsplit(u)[:2] != origin]


@pytest.fixture(scope="session")
def visit(browser):
    """Return a function that opens an address in a fresh context."""
    contexts = []

    def open_page(address, width=1280, **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, **options
        )
        contexts.append(context)
        return Visit(context.new_page()).go(address)

    yield open_page
    for context in contexts:
        context.close()
