"""Makes the book as one PDF and one EPUB, from the notebooks.

    python tools/editions.py pdf|epub

The pages become one text in pandoc's Markdown, with the solutions at the end
of each chapter. pandoc turns it into an EPUB, or into a source for Typst, which
sets the PDF; neither needs TeX or a browser.
"""

import base64
import re
import sys
import tempfile
from datetime import date
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pypandoc
import section
import typst
import yaml

ROOT = section.ROOT
STYLE = ROOT / "theme" / "print"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
HANGUL = re.compile(r"([가-힣]+(?: [가-힣]+)*)")
FORMAT = "markdown-yaml_metadata_block-example_lists-fancy_lists"
FONTS = [
    files("font_source_serif_pro") / "files",
    files("font_source_sans_pro") / "files",
    Path(find_spec("ziamath").origin).parent / "fonts",
    Path(find_spec("koreanize_matplotlib").origin).parent / "fonts",
]


def fenced(text, kind):
    """Return a text as a block of code that no fence in it can end."""
    return f"~~~~~~~~ {{.{kind}}}\n{text.rstrip()}\n~~~~~~~~"


class Edition:
    """The text of the book, and the folder that its pictures go to."""

    def __init__(self, folder, kind):
        self.folder, self.kind = Path(folder), kind
        self.pictures = 0

    def book(self):
        """Return the whole book as Markdown."""
        toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
        parts = [
            self.chapter(ROOT / f"{chapter['file']}.md", chapter["sections"])
            for chapter in toc["chapters"]
            if "sections" in chapter
        ]
        parts.append("# Optional pages {#optional .unnumbered}")
        optional = [p for p in section.everything() if not p.number]
        for page in optional:
            parts += [self.page(page, solutions=part) for part in (0, 1)]
        return "\n\n".join([*parts, self.glossary()])

    def chapter(self, index, listed):
        """Return a chapter: what opens it, its pages, and their solutions."""
        opening = index.read_text("utf-8")
        opening = re.sub(r"^```\{.*?^```\n", "", opening, flags=re.M | re.S)
        title, _, text = opening.partition("\n")
        pages = [
            section.read((ROOT / entry["file"]).with_suffix(".ipynb"))
            for entry in listed
            if (ROOT / entry["file"]).with_suffix(".ipynb").exists()
        ]
        anchor = f"chapter-{title.split()[1]}"
        parts = [f"{title} {{#{anchor}}}", text]
        parts += [self.page(page, solutions=False) for page in pages]
        parts.append(f"## Solutions {{#{anchor}-solutions .unnumbered}}")
        parts += [self.page(page, solutions=True) for page in pages]
        return "\n\n".join(parts)

    def page(self, page, solutions):
        """Return the text of a page, or that of its solutions alone."""
        parts, inside, last = [], False, None
        for cell in page.cells:
            if cell.id in section.FRAME:
                continue
            inside = inside or cell.source.startswith("## Solutions")
            if inside != solutions:
                continue
            if cell.cell_type == "code":
                parts += self.code(cell)
                last = len(parts) - 1
            else:
                text, caption = self.prose(page, cell.source), None
                if found := section.CAPTION.match(text):
                    caption, _, text = text.partition("\n\n")
                    caption = caption.replace("\n", " ")
                    parts[last] = parts[last].replace("![]", f"![{caption}]")
                    name = f"{{#figure-{found[1].replace('.', '-')} "
                    # A picture in a paragraph of its own is a figure.
                    parts[last] = parts[last].replace("{", name, 1)[:-1]
                parts.append(text)
        return "\n\n".join(parts)

    def prose(self, page, text):
        """Shift headings by one level, and let links lead inside the book."""
        number = page.id.replace(".", "-")
        text = re.sub(
            r"^# (.*)$", rf"## \1 {{#section-{number}}}", text, flags=re.M
        )
        text = re.sub(
            r"^## Solutions$",
            f"### Solutions of {page.number or page.title} {{.unnumbered}}",
            text,
            flags=re.M,
        )
        # One after the other, the deepest first.
        text = re.sub(
            r"^(##+) (?!.*#section-)(?!Solutions of)(.*)$",
            rf"#\1 \2 {{#{number}-}}",
            text,
            flags=re.M,
        )
        text = re.sub(r"\{#[\w-]*-\}", lambda m: self.unique(m[0]), text)
        text = re.sub(r"\\tag\{(.*?)\}", r"\\qquad (\1)", text)
        return re.sub(
            r"\]\((?!https?:|#)([^)#]*)(#[^)]*)?\)",
            lambda m: f"](#{self.goal(page, m[1])})",
            text,
        )

    def unique(self, name):
        self.headings = getattr(self, "headings", 0) + 1
        return f"{name[:-1]}{self.headings}}}"

    def goal(self, page, link):
        """Return the id of what a link between files leads to."""
        path = (page.path.parent / link).resolve()
        if path.suffix == ".ipynb":
            return f"section-{section.read(path).id.replace('.', '-')}"
        return path.stem

    def code(self, cell):
        """Return a cell of code, as far as a page shows it, and its outputs."""
        tags, parts = section.tags(cell), []
        if "remove-cell" not in tags and "hide-input" not in tags:
            parts.append(fenced(cell.source, "python"))
        for output in cell.outputs:
            parts.append(self.output(cell, output))
        return parts

    def output(self, cell, output):
        data = output.get("data", {})
        if "image/png" in data:
            return self.picture(cell, output)
        if "text/markdown" in data:
            return data["text/markdown"]
        if output.output_type == "error":
            text = ANSI.sub("", "\n".join(output.traceback))
        else:
            text = output.get("text", data.get("text/plain", ""))
        return fenced(text, "output")

    def picture(self, cell, output):
        """Write a picture beside the text and return the link to it."""
        self.pictures += 1
        name = f"picture-{self.pictures}.png"
        image = base64.b64decode(output.data["image/png"])
        (self.folder / name).write_bytes(image)
        width = int.from_bytes(image[16:20], "big") / 2  # drawn at 2 to 1
        share = min(100, round(width / 7.2))
        alt = section.alternative(cell).replace('"', "'")
        return f'![]({name}){{alt="{alt}" width={share}%}}\\'

    def glossary(self):
        """Return the glossary, with the Korean terms marked as Korean."""
        source = (ROOT / "glossary.md").read_text("utf-8")
        body = re.search(r"^```\{terms\}\n(.*?)^```", source, re.M | re.S)[1]
        entries = yaml.safe_load(body)
        parts = ["# Glossary {#glossary .unnumbered}"]
        for term in sorted(entries, key=str.casefold):
            korean = HANGUL.sub(r"[\1]{lang=ko}", entries[term]["ko"])
            meaning = " ".join(entries[term]["is"].split())
            parts.append(f"**{term}** {korean}\n\n:   {meaning}")
        return "\n\n".join(parts)


