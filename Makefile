# The verbs of the project; `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help book test test-site run serve zip lint format clean check-links
.PHONY: constraints lift-pins publish-at

help: ## list the verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | \
		awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

# Made anew whenever a requirements file changes.
$(READY): requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo 'Python 3.10 or newer is needed: make PYTHON=...'; exit 1; }
	@echo 'Setting up $(VENV), once; PyTorch is large.'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install -r requirements.txt
	@touch $@

book: $(READY) ## build the site and print where it lies
	@echo 'Building the site from the stored outputs.'
	@# After a failure the next build starts anew: Sphinx reports the warnings
	@# of a page only when it reads that page.
	@# Sphinx does not notice either that a style sheet or a setting changed.
	$(BIN)/jupyter-book build -W -n --keep-going . \
		$$(find site _config.yml _toc.yml -newer _build/html/index.html \
		2>/dev/null | sed 's/.*/--all/; q') || { rm -rf _build; exit 1; }
	@echo 'The book: $(CURDIR)/_build/html/index.html'

test: $(READY) ## run every notebook and every unit test
	@echo 'Looking for the images of Fashion-MNIST.'
	@$(BIN)/python -c 'import d2lmini; print(d2lmini.FashionMNIST())'
	@echo 'Running the unit tests and every cell of every notebook.'
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# Apart from the rest: most who change a page need no browser for it.
$(VENV)/ready-site: $(READY) requirements-site-tests.txt
	$(BIN)/python -m pip install -r requirements-site-tests.txt
	@touch $@

test-site: book $(VENV)/ready-site ## look at the built site in Chromium
	@echo 'Opening every page of the site, in light and dark, wide and narrow.'
	$(BIN)/python -m pytest -o addopts= --numprocesses=2 --dist=loadgroup \
		tests/site $(PYTEST_ARGS)

run: $(READY) ## execute all notebooks in place (or NB="a.ipynb b.ipynb")
	@echo 'Executing the notebooks, two at a time.'
	$(BIN)/python tools/notebooks.py run $(NB)

serve: book ## build the site and serve it on http://localhost:8000 (PORT=)
	$(BIN)/python -m http.server --directory _build/html $(PORT)

zip: book ## pack the site and the notebooks into one archive, in dist/
	$(BIN)/python tools/archive.py

lint: $(READY) ## check style, formatting and that notebooks are normalised
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/notebooks.py lint

format: $(READY) ## repair what lint finds, where a tool can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/notebooks.py stamp

check-links: $(READY) ## see whether the links to other sites still lead there
	$(BIN)/jupyter-book build --builder linkcheck .

clean: ## remove the site and all caches; the environment stays
	rm -rf _build dist .pytest_cache .ruff_cache .coverage
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

constraints: ## pin anew what requirements.txt brings along (needs uv)
	sed '/^-c/d' requirements*.txt | uv pip compile --universal --upgrade \
		--python-version 3.10 --no-header --no-annotate - -o constraints.new
	{ sed -n '/^#/p' constraints.txt; cat constraints.new; } > constraints.tmp
	mv constraints.tmp constraints.txt && rm constraints.new

lift-pins: ## forget exact versions, to try the newest of everything
	sed -E '/^-c/d; /python_version </d; /nbval|jupyter-book/! s/==[^ ;]*//' \
		requirements.txt > requirements.tmp
	mv requirements.tmp requirements.txt

publish-at: $(READY) ## stamp the address of the repository: URL=https://...
	$(BIN)/python tools/notebooks.py publish-at $(URL)
