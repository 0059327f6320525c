"""Rules that every notebook keeps, each with the reason for it.

    python tools/rules.py [NOTEBOOK ...]    print what breaks a rule

A rule is a generator over a page. It yields the cell that is at fault (None
for the whole page) and a sentence that says what is wrong and what to do.
"""

import ast
import builtins
import itertools
import keyword
import math
import re
import struct
import sys
from base64 import b64decode
from collections import Counter
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import urlsplit

import claims
import nbformat
import notebooks
import stamping
from section import ROOT, Section, alternative, d2l_link, paths, read, tags

# Names that a cell uses whose result differs from run to run, or from machine
# to machine.
VARYING = {"fit", "perf_counter", "repeat", "timeit"}
# What prose names although no page or library of the book has it.
ELSEWHERE = {
    "LightningModule",
    "LightningDataModule",
    "gloo",
    "srun",
    "strategy",
}
ELSEWHERE |= {"Addmm", "NumRooms_nan", "channels", "dW"}
LINK = re.compile(r"\[([^]]*)\]\(([^)\s]+)\)")
RULES = []
HIDDEN = stamping.HIDDEN
frame = cache(stamping.frame)


def rule(function):
    RULES.append(function)
    return function


def problems(path, notebook=None):
    """Return what breaks a rule in a notebook, as sentences.

    `notebook` stands in for the one that lies at `path`.
    """
    page = Page(path, notebook)
    found = []
    for check in RULES:
        for cell, sentence in check(page):
            where = page.name
            if cell is not None:
                where += f", cell {page.cells.index(cell)} ({cell.id})"
            found.append(f"{where}: {sentence}")
    return found


class Page(Section):
    """A section, and the views of its cells that the rules share."""

    @cached_property
    def all_code(self):
        """The cells of code, the set-up among them."""
        return [c for c in self.cells if c.cell_type == "code"]

    def place(self, cell):
        return next(i for i, c in enumerate(self.cells) if c is cell)

    def above(self, cell, until="."):
        """Return the text above a cell, up to a cell that matches `until`."""
        found = []
        for other in self.cells[: self.place(cell)][::-1]:
            if other.cell_type == "markdown":
                found.append(other.source)
                if re.search(until, other.source, re.M):
                    break
        return "\n".join(found)

    def below(self, cell):
        """Return the code cells directly below a cell."""
        after = self.cells[self.place(cell) + 1 :]
        return itertools.takewhile(lambda c: c.cell_type == "code", after)

    @cached_property
    def solutions_at(self):
        """Where the heading of the solutions stands; the end without one."""
        heads = [c for c in self.prose if c.source.startswith("## Solutions")]
        return self.place(heads[0]) if heads else len(self.cells)

    @cached_property
    def drawn(self):
        """Map the places of the cells that show pictures to these, as bytes."""
        return {
            self.place(cell): found
            for cell in self.all_code
            if (found := [b64decode(p) for p in images(cell)])
        }


def images(cell):
    data = [output.get("data", {}) for output in cell.outputs]
    return [d["image/png"] for d in data if "image/png" in d]


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def parse(cell):
    """Return the statements of a cell, or none if it is no plain Python."""
    try:
        return ast.parse(cell.source).body
    except SyntaxError:
        return []


def loads(node):
    """Return the names and attributes that a statement uses."""
    return {
        n.id if isinstance(n, ast.Name) else n.attr
        for n in ast.walk(node)
        if isinstance(n, (ast.Name, ast.Attribute))
        and not isinstance(n.ctx, ast.Store)
    }


