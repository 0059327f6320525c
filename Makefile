# The verbs of the project; `make` alone lists them.

PYTHON ?= python3
VENV := .venv
# Always `python -m`: the scripts beside it know only the place where they were
# made, and a checkout may move.
RUN := $(VENV)/bin/python
PREPARE = @$(PYTHON) tools/environment.py $(VENV) requirements.txt
PORT ?= 8000
# It would leave out the checks.
unexport PYTHONOPTIMIZE

.DEFAULT_GOAL := help
.PHONY: $(shell grep -oE '^[a-z0-9-]+:' $(MAKEFILE_LIST) | tr -d :)

help: ## list the verbs
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | \
		awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

ready:
	$(PREPARE)

# What only the optional page and the benchmark need.
extras:
	$(PREPARE) requirements/extras.txt

book: ready ## build the site and print where it lies
	@echo 'Building the site from the stored outputs.'
	@$(RUN) tools/build.py

# Beforehand, so that no notebook shows how they are fetched.
images: ready ## fetch the images of Fashion-MNIST, where they lack
	@echo 'Looking for the images of Fashion-MNIST.'
	@$(RUN) -c 'import d2lmini; print(d2lmini.FashionMNIST())'

test: images ## run every notebook and every unit test
	@echo 'Running the unit tests and every cell of every notebook.'
	$(RUN) -m pytest $(PYTEST_ARGS)

coverage: ready ## run the unit tests; every line and branch must be reached
	$(RUN) -m pytest --cov --cov-report=term $(PYTEST_ARGS) tests

mutants: ready ## change the package everywhere: do the unit tests notice?
	$(PREPARE) requirements/mutants.txt
	$(RUN) lab/mutants.py $(MODULES)

test-extras: extras ## run what needs Lightning: the optional page, both processes
	$(RUN) -m pytest extras tests/lab/test_bench.py

# Apart from the rest: most who change a page need no browser for it.
test-site: book ## look at the built site in Chromium
	$(PREPARE) requirements/site-tests.txt
	@echo 'Opening every page of the site, in light and dark, wide and narrow.'
	$(RUN) -m pytest -o addopts= --numprocesses=2 --dist=loadgroup \
		tests/browser $(PYTEST_ARGS)

bench: extras ## measure speed (10 minutes, quiet machine), judge it
	$(RUN) lab/bench.py $(BENCH_ARGS)

run: images ## execute all notebooks in place (or NB="a.ipynb b.ipynb")
	@echo 'Executing the notebooks, two at a time.'
	$(RUN) tools/notebooks.py run $(NB)

new: images ## begin a page: SECTION=2.4 TITLE="Calculus"
	$(RUN) tools/notebooks.py new '$(SECTION)' '$(TITLE)'

serve: book ## build the site and serve it on http://localhost:8000 (PORT=)
	$(RUN) -m http.server --bind 127.0.0.1 \
		--directory _build/html $(PORT)

live: ready ## serve the site, and show a page anew when it is saved
	$(RUN) tools/live.py $(PORT)

zip: book ## pack the site and the notebooks into one archive, in dist/
	$(RUN) tools/archive.py

lint: ready ## check style, formatting and that notebooks are normalized
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) tools/notebooks.py lint
	$(RUN) tools/rules.py

format: ready ## repair what lint finds, where a tool can
	$(RUN) -m ruff check --fix-only .
	$(RUN) -m ruff format .
	$(RUN) tools/notebooks.py stamp
	$(RUN) -m ruff check .

check-links: book ## see whether the links to other sites still lead there
	$(RUN) -c 'from jupyter_book.cli.main import main; main()' build \
		--builder linkcheck --path-output _build/links .

mirrors: ready ## ask every mirror whether it has the images
	$(RUN) -c 'from d2lmini.support.files import probe_mirrors; probe_mirrors()'

clean: ## remove the site and all caches; the environment stays
	rm -rf _build dist .pytest_cache .ruff_cache .coverage
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

constraints: ## pin anew what the requirements bring along (needs uv)
	sed '/^-c/d' requirements.txt requirements/*.txt | \
		uv pip compile --universal --upgrade \
		--python-version 3.10 --no-header --no-annotate - -o constraints.new
	{ sed -n '/^#/p' constraints.txt; cat constraints.new; } > constraints.tmp
	mv constraints.tmp constraints.txt && rm constraints.new

matrix: ready ## list the sessions of lab/noxfile.py, or run some: S="colab oldest"
	$(RUN) -m nox --noxfile lab/noxfile.py $(if $(S),--session $(S),--list)

plant: ready ## plant a fault in a copy of each page; the tests must notice
	$(RUN) -m pytest -q -rP --dist=load lab/plants.py

# In an environment of its own: what it brings along would meet our pins.
audit: ## look for known weaknesses of the packages that are pinned
	$(PYTHON) -m venv --clear $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install -q pip-audit==2.10.1
	$(VENV)/audit/bin/python -m pip_audit --strict --disable-pip --no-deps \
		$(patsubst %,-r %,constraints.txt requirements.txt \
		$(wildcard requirements/*.txt))

publish-at: ready ## name the repository everywhere: URL=https://...
	$(RUN) tools/notebooks.py publish-at '$(URL)'

release: ready ## let notebooks elsewhere fetch this version of the package
	$(RUN) tools/notebooks.py release
