"""Rules that every notebook keeps, each with the reason for it.

    python tools/rules.py [NOTEBOOK ...]    print what breaks a rule

A rule is a generator. It looks at a page, or at each of its cells of one kind,
and yields sentences that say what is wrong and what to do.
"""

import ast
import builtins
import json
import keyword
import re
import sys
from collections import Counter
from functools import cache
from itertools import takewhile
from pathlib import Path
from urllib.parse import urlsplit

import claims
import nbformat
import notebooks
import section
import stamping
from section import ROOT, Section, alternative, d2l_link, pictures, tags

# {rule: which cells of a section it looks at, or "" for the whole page}
RULES = {}
# What a cell may have beside its source and outputs; see CONTRIBUTING.md.
TAGS = {"hide-cell", "hide-input", "predict", "raises-exception"}
TAGS = {"code": TAGS | {"nbval-ignore-output", "real-data"}}
METADATA = {
    "code": {"tags", "mystnb", "within", "picture", "jupyter", "folds"},
    "markdown": {"tags", "numbers"},
}
OF_THE_PAGE = {"kernelspec", "language_info", "colab", "d2lmini", "fault"}
# What of a lesson may be folded.
HELPERS = {ast.FunctionDef, ast.Assert, ast.Import, ast.ImportFrom}
# Names that a cell uses whose result differs from run to run, or from machine
# to machine.
VARYING = "fit", "perf_counter", "repeat", "timeit"
# Methods that change what they are called on, and what they are given.
CHANGING = "fit", "append"
# What prose names although no page or library of the book has it.
ELSEWHERE = {"LightningModule", "LightningDataModule", "gloo", "srun"}
ELSEWHERE |= {"strategy", "Addmm", "NumRooms_nan", "channels", "dW"}
# What Colab shows as it stands, or what nobody sees.
UNUSUAL = {
    "a directive": r"^(:::|```+\{)",
    "a role": r"\{[a-z:]+\}`",
    "HTML": r"<(/?[a-z]|!)[^>]*>",
    "a comment, which is not shown": r"^ *%",
    "a picture": r"!\[",
    "a reference": r"^ *\[[^]]+\]:",
}


def rule(cells=""):
    """Register a rule for a page, or for each of some cells of a section."""

    def register(check):
        RULES[check] = cells
        return check

    return register


def problems(path, notebook=None, rules=RULES):
    """Return what breaks a rule in a notebook, as sentences.

    `notebook` stands in for the one that lies at `path`.
    """
    page = Section(path, notebook) if notebook else section.read(path)
    found = []
    for check in rules:
        if not RULES[check]:
            found += [f"{page.name}: {what}" for what in check(page)]
        for cell in getattr(page, RULES[check], ()) if RULES[check] else ():
            where = f"{page.name}, cell {page.cells.index(cell)} ({cell.id})"
            found += [f"{where}: {what}" for what in check(page, cell)]
        if found and check is is_a_whole_notebook:
            break  # the others would stumble
    return found


def of_the_list():
    """Return what is wrong with the list of pages, as sentences."""
    listed = [path for path in section.listed() if path.parent != ROOT]
    files = [*ROOT.glob("chapters/*/*.*"), *ROOT.glob("extras/*.*")]
    there = {path.with_suffix("") for path in files if path.is_file()}
    for path in sorted(there.symmetric_difference(listed)):
        what = "does not list" if path in there else "lists in vain"
        name = path.relative_to(ROOT).as_posix()
        yield f"_toc.yml: {what} {name}; list just what is there"
    pages = [page.path for page in section.sections()]
    if pages != sorted(set(pages)):
        yield "_toc.yml: lists sections twice or out of order; sort them"


# What a cell is made of.


@cache
def statements(source):
    """Return the statements of a source, or none if it is no plain Python."""
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def loads(nodes):
    """Return the names and attributes that statements use."""
    used = [n for node in nodes for n in ast.walk(node) if hasattr(n, "ctx")]
    used = [n for n in used if not isinstance(n.ctx, ast.Store)]
    return {getattr(n, "id", getattr(n, "attr", "")) for n in used} - {""}


