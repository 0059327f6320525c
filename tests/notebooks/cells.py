"""Builds the small notebooks that the tests here look at."""

import io
from base64 import b64encode

import nbformat.v4 as v4
from PIL import Image


def text(source, **metadata):
    return v4.new_markdown_cell(source, metadata=metadata)


def code(source, *outputs, tags=(), **metadata):
    metadata |= {"tags": list(tags)} if tags else {}
    return v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def printed(words):
    return v4.new_output("stream", name="stdout", text=words)


def shown(plain="", picture=b"", html=""):
    data = {"text/plain": plain, "text/html": html}
    data["image/png"] = b64encode(picture).decode()
    data = {kind: content for kind, content in data.items() if content}
    return v4.new_output("display_data", data=data)


def error(*traceback):
    fields = {"ename": "ValueError", "evalue": "one"}
    return v4.new_output("error", traceback=[*traceback], **fields)


def plain(color):
    """Return a small picture of one color."""
    file = io.BytesIO()
    Image.new("RGB", (4, 2), color).save(file, "png")
    return file.getvalue()


def page(*cells, **metadata):
    """Return a notebook whose cells ran from the first to the last."""
    made = v4.new_notebook(cells=list(cells), metadata=metadata)
    ran = [cell for cell in made.cells if cell.cell_type == "code"]
    for i, cell in enumerate(ran, 1):
        cell.execution_count = i
    return made
