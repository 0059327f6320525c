"""The built site, on a server and in Chromium.

Nothing here is skipped: where Chromium or Java is missing, the run fails and
says how to get them.
"""

import shutil

import checks
import pytest
from playwright.sync_api import sync_playwright

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def pytest_sessionstart(session):
    if not checks.chromium():
        raise pytest.UsageError(
            "The site is tested in Chromium, and there is none. On Debian: "
            "apt-get install chromium. Elsewhere: CHROMIUM=path/to/it"
        )
    if not shutil.which("java"):
        raise pytest.UsageError(
            "The HTML is validated by a Java program, and there is no java. "
            "On Debian: apt-get install default-jre-headless"
        )
    if not checks.PAGES:
        raise pytest.UsageError("There is no site yet: make book")


@pytest.fixture(scope="session")
def address():
    server, address = checks.serve()
    yield address
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=checks.chromium(), args=OPTIONS
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Return a function that opens an address in a fresh context."""
    contexts = []

    def open_page(address, width=1280, **options):
        size = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=size, **options))
        return checks.Visit(contexts[-1].new_page(), address)

    yield open_page
    for context in contexts:
        context.close()
