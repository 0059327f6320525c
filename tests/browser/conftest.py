"""The built site, on a server and in Chromium.

Where Chromium or Java is missing, the run fails; only the pass in Firefox is
skipped where there is none.
"""

import checks
import pytest
from playwright.sync_api import sync_playwright

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


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
