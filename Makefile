# The verbs of the project; `make` alone lists them.

PYTHON ?= python3
VENV := .venv
# Always `python -m`: the scripts beside it know only the place where they were
# made, and a checkout may move.
RUN := $(VENV)/bin/python
OLD := import sys; sys.version_info < (3, 10) and \
	sys.exit("Python 3.10 or newer is needed: make PYTHON=...")
WHOLE := import sys, importlib.metadata as m; sys.exit(not m.files("pip"))
PORT ?= 8000
# It would leave out the checks.
unexport PYTHONOPTIMIZE

.DEFAULT_GOAL := help
.PHONY: $(shell grep -oE '^[a-z0-9-]+:' $(MAKEFILE_LIST) | tr -d :)

help: ## list the verbs
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | \
		awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

# Made anew only where its Python does not run, or has no whole pip.
ready:
	@$(RUN) -c '$(WHOLE)' 2>/dev/null || { \
		echo 'Setting up $(VENV), once; PyTorch is large.' && \
		$(PYTHON) -c '$(OLD)' && $(PYTHON) -m venv --clear $(VENV); }
	$(call install,requirements.txt)

# When a file is another one than was installed last, whatever its date. An
# interrupted pip leaves a mixture, and no copy of the file.
define install
	@cat constraints.txt requirements.txt $(1) | \
		cmp -s - $(VENV)/$(notdir $(1)) || { \
		echo 'Installing what $(1) names.' && rm -f $(VENV)/$(notdir $(1)) && \
		$(RUN) -m pip install -c constraints.txt -r $(1) && \
		cat constraints.txt requirements.txt $(1) > $(VENV)/$(notdir $(1)); }
endef

# What only the optional page and the benchmark need.
extras: ready
	$(call install,requirements/extras.txt)

book: ready ## build the site and print where it lies
	@echo 'Building the site from the stored outputs.'
	@$(RUN) tools/build.py

# A site that is built later offers them, as long as they are up to date.
pdf: ready ## make the whole book as one PDF
	$(call install,requirements/editions.txt)
	@$(RUN) tools/editions.py pdf

epub: ready ## make the whole book as one EPUB
	$(call install,requirements/editions.txt)
	@$(RUN) tools/editions.py epub

# Beforehand, so that no notebook shows how they are fetched.
images: ready ## fetch the images of Fashion-MNIST, where they lack
	@echo 'Looking for the images of Fashion-MNIST.'
	@$(RUN) -c 'import d2lmini; print(d2lmini.FashionMNIST())'

test: images ## run every notebook and every unit test
	@echo 'Running the unit tests and every cell of every notebook.'
	$(RUN) -m pytest $(PYTEST_ARGS)

test-extras: extras images ## the same, the optional page, and the tests of lab/
	@echo 'Running the same, the optional page, and what tests the laboratory.'
	$(RUN) -m pytest tests chapters extras $(PYTEST_ARGS)

# The other pages cannot tell it from the published images.
test-standin: ready ## run the pages with images on the stand-in
	D2LMINI_STANDIN=always $(RUN) -m pytest \
		$(shell grep -l FashionMNIST chapters/*/*.ipynb)

coverage: ready ## run the unit tests; every line and branch must be reached
	$(RUN) -m pytest --cov --cov-report=term $(PYTEST_ARGS) tests

mutants: ready ## change the package everywhere: do the unit tests notice?
	$(call install,requirements/mutants.txt)
	$(RUN) lab/mutants.py $(MODULES)

# Apart from the rest: most who change a page need no browser for it.
test-site: book ## look at the built site in Chromium
	$(call install,requirements/site-tests.txt)
	@echo 'Opening every page of the site, in light and dark, wide and narrow.'
	$(RUN) -m pytest -o addopts= --numprocesses=2 --dist=loadgroup \
		tests/browser $(PYTEST_ARGS)

test-editions: pdf epub ## judge the PDF and the EPUB
	$(RUN) -m pytest -o addopts= tests/editions $(PYTEST_ARGS)

# What passes was compared with the published images, but for one step.
ci: export D2LMINI_STANDIN = never
ci: lint test-extras test-standin test-editions test-site ## all that a change must pass

bench: extras ## measure speed (10 minutes, quiet machine), judge it
	$(RUN) lab/bench.py

run: images ## execute all notebooks in place (or NB="a.ipynb b.ipynb")
	@echo 'Executing the notebooks, two at a time.'
	$(RUN) tools/notebooks.py run $(NB)

new: images ## begin a page: SECTION=2.4 TITLE="Calculus"
	$(RUN) tools/new_page.py '$(SECTION)' '$(TITLE)'

serve: ready ## serve the site on http://localhost:8000 (PORT=), anew when saved
	$(RUN) tools/serve.py $(PORT)

zip: pdf epub ## pack site, PDF, EPUB and notebooks into one archive, in dist/
	@$(RUN) tools/build.py
	$(RUN) tools/archive.py

lint: ready ## check style, pages, workflows, and that all is as stamped
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(VENV)/bin/zizmor --offline --quiet .github
	$(RUN) tools/notebooks.py lint
	$(RUN) tools/rules.py

format: ready ## repair what a tool can, and say what else breaks a rule
	-@$(RUN) -m ruff check --fix-only --quiet .
	-@$(RUN) -m ruff format --quiet .
	$(RUN) tools/notebooks.py stamp
	@$(RUN) -m ruff check . ; found=$$?; $(RUN) tools/rules.py && exit $$found

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
	$(RUN) tools/publishing.py at '$(URL)'

release: ready ## commit and tag a version, and pack its archive: VERSION=2.0.0
	$(RUN) tools/publishing.py release '$(VERSION)'
	$(MAKE) zip
