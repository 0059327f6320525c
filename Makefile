# The verbs of the project; `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
EXTRAS := $(VENV)/extras
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: $(shell grep -oE '^[a-z0-9-]+:' $(MAKEFILE_LIST) | tr -d :)

help: ## list the verbs
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | \
		awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

# Made anew whenever a requirements file changes.
$(READY): requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo 'Python 3.10 or newer is needed: make PYTHON=...'; exit 1; }
	@echo 'Setting up $(VENV), once; PyTorch is large.'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install -r requirements.txt
	@touch $@

# What only the optional page and the benchmark need.
$(EXTRAS): $(READY) requirements/extras.txt
	$(BIN)/python -m pip install -r requirements/extras.txt
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

# Beforehand, so that no notebook shows how they are fetched.
images: $(READY)
	@echo 'Looking for the images of Fashion-MNIST.'
	@$(BIN)/python -c 'import d2lmini; print(d2lmini.FashionMNIST())'

test: images ## run every notebook and every unit test
	@echo 'Running the unit tests and every cell of every notebook.'
	$(BIN)/python -m pytest $(PYTEST_ARGS)

coverage: $(READY) ## run the unit tests; every line and branch must be reached
	$(BIN)/python -m pytest --cov --cov-report=term $(PYTEST_ARGS) tests

# Where the images cannot be had, all processes see the stand-in.
mutants: $(READY) ## change the package everywhere: do the unit tests notice?
	$(BIN)/python -m pip install -q -r requirements/mutants.txt -c constraints.txt
	D2LMINI_STANDIN=$$($(BIN)/python -W ignore -c 'import d2lmini; \
		print("always" if d2lmini.FashionMNIST().is_standin else "never")') \
		OMP_NUM_THREADS=1 MPLBACKEND=agg \
		$(BIN)/python lab/mutants.py $(MODULES)

test-extras: $(EXTRAS) ## run what needs Lightning: the optional page, both processes
	$(BIN)/python -m pytest extras tests/test_bench.py

# Apart from the rest: most who change a page need no browser for it.
$(VENV)/ready-site: $(READY) requirements/site-tests.txt
	$(BIN)/python -m pip install -r requirements/site-tests.txt
	@touch $@

test-site: book $(VENV)/ready-site ## look at the built site in Chromium
	@echo 'Opening every page of the site, in light and dark, wide and narrow.'
	$(BIN)/python -m pytest -o addopts= --numprocesses=2 --dist=loadgroup \
		tests/site $(PYTEST_ARGS)

bench: $(EXTRAS) ## measure speed (10 minutes, quiet machine), judge it
	$(BIN)/python lab/bench.py $(BENCH_ARGS)

run: images ## execute all notebooks in place (or NB="a.ipynb b.ipynb")
	@echo 'Executing the notebooks, two at a time.'
	$(BIN)/python tools/notebooks.py run $(NB)

serve: book ## build the site and serve it on http://localhost:8000 (PORT=)
	$(BIN)/python -m http.server --directory _build/html $(PORT)

zip: book ## pack the site and the notebooks into one archive, in dist/
	$(BIN)/python tools/archive.py

lint: $(READY) ## check style, formatting and the rules for notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/notebooks.py lint
	$(BIN)/python tools/rules.py

format: $(READY) ## repair what lint finds, where a tool can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/notebooks.py stamp

check-links: book ## see whether the links to other sites still lead there
	$(BIN)/jupyter-book build --builder linkcheck .

clean: ## remove the site and all caches; the environment stays
	rm -rf _build dist .pytest_cache .ruff_cache .coverage
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

constraints: ## pin anew what the requirements bring along (needs uv)
	sed '/^-c/d' requirements.txt requirements/*.txt | \
		uv pip compile --universal --upgrade \
		--python-version 3.10 --no-header --no-annotate - -o constraints.new
	{ sed -n '/^#/p' constraints.txt; cat constraints.new; } > constraints.tmp
	mv constraints.tmp constraints.txt && rm constraints.new

matrix: $(READY) ## list the sessions of noxfile.py, or run some: S="colab oldest"
	$(BIN)/python -m nox $(if $(S),--session $(S),--list)

plant: $(READY) ## plant a fault in a copy of each page; the tests must notice
	$(BIN)/python -m pytest -q -rP --dist=load tests/plants.py

# In an environment of its own: what it brings along would meet our pins.
audit: ## look for known weaknesses of the packages that are pinned
	$(PYTHON) -m venv --clear $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install -q pip-audit==2.10.1
	$(VENV)/audit/bin/pip-audit --strict --disable-pip --no-deps \
		$(patsubst %,-r %,constraints.txt requirements.txt \
		$(wildcard requirements/*.txt))

publish-at: $(READY) ## stamp the address of the repository: URL=https://...
	$(BIN)/python tools/notebooks.py publish-at $(URL)

count-d2l: $(READY) ## count D2L's notebooks anew (or D2L=folder of a clone)
	$(BIN)/python lab/count_d2l.py $(D2L)