def facts():
    """Return what the title page says."""
    version = re.search(
        r'__version__ = "(.*)"',
        (ROOT / "d2lmini" / "__init__.py").read_text("utf-8"),
    )[1]
    return {
        "title": "D2L Mini",
        "subtitle": "The first chapters of deep learning, as notebooks",
        "author": "The D2L Mini authors",
        "version": version,
        "date": date.today().isoformat(),
        "lang": "en-US",
        "rights": "Text and figures CC BY 4.0, code MIT",
    }


def write(kind, target):
    """Write the edition of a kind, "pdf" or "epub", into a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        text = Edition(folder, kind).book()
        options = [f"--resource-path={folder}", "--wrap=preserve"]
        for name, value in facts().items():
            options.append(f"--metadata={name}:{value}")
        if kind == "epub":
            options += ["--mathml", "--toc", "--toc-depth=2"]
            options += ["--split-level=2", f"--css={STYLE / 'epub.css'}"]
            pypandoc.convert_text(
                text, "epub3", FORMAT, options, outputfile=str(target)
            )
        else:
            options.append(f"--template={STYLE / 'book.typ'}")
            source = Path(folder) / "book.typ"
            made = pypandoc.convert_text(text, "typst", FORMAT, options)
            # pandoc 3.9 still writes the name that Typst had for it earlier.
            source.write_text(made.replace("dot.circle", "dot.o"), "utf-8")
            typst.compile(
                str(source),
                output=str(target),
                font_paths=[str(path) for path in FONTS],
                ignore_system_fonts=True,
            )
    return target


if __name__ == "__main__":
    kind = sys.argv[1]
    print(write(kind, ROOT / "_build" / f"d2l-mini.{kind}"))
