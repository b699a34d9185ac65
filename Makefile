# make demo  installs and repeats the paper's first pass with fewer runs; says where the report is
# make test  installs and runs the tests
# make lint  ruff and mypy
# make page  builds the explorer's page from its TypeScript sources; needs Node, which nothing else does
# make install-test  builds the package, installs it without extras into an empty environment, and starts it
# make docs  builds the documentation site
# make course  executes the chapters of the course and writes them as Jupyter notebooks
# make release  builds wheel and sdist and checks them in empty environments; writes checksums and notes
# make links  asks whether the addresses that the documentation names answer; needs the internet
# make handout  the course on four pages, as a PDF
# make projector  the chapters of the built site as PDF files for a projector
# make torture  injects thousands of faults into files and processes; writes the table of docs/reliability.md
# make bench     the engine's speed and thresholds beside theory, the explorer's speed in a browser
# make figures  measures the tables of docs/performance.md, for hours, on a machine that must be quiet
# make gallery   the page of the built-in models and its pictures
# make encoder   simulates runs of all models and trains the shipped encoder on them
# make accuracy  the networks' accuracy over five seeds
# make publish   repeats the whole study, both passes; refreshes the shipped classifiers, their cards, the shipped atlas, the maps

PYTHON ?= python3
BIN = .venv/bin
INSTALLED = .venv/installed
# constraints.txt holds the versions that are tested.
PIP = $(BIN)/python -m pip install --quiet -c constraints.txt

PAGE = src/morphoscope/web/app

.PHONY: demo test lint page install-test release docs course handout projector links torture bench figures gallery encoder accuracy publish clean

demo: $(INSTALLED)
	$(BIN)/morphoscope reproduce scholz2022 --profile quick --out results/demo
	@echo "open results/demo/report.html in a browser"

test: $(INSTALLED)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadscope

lint: $(INSTALLED)
	$(BIN)/ruff check src tests benchmarks tools examples
	$(BIN)/ruff format --check src tests benchmarks tools examples
	$(BIN)/mypy

page:
	cd $(PAGE) && npm ci --silent --no-audit --no-fund && npm run --silent check && npm run --silent build

EMPTY = results/empty
install-test:
	rm -rf $(EMPTY)
	$(PYTHON) -m venv $(EMPTY)
	$(EMPTY)/bin/python -m pip install --quiet --no-compile -c constraints.txt . # compiling all would double the time
	cd $(EMPTY) && bin/python -c "import morphoscope as m, pathlib as p; f = p.Path(m.__file__).parent; \
	  assert (f / 'py.typed').is_file() and (f / '__init__.pyi').is_file()"
	cd $(EMPTY) && bin/morphoscope simulate gray-scott --size 48x48 --until 100 --out run --overwrite
	cd $(EMPTY) && bin/morphoscope theory gray-scott --out theory.png
	cd $(EMPTY) && bin/morphoscope map gray-scott --out map.png
	cd $(EMPTY) && bin/morphoscope classify run 2>&1 | grep "pip install 'morphoscope\[learn\]'"

docs: $(INSTALLED)
	$(PIP) -e '.[docs]'
	rm -rf docs/gallery # else only scripts that have changed would run
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs results/docs
	$(BIN)/python tools/check_site.py
	@echo "open results/docs/index.html in a browser"

course: $(INSTALLED)
	$(PIP) -e '.[docs]'
	$(BIN)/python tools/course.py

handout: course
	$(BIN)/python tools/handout.py

projector: course docs
	$(BIN)/python tools/projector.py

RELEASE ?=
release: $(INSTALLED)
	$(PIP) -e '.[release]'
	$(BIN)/python tools/release.py $(RELEASE)

links: $(INSTALLED)
	$(PIP) -e '.[docs]'
	$(BIN)/python -m sphinx -q -b linkcheck -D plot_gallery=0 -D nb_execution_mode=off docs results/links

torture: $(INSTALLED)
	$(BIN)/python -m tests.faults --folder results/torture --out docs/reliability.md

bench: $(INSTALLED)
	$(PIP) -e '.[bench]'
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/thresholds.py
	$(BIN)/python benchmarks/explorer.py

FIGURES ?=
figures: $(INSTALLED)
	$(PIP) -e '.[bench]'
	$(BIN)/python benchmarks/figures.py $(FIGURES)

gallery: $(INSTALLED)
	$(BIN)/python tools/gallery.py

encoder: $(INSTALLED)
	$(BIN)/python tools/encoder.py results/encoder-runs

accuracy: $(INSTALLED)
	$(BIN)/python benchmarks/accuracy.py results/sets
	$(BIN)/python benchmarks/accuracy.py results/sets --second-pass --networks periodic-2d

publish: $(INSTALLED)
	$(BIN)/morphoscope reproduce scholz2022 --second-pass --profile paper --out results/paper
	$(BIN)/python tools/publish.py results/paper

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -e '.[dev]'
	$(BIN)/python -m tests.browser
	@touch $@

clean:
	rm -rf .venv results .pytest_cache .ruff_cache .mypy_cache .hypothesis
