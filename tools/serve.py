"""Serves the site, and shows a page anew as soon as its notebook is saved.

python tools/serve.py PORT
"""

import sys

import build
from livereload import Server

WATCHED = "chapters/*/*", "extras/*.ipynb", "*.md", "theme/**/*", "_toc.yml"


def main(port):
    build.main()
    server = Server()
    for pattern in WATCHED:
        server.watch(str(build.ROOT / pattern), build.main)
    server.serve(host="127.0.0.1", port=int(port), root=str(build.SITE))


if __name__ == "__main__":
    main(*sys.argv[1:])