def stores(node):
    """Return the names that a statement gives to what it makes or changes."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    found = []
    for n in ast.walk(node):
        if isinstance(getattr(n, "ctx", None), ast.Store):
            found.append(getattr(n, "value", n))  # of x[8] = ..., x
        if getattr(getattr(n, "func", None), "attr", "") in CHANGING:
            found += [n.func.value, *n.args]
    return {n.id for n in found if isinstance(n, ast.Name)}


@cache
def depending(page, *sources):
    """Return {cell id: names}, for cells that use a source, or what it made.

    The names are those in the cell that come from a source.
    """
    made, found = set(sources), {}
    for cell in page.code:
        for node in statements(cell.source):
            if loads([node]) & made:
                made |= stores(node)
                names = (loads([node]) | stores(node)) & made
                found[cell.id] = found.get(cell.id, set()) | names
    return found


def asserted(cell):
    """Return the names that the assertions of a cell use."""
    walks = [n for node in statements(cell.source) for n in ast.walk(node)]
    return loads(n.test for n in walks if isinstance(n, ast.Assert))


def drawn(cell):
    return pictures(cell.outputs)


def has_result(cell):
    return bool(cell.get("outputs") or asserted(cell))


# Without these, comparing a page with a fresh run would say nothing.


@rule()
def is_a_whole_notebook(page):
    """Jupyter, VS Code and Colab open it, and each cell can be named."""
    remedy = "save it with JupyterLab 4"
    for error in nbformat.validator.iter_validate(page.notebook):
        yield f"is no valid notebook ({error.message}); {remedy}"
    for name, count in Counter(c.get("id") for c in page.cells).items():
        if count > 1 or not name:
            yield f"has {count} cells with the id {name}; {remedy}"
    for kind in {cell.cell_type for cell in page.cells} - METADATA.keys():
        yield f"has {kind} cells; let them be code or Markdown"


@rule("all_code")
def was_saved_from_one_run(page, cell):
    number = page.all_code.index(cell) + 1
    parts = [cell, *cell.outputs]
    for count in {part.get("execution_count", number) for part in parts}:
        if count != number:
            yield f"ran as number {count}, not {number}; use `make run`"


@rule("own")
def carries_only_what_is_known(page, cell):
    """A misspelt tag is ignored by every tool; others hide or restyle a cell.

    Badge and set-up alone are missing on the page.
    """
    kind, drawing = cell.cell_type, cell.metadata.get("mystnb", {})
    if unknown := tags(cell) - TAGS.get(kind, set()):
        yield f"has unknown tags {sorted(unknown)} for {kind}; see CONTRIBUTING"
    if "NBVAL" in cell.source:
        yield "steers nbval by a comment; use a tag"
    keys = set(cell.metadata) - METADATA.get(kind, set())
    keys |= set(drawing) - {"image"} | set(drawing.get("image", ())) - {"alt"}
    if keys and cell.id != stamping.FOLD:
        yield f"has unknown metadata {sorted(keys)}; delete them"


COMPARABLE = [*RULES]

# The file.


@rule()
def outputs_are_those_of_the_code(page):
    """A stored output that was edited, or whose code was, is no result."""
    if page.run.get("seal") != notebooks.seal(page.notebook):
        what = "has other cells or outputs than its last run left"
        yield f"{what}; use `make run`"


@rule()
def file_is_small_and_holds_only_the_page(page):
    """What the best of the field keep; see CONTRIBUTING."""
    text = nbformat.v4.writes(page.notebook)
    for place in (str(Path.home()), str(ROOT)):
        if place in text:
            yield f"contains the path {place}; print no paths"
    # What a living figure loads only on request has a limit of its own.
    loaded = [json.dumps(given["load"]) for given in page.living.values()]
    size = len(text.encode()) - sum(map(len, loaded))
    if size > 300_000:
        yield f"has {size} bytes, more than 300,000; draw less"
    if unknown := set(page.notebook.metadata) - OF_THE_PAGE:
        yield f"has unknown metadata {sorted(unknown)}; delete them"
    if len(page.own) > 80:
        yield f"shows {len(page.own)} cells, more than 80; split the page"


@rule("own")
def cell_is_small(page, cell):
    if not cell.source.strip():
        yield "is empty; delete it"
    if cell.cell_type == "code" and (count := len(lines(cell))) > 20:
        yield f"has {count} lines, more than 20; split it"
    if cell.cell_type != "code" and (count := len(cell.source.split())) > 180:
        yield f"has {count} words, more than 180; split it"


# Code, what is hidden of it, and what varies.


@rule("code")
def code_is_plain_python(page, cell):
    """Magics and shell commands fail without failing their cell.

    nbval runs a cell in a way that a last `;` does not silence its value.
    """
    if cell.source.rstrip().endswith(";"):
        yield "ends in `;`, which nbval ignores; assign to `_`"
    if not (body := statements(cell.source)):
        yield "is no plain Python; use no magics"
    for name in loads(body) & {"clear_output", "system"}:
        yield f"calls `{name}`, which cannot be compared; take it out"
    if any(output.get("name") == "stderr" for output in cell.outputs):
        yield "wrote to stderr; remove the cause of the warning"


@rule("code")
def only_long_drawing_and_helpers_are_folded(page, cell):
    kinds = {type(node) for node in statements(cell.source)}
    is_taught, is_folded = cell in page.lesson, "hide-cell" in tags(cell)
    if "hide-input" in tags(cell) and not (
        len(cell.outputs) == len(drawn(cell)) == 1 and len(lines(cell)) > 6
    ):
        yield "folds more than long drawing; take hide-input away"
    if is_taught and is_folded and (cell.outputs or kinds - HELPERS):
        yield "folds more than helpers; take hide-cell away"
    if not is_taught and not is_folded:
        yield "is a solution; fold it with the tag hide-cell"


@rule("code")
def a_prediction_is_asked_for(page, cell):
    """The page folds its output, until the reader has thought."""
    if "predict" not in tags(cell):
        return
    if not cell.outputs or "hide-cell" in tags(cell):
        yield "shows nothing that is to be folded; take predict away"
    above = page.cells[: page.cells.index(cell)]
    text = [c.source for c in above if c.cell_type == "markdown"][-1]
    asks = r"\?|\b(predict|guess|decide|expect|write down)"
    if not re.search(asks, text.rpartition("\n\n")[2], re.I):
        what = "folds the answer to nothing; let the last paragraph above"
        yield f"{what} ask for it, or take predict away"


@rule()
def has_a_fault_to_plant(page):
    """`make plant` puts it in, and the comparison must fail."""
    shown = [c for c in page.code if not tags(c) & {"hide-cell", "hide-input"}]
    places = sum(c.source.count(text) for text in page.fault for c in shown)
    if page.number and (len(page.fault), places) != (1, 1):
        what = f"has the fault {page.fault}, found {places} times"
        yield f"{what}; name one text of a taught cell and its fault"


@rule("code")
def tolerance_has_a_cause(page, cell):
    """Elsewhere, tags and metadata would only switch a comparison off."""
    within, carried = cell.metadata.get("within"), tags(cell)
    if within and not ("nbval-ignore-output" in carried and 1 < within <= 50):
        yield "needs no such `within`; delete it"
    trained, real = depending(page, "fit"), depending(page, "FashionMNIST")
    if "picture" in cell.metadata and not (drawn(cell) and cell.id in trained):
        yield "shows the same picture everywhere; delete `picture`"
    if "real-data" in carried and not (cell.id in real and has_result(cell)):
        yield "shows nothing of the images; take real-data away"


@rule("code")
def ignored_outputs_are_explained_and_checked(page, cell):
    """They vary, the text above says so, and the code below says how far."""
    if "nbval-ignore-output" not in tags(cell):
        return
    place = page.cells.index(cell)
    above = [c for c in page.cells[:place] if c.cell_type == "markdown"]
    below = takewhile(lambda c: c.cell_type == "code", page.cells[place:])
    names = depending(page, *VARYING).get(cell.id, set())
    if not names:
        yield "is the same everywhere; take nbval-ignore-output away"
    if not re.search(r"\b(machine|processor|computer)", str(above)):
        yield "varies; let the page say above with what"
    if not names & set().union(*map(asserted, below)):
        yield "varies; assert below within what bounds"


# Pictures.


@rule("code")
def pictures_are_told_in_words(page, cell):
    if drawn(cell) and len(alternative(cell)) < 80:
        yield "says not what it shows; do so in mystnb.image.alt"


@rule()
def figures_and_equations_are_counted(page):
    """The site links to their numbers, in the order of the page."""
    kinds = {"figures": page.figures, "equations": page.equations}
    for kind, found in kinds.items():
        due = [f"{page.number or 'E'}.{i}" for i in range(1, len(found) + 1)]
        if found != due:
            yield f"numbers its {kind} {found}; make that {due}"


# Text.


@rule()
def page_has_its_parts(page):
    first, number = page.prose[0].source, page.number
    start = f"# {number} " if number else "# "
    heads = re.findall("^# .*$", page.text, re.M)
    if len(heads) != 1 or not first.startswith(start):
        yield f"must begin with the only heading {start!r}"
    if not page.question.endswith("?"):
        yield "must ask in bold what the page answers"
    credit = f"[section {number} of *Dive into Deep Learning*]"
    credit += f"({d2l_link(number)})"
    if page.d2l and credit not in first.replace("\n", " "):
        yield f"must link to {credit} in its first cell"
    if page.headings[-3:] != list(section.CLOSING):
        yield f"must end in the sections {', '.join(section.CLOSING)}"
    if not any(cell.source == "## Solutions" for cell in page.prose):
        yield "must have a cell that is `## Solutions` and nothing else"
    items = re.findall("^[*-] ", page.part("Summary"), re.M)
    if not 3 <= len(items) <= 5:
        yield f"has {len(items)} items in its summary; write three to five"
    if not page.pictures:
        yield "has no picture; draw one"


@rule("prose")
def text_is_what_every_front_end_renders(page, cell):
    prose = re.sub(r"(?<![`}])`[^`\n]+`", "", cell.source)
    for what, pattern in UNUSUAL.items():
        if re.search(pattern, prose, re.M):
            yield f"contains {what}; write plain Markdown"


@rule("prose")
def code_in_prose_is_code(page, cell):
    """It parses, and its names stand in code or output, or in a library."""
    shown = "\n".join(c.source + claims.shown(c) for c in page.all_code)
    known = set(re.findall(r"[A-Za-z_]\w*", shown)) | ELSEWHERE
    text = re.sub("```.*?```", "", cell.source, flags=re.S)
    for span in re.findall(r"`([^`\n]+)`", text):
        if re.match("make |pip |%|/", span):
            continue  # for a shell, or a folder
        if not is_code(span):
            yield f"contains `{span}`, which is no Python; correct it"
        used = set(re.findall(r"(?<![\w\"'])[A-Za-z_]\w*", span))
        if unknown := used - known and used - known - libraries():
            what = f"contains `{span}`, but no code has {sorted(unknown)}"
            yield f"{what}; correct it, or add it to ELSEWHERE in rules.py"


def is_code(span):
    """Tell whether a span is Python, or what stands in an expression."""
    part = span.removeprefix(".").removesuffix("=") or "x"
    sign = re.fullmatch(r"[-+*/@&|~= ]+|e[-+]\d+|\w+(:\w+)+", span)
    return sign or keyword.iskeyword(span) or statements(part)


@cache
def libraries():
    """Return the names that the libraries of the book bring along."""
    import pandas
    import torch

    owners = [builtins, str, list, dict, pandas, pandas.DataFrame]
    owners += [pandas.Series, torch, torch.Tensor, torch.nn, torch.nn.Module]
    owners += [torch.nn.functional, torch.linalg, torch.optim, torch.testing]
    owners += [torch.func]
    found = set(keyword.kwlist).union(*map(dir, owners), dir(torch.utils.data))
    for path in (ROOT / "d2lmini").rglob("*.py"):
        found |= set(re.findall(r"[A-Za-z_]\w*", path.read_text("utf-8")))
    return found


@rule("prose")
def links_lead_where_they_say(page, cell):
    for text, target in re.findall(r"\[([^]]*)\]\(([^)\s]+)\)", cell.source):
        parts, path = urlsplit(target), page.path.parent / urlsplit(target).path
        named = re.findall(r"(?<![\d.])\d\.\d+(?![\d.])", text)
        own = [d2l_link(number) for number in named or [page.number]]
        what = f"links [{text}] to"
        if parts.netloc == "d2l.ai" and [target] != own:
            yield f"{what} another section: {target}; correct it"
        elif not parts.netloc and (parts.fragment or not parts.path):
            yield f"{what} a part of a page, {target}; link to the page"
        elif not parts.netloc and not path.exists():
            yield f"{what} {target}, which is not there; correct it"
        elif not parts.netloc and path.suffix == ".ipynb":
            goal = section.read(path.resolve())
            names = {goal.heading, goal.title, f"chapter {goal.id[0]}"}
            short = re.sub("^(the )?section ", "", text, flags=re.I)
            if goal.number and short not in {goal.number, *names}:
                yield f"{what} {goal.heading!r}; write one or the other"


# Exercises and numbers.


@rule()
def every_exercise_has_a_solution(page):
    count = len(page.exercises)
    if count < 5 or page.exercises != [str(i + 1) for i in range(count)]:
        yield f"numbers its exercises {page.exercises}; write five or more"
    if page.solutions != page.exercises:
        yield f"solves {page.solutions} of its exercises {page.exercises}"


@rule("prose")
def every_solution_is_executed(page, cell):
    head, below = "### Solution ", page.own[page.own.index(cell) + 1 :]
    below = takewhile(lambda c: head not in c.source, below)
    if head in cell.source and not any(map(has_result, below)):
        yield "is followed by no result; show or assert one"


rule("prose")(claims.problems)


def main(*names):
    chosen = [Path(name).resolve() for name in names] or section.paths()
    found = [] if names else [*of_the_list()]
    for path in chosen:
        found += problems(path)
    for problem in found:
        print(problem)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