def stores(node):
    """Return the names that a statement gives to what it makes."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    found = set()
    for n in ast.walk(node):
        match n:
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            # trainer.fit(model, data)
            case ast.Call(
                func=ast.Attribute(value=trainer, attr="fit"), args=args
            ):
                changed = [trainer, *args]
                found |= {n.id for n in changed if isinstance(n, ast.Name)}
            # by_width[8] = ..., gaps.append(...)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                found.add(name)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="append")
            ):
                found.add(name)
    return found


def depending(code, sources):
    """Return {cell id: names}, for cells that use a source, or what it made.

    The names are those in the cell that come from a source.
    """
    made, found = set(sources), {}
    for cell in code:
        for statement in parse(cell):
            if (used := loads(statement)) & made:
                made |= stores(statement)
                names = found.setdefault(cell.id, set())
                names |= (used | stores(statement)) & made
    return found


# The file.


@rule
def every_front_end_opens_it(page):
    """Jupyter, VS Code and Colab all offer a kernel of the stamped name."""
    notebook, remedy = page.notebook, "save it with JupyterLab 4"
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        yield None, f"is no notebook of format 4.5; {remedy}"
    for error in nbformat.validator.iter_validate(notebook):
        yield None, f"is no valid notebook ({error.message}); {remedy}"
    kernel = notebook.metadata.get("kernelspec")
    if kernel != stamping.KERNEL_OF_ALL:
        yield None, f"has the kernel {kernel}; run `make format`"
    if notebook.metadata.get("language_info", {}).get("name") != "python":
        yield None, f"is in no language or in another one; {remedy}"
    for name, count in Counter(cell.id for cell in page.cells).items():
        if count > 1:
            yield None, f"has {count} cells with the id {name}; rename them"
    for cell in page.cells:
        if cell.cell_type not in ("markdown", "code"):
            yield cell, "is neither text nor code; change its type"


@rule
def frame_is_the_stamped_one(page):
    expected = dict(zip((0, 2), frame(page.path), strict=True))
    for i, source in expected.items():
        cell = page.cells[i] if i < len(page.cells) else None
        name = ("badge", "", "setup")[i]
        if cell is None or (cell.id, cell.source) != (name, source):
            yield cell, f"is not the {name} cell as stamped; run `make format`"
        elif tags(cell) != {"remove-cell"}:
            yield cell, "has other tags than as stamped; run `make format`"


@rule
def solutions_are_folded_in_the_notebook_too(page):
    """Their heading stands alone in its cell, which a fold leaves in sight."""
    heads = [c for c in page.prose if re.search("^##? ", c.source, re.M)]
    heads = heads or page.cells[:1]
    fold = {"id": stamping.FOLD, "jp-MarkdownHeadingCollapsed": True}
    colab = {"collapsed_sections": [stamping.FOLD]}
    if heads[-1].source != "## Solutions":
        yield heads[-1], "must be `## Solutions` and nothing else"
    elif (
        heads[-1].metadata != fold
        or heads[-1].id != stamping.FOLD
        or page.notebook.metadata.get("colab") != colab
    ):
        yield heads[-1], "does not fold the solutions; run `make format`"


@rule
def names_no_place_on_this_machine(page):
    text = nbformat.v4.writes(page.notebook)
    for place in (str(Path.home()), str(ROOT)):
        if place in text:
            yield None, f"contains the path {place}; print no paths"


@rule
def sizes(page):
    """What the best of the field keep; see CONTRIBUTING."""
    size = len(nbformat.v4.writes(page.notebook).encode())
    if size > 300_000:
        yield None, f"has {size} bytes, more than 300,000; draw less"
    if len(page.cells) - 2 > 80:
        yield None, f"shows {len(page.cells) - 2} cells, more than 80"
    for cell in page.code:
        if len(lines(cell)) > 20:
            yield cell, f"has {len(lines(cell))} lines, more than 20; split it"
    for cell in page.prose:
        if (words := len(cell.source.split())) > 180:
            yield cell, f"has {words} words, more than 180; split it"


# How it was run.


@rule
def was_saved_from_one_run(page):
    for i, cell in enumerate(page.all_code, 1):
        for part in (cell, *cell.outputs):
            if (count := part.get("execution_count", i)) != i:
                yield cell, f"ran as number {count}, not {i}; use `make run`"


@rule
def outputs_are_those_of_the_code(page):
    """A stored output that was edited, or whose code was, is no result."""
    record = page.notebook.metadata.get("d2lmini", {})
    if record.get("seal") != notebooks.seal(page.notebook):
        what = "has other cells or outputs than its last run left"
        yield None, f"{what}; use `make run`"


@rule
def errors_are_taught_ones(page):
    for cell in page.all_code:
        raised = any(o.output_type == "error" for o in cell.outputs)
        if raised and "raises-exception" not in tags(cell):
            yield cell, "ended in an error; repair it, or tag raises-exception"
        if not raised and "raises-exception" in tags(cell):
            yield cell, "raised nothing; take its tag raises-exception away"


@rule
def stderr_is_empty(page):
    """What stands there depends on the machine."""
    for cell in page.all_code:
        if any(o.get("name") == "stderr" for o in cell.outputs):
            yield cell, "wrote to stderr; remove the cause of the warning"


@rule
def code_is_plain_python(page):
    """Magics and shell commands fail without failing their cell.

    nbval runs a cell in a way that a last `;` does not silence its value.
    """
    for cell in page.all_code:
        if cell.source.rstrip().endswith(";"):
            yield cell, "ends in `;`, which nbval ignores; assign to `_`"
        if not (body := parse(cell)):
            yield cell, "is no plain Python; use no magics"
        for name in {"clear_output", "system"}:
            if any(name in loads(node) for node in body):
                yield cell, f"calls `{name}`, which cannot be compared"


# Tags.


@rule
def tags_are_known(page):
    """A misspelt tag is silently ignored by every tool."""
    for cell in page.cells:
        if unknown := tags(cell) - notebooks.TAGS:
            yield cell, f"has unknown tags {sorted(unknown)}; see CONTRIBUTING"
        if cell.cell_type == "markdown" and tags(cell) - {"remove-cell"}:
            yield cell, "is text, and needs no tag; take it away"


@rule
def nothing_of_the_lesson_is_hidden(page):
    helps = {ast.FunctionDef, ast.Assert, ast.Import, ast.ImportFrom}
    for cell in page.cells:
        if "remove-cell" in tags(cell) and cell.id not in ("badge", "setup"):
            yield cell, "is missing on the page; take remove-cell away"
    for cell in page.all_code:
        own = tags(cell)
        if "hide-input" in own and not (
            len(cell.outputs) == len(images(cell)) == 1 and len(lines(cell)) > 6
        ):
            yield cell, "folds more than long drawing; take hide-input away"
        if "hide-cell" in own and page.place(cell) < page.solutions_at:
            made = set().union(*map(stores, parse(cell)))
            shown = [
                c
                for c in page.all_code
                if not (images(c) or "hide-cell" in tags(c))
            ]
            used = {n for c in shown for node in parse(c) for n in loads(node)}
            if cell.outputs or {type(n) for n in parse(cell)} - helps:
                yield cell, "folds more than helpers; take hide-cell away"
            elif made & used:
                names = ", ".join(sorted(made & used))
                yield cell, f"folds {names}, which no picture uses; show it"


@rule
def a_prediction_is_asked_for(page):
    """The page folds its output, until the reader has thought."""
    asks = r"\?|\b([Pp]redict|[Gg]uess|[Dd]ecide|[Ee]xpect|[Ww]rite down)"
    for cell in page.code:
        if "predict" not in tags(cell):
            continue
        if not cell.outputs or "hide-cell" in tags(cell):
            yield cell, "shows nothing that is to be folded; take predict away"
        if not re.search(asks, page.above(cell).rsplit("\n\n", 1)[-1]):
            what = "folds the answer to nothing; let the last paragraph above"
            yield cell, f"{what} ask for it, or take predict away"


@rule
def has_a_fault_to_plant(page):
    """`make plant` puts it in, and the comparison must fail."""
    if page.number is None:
        return
    shown = [c for c in page.code if not tags(c) & {"hide-cell", "hide-input"}]
    places = sum(
        cell.source.count(text) for text in page.fault for cell in shown
    )
    if (len(page.fault), places) != (1, 1):
        what = f"has the fault {page.fault}, found {places} times"
        yield None, f"{what}; name one text of a taught cell and its fault"


@rule
def metadata_are_known(page):
    """What else stands there could hide or restyle a cell."""
    known = {"code": {"tags", "mystnb", "within", "picture"}}
    known["markdown"] = {"tags", "numbers"}
    whole = {"kernelspec", "language_info", "colab", "d2lmini", "fault"}
    if unknown := set(page.notebook.metadata) - whole:
        yield None, f"has unknown metadata {sorted(unknown)}; delete them"
    for cell in page.cells:
        keys = set(cell.metadata) - known.get(cell.cell_type, set())
        keys |= set(cell.metadata.get("mystnb", {"image": {}})) - {"image"}
        keys |= set(cell.metadata.get("mystnb", {}).get("image", {})) - {"alt"}
        if "predict" in tags(cell) and cell.metadata.get("jupyter") == HIDDEN:
            keys.discard("jupyter")
        if keys and cell.id != stamping.FOLD:
            yield cell, f"has unknown metadata {sorted(keys)}; delete them"


@rule
def tolerance_has_a_cause(page):
    trained = depending(page.code, {"fit"})
    for cell in page.all_code:
        if "within" in cell.metadata and not (
            "nbval-ignore-output" in tags(cell)
            and 1 < cell.metadata["within"] <= 50
        ):
            yield cell, "needs no such `within`; delete it"
        if "picture" in cell.metadata and not (
            images(cell) and cell.id in trained
        ):
            yield cell, "shows the same picture everywhere; delete `picture`"


@rule
def real_data_are_real(page):
    """Elsewhere, the tag would only switch the comparison off."""
    on_images = depending(page.code, {"FashionMNIST"})
    for cell in page.all_code:
        if "real-data" in tags(cell) and (
            cell.id not in on_images or not has_result(cell)
        ):
            yield cell, "shows nothing of the images; take real-data away"


def has_result(cell):
    return bool(cell.outputs) or any(
        isinstance(n, ast.Assert) and loads(n.test)
        for node in parse(cell)
        for n in ast.walk(node)
    )


@rule
def ignored_outputs_are_explained_and_checked(page):
    """They vary, the text above says so, and the code below says how far."""
    varying = depending(page.code, VARYING)
    for cell in page.all_code:
        if "nbval-ignore-output" not in tags(cell):
            continue
        if cell.id not in varying:
            yield cell, "is the same everywhere; take nbval-ignore-output away"
        above = page.above(cell, until="^# ")
        if not re.search(r"\b(machine|processor|computer)", above):
            yield cell, "varies; let the page say above with what"
        checked = set()
        for other in (cell, *page.below(cell)):
            for node in parse(other):
                if any(isinstance(n, ast.Assert) for n in ast.walk(node)):
                    checked |= loads(node)
        if not checked & varying.get(cell.id, set()):
            yield cell, "varies; assert below within what bounds"


# Pictures.


@rule
def pictures_are_light_png(page):
    """nbval compares SVG byte by byte, and SVG holds dates."""
    for cell in page.all_code:
        for output in cell.outputs:
            if "image/svg+xml" in output.get("data", {}):
                yield cell, "shows an SVG; let Matplotlib draw a PNG"
        for picture in page.drawn.get(page.place(cell), []):
            if len(picture) > 30_000:
                yield cell, f"shows {len(picture)} bytes; draw less"


@rule
def pictures_have_their_own_size(page):
    """A screen shows half as many points as a picture has, each way."""
    for cell in page.all_code:
        for output in cell.outputs:
            if data := output.get("data", {}).get("image/png"):
                width, height = struct.unpack(">2I", b64decode(data)[16:24])
                shown = output.metadata.get("image/png")
                if shown != {"width": width // 2, "height": height // 2}:
                    size = f"{width} by {height} points as {shown}"
                    yield cell, f"shows {size}; use `make run`"


@rule
def pictures_are_alternative(page):
    seen = {}
    for place in page.drawn:
        cell, alt = page.cells[place], alternative(page.cells[place])
        if len(alt) < 80:
            yield cell, "says not what it shows; do so in mystnb.image.alt"
        if alt and alt in seen:
            yield cell, f"has the alternative text of cell {seen[alt]}"
        seen[alt] = place


def words(text):
    text = text.replace("_", " ").lower()
    return {w.rstrip("s") for w in re.findall(r"[a-z]{3,}|\d+(?:\.\d+)?", text)}


@rule
def alternative_texts_are_of_their_pictures(page):
    """Two of them cannot change places without being farther off.

    Near are words that stand in the cell, or in the text around it; the rarer
    on the page, the nearer.
    """
    around = {}
    for place in page.drawn:
        cell, after = page.cells[place], page.cells[place + 1 :]
        texts = [c.source for c in after if c.cell_type == "markdown"]
        below = "".join(texts[:1])
        around[place] = words(f"{page.above(cell)} {cell.source} {below}")
    seen = Counter(word for found in around.values() for word in found)
    alts = {place: words(alternative(page.cells[place])) for place in around}

    def nearness(a, b):
        return sum(1 / seen[word] for word in alts[a] & around[b])

    for a, b in itertools.combinations(around, 2):
        own = nearness(a, a) + nearness(b, b)
        if alts[a] and alts[b] and own <= nearness(a, b) + nearness(b, a):
            what = f"could exchange its alternative text with cell {b}"
            yield page.cells[a], f"{what}; use words that stand near it"


# Text.


@rule
def heading_is_that_of_the_file(page):
    start = f"# {page.number} " if page.number else "# "
    found = re.findall("^# .*$", page.text, re.M)
    if len(found) != 1 or not page.prose[0].source.startswith(start):
        yield page.prose[0], f"must begin with the only heading {start!r}"


@rule
def page_has_its_parts(page):
    first = page.prose[0]
    if "**" not in first.source or "?" not in first.source:
        yield first, "must ask in bold what the page answers"
    credit = f"[section {page.number} of *Dive into Deep Learning*]"
    credit += f"({d2l_link(page.number)})"
    if page.d2l and credit not in first.source.replace("\n", " "):
        yield first, f"must link to {credit}"
    parts = ["Summary", "Exercises", "Solutions"]
    if re.findall("^## (.*)$", page.text, re.M)[-3:] != parts:
        yield None, f"must end in the sections {', '.join(parts)}"
    summary = page.text.partition("\n## Summary")[2].partition("\n## ")[0]
    if not 3 <= (items := len(re.findall("^[*-] ", summary, re.M))) <= 5:
        yield None, f"has {items} items in its summary; write three to five"
    if not page.drawn:
        yield None, "has no picture; draw one"


@rule
def no_heading_is_lost(page):
    """`##` that becomes `###` would leave a section with one part."""
    above = None
    parts = Counter()
    for cell in page.prose:
        text = re.sub("```.*?```", "", cell.source, flags=re.S)
        for level, heading in re.findall(r"^(#+)\s*(.*)$", text, re.M):
            where = f"the heading {heading!r}"
            if len(level) > 3:
                yield cell, f"has {where} of level {len(level)}; use three"
            elif len(level) == 2:
                above = heading
            elif len(level) == 3 and above is None:
                yield cell, f"has {where} below no section; write `##`"
            elif len(level) == 3 and above == "Solutions":
                if not re.fullmatch(r"Solution \d+", heading):
                    yield cell, f"has {where} among the solutions"
            elif len(level) == 3:
                parts[above] += 1
    for cell in page.prose:
        for heading, count in parts.items():
            if count == 1 and f"## {heading}\n" in cell.source + "\n":
                what = f"divides the section {heading!r} into one part"
                yield cell, f"{what}; make it `##`"


@rule
def items_of_lists_are_whole_and_said_once(page):
    seen = set()
    for cell in page.prose:
        if not cell.source.strip():
            yield cell, "is empty; delete it"
        for item in re.findall(r"^(?:[*-]|\d+\.) +(.*)", cell.source, re.M):
            if len(item) < 20 or item in seen:
                yield cell, f"has an item that says nothing new: {item!r}"
            seen.add(item)


@rule
def text_is_what_every_front_end_renders(page):
    """Colab shows directives, roles and HTML as they stand."""
    for cell in page.prose:
        prose = re.sub(r"`[^`]*`", "", cell.source)
        for what, pattern, text in (
            ("a directive", r"^(:::|```+\{)", cell.source),
            ("a role", r"\{[a-z:]+\}`", cell.source),
            ("HTML", r"<(/?[a-z]|!)[^>]*>", prose),
            ("a comment, which is not shown", r"^ *%", cell.source),
            ("a picture", r"!\[", prose),
            ("a reference", r"^ *\[[^]]+\]:", cell.source),
        ):
            if re.search(pattern, text, re.M):
                yield cell, f"contains {what}; write plain Markdown"


@rule
def code_in_prose_is_code(page):
    """It parses, and its names stand in code or output, or in a library."""
    shown = "\n".join(c.source + claims.shown(c) for c in page.all_code)
    names = set(re.findall(r"[A-Za-z_]\w*", shown)) | ELSEWHERE
    for cell in page.prose:
        text = re.sub("```.*?```", "", cell.source, flags=re.S)
        for span in re.findall(r"`([^`\n]+)`", text):
            if re.match("make |pip |%|/", span):
                continue  # for a shell, or a folder
            if not is_code(span):
                yield cell, f"contains `{span}`, which is no Python; correct it"
            used = re.findall(r"(?<![\w\"'])[A-Za-z_]\w*", span)
            if unknown := set(used) - names - libraries():
                what = f"contains `{span}`, but no code has {sorted(unknown)}"
                yield cell, f"{what}; correct it, or add it to ELSEWHERE"


def is_code(span):
    """Tell whether a span is Python, or what stands in an expression."""
    part = span.removeprefix(".").removesuffix("=") or "x"
    try:
        ast.parse(part)
    except SyntaxError:
        return keyword.iskeyword(span) or re.fullmatch(
            r"[-+*/@&|~= ]+|e[-+]\d+|\w+(:\w+)+", span
        )
    return True


@cache
def libraries():
    """Return the names that the libraries of the book bring along."""
    import pandas
    import torch
    from torch.utils import data

    found = set(dir(builtins)) | set(keyword.kwlist)
    for owner in (
        *(str, list, dict, math),
        *(torch, torch.Tensor, torch.linalg, torch.testing, data),
        *(torch.nn, torch.nn.Module, torch.nn.functional, torch.optim),
        *(pandas, pandas.DataFrame, pandas.Series),
    ):
        found |= set(dir(owner))
    for path in (ROOT / "d2lmini").rglob("*.py"):
        found |= set(re.findall(r"[A-Za-z_]\w*", path.read_text("utf-8")))
    return found


@rule
def links_lead_where_they_say(page):
    for cell in page.prose:
        for text, target in LINK.findall(cell.source):
            parts = urlsplit(target)
            named = re.findall(r"(?<![\d.])[2-5]\.\d+(?![\d.])", text)
            if parts.netloc == "d2l.ai":
                own = named or [page.number]
                if [target] != [d2l_link(number) for number in own]:
                    yield cell, f"links [{text}] to another section: {target}"
            elif not parts.netloc:
                there = page.path.parent / parts.path
                if not parts.path or parts.fragment:
                    yield cell, f"links to a part of a page, {target}"
                elif not there.exists():
                    yield cell, f"links to {target}, which is not there"
                elif there.suffix == ".ipynb":
                    yield from other_page(cell, text, there.resolve())


def other_page(cell, text, path):
    """Compare the text of a link with the number and title of its page."""
    goal = read(path)
    names = {goal.number, goal.heading, goal.title}
    names |= {f"chapter {goal.id[0]}"}
    short = re.sub("^(the )?section ", "", text, flags=re.I)
    if goal.number and short not in names:
        yield (
            cell,
            f"links [{text}] to {goal.heading!r}; write one or the other",
        )


# Exercises.


@rule
def every_exercise_has_an_executed_solution(page):
    """Solutions are code, folded on the page, one heading an exercise."""
    text = page.text.partition("\n## Exercises\n")[2].partition("\n## ")[0]
    exercises = [int(n) for n in re.findall(r"^(\d+)\. ", text, re.M)]
    if len(exercises) < 5 or exercises != list(range(1, len(exercises) + 1)):
        yield None, f"numbers its exercises {exercises}; write five or more"
    groups = {}
    for cell in page.cells[page.solutions_at :]:
        if match := re.search(r"^### Solution (\d+)$", cell.source, re.M):
            groups[int(match[1])] = []
        elif cell.cell_type == "code" and groups:
            groups[max(groups)].append(cell)
            if "hide-cell" not in tags(cell):
                yield cell, "is a solution; fold it with the tag hide-cell"
    if list(groups) != exercises:
        yield None, f"solves {list(groups)} of its exercises {exercises}"
    for number, group in groups.items():
        if not any(has_result(cell) for cell in group):
            yield None, f"shows and asserts nothing in Solution {number}"


# Numbers.


@rule
def numbers_in_prose_are_those_of_the_cells(page):
    for i, number in claims.unsupported(page.cells):
        what = f"states {number}, which no cell beside it prints or uses"
        where = f'write in its metadata "numbers": {{"{number}": "its source"}}'
        yield page.cells[i], f"{what}; correct it, or {where}"
    for i, number, sentence in claims.misdeclared(page.cells):
        yield page.cells[i], f'declares {number} in "numbers"; {sentence}'


def main(*names):
    chosen = [Path(name).resolve() for name in names] or paths()
    found = [problem for path in chosen for problem in problems(path)]
    for problem in found:
        print(problem)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
