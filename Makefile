# make demo    hear a WaveNet, see a segmenter, read a chunker: WAV, pictures and text in demo/
# make test    the fast tests
# make check   everything else that must hold: style, types, doc examples, slow tests, the lanes `latest` and `jax`
# make torch   the comparisons with PyTorch and with ONNX Runtime, which it installs into .venv (5 GB)
# make ray     archives on Ray, with workers killed and two nodes in one machine; it installs Ray into .venv
# make readmes the presets' READMEs and the front page's table of the zoo, from the cards; docs/tcn_or_rnn.md, from records
# make docs    the reference of every public name, made of docstrings: build/docs/index.html
# make clean   remove what these made
# Each makes its environment by itself on first use, from a Python 3.11 or 3.12 found here, or PYTHON=/path/to/python.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check lint doctest slow torch ray latest jax docs readmes clean again

# Two processes; the tests of a file share what is costly to make, and tests/conftest.py says which files come first.
PYTEST := -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

export TF_CPP_MIN_LOG_LEVEL ?= 2
export KERAS_BACKEND := tensorflow
export PYTHON
# Without Python's files of bytecode, each start of TensorFlow takes two seconds more.
unexport PYTHONDONTWRITEBYTECODE

help:
	@sed -n '/^$$/q; s/^# //p' Makefile

# The stamp .ready is written last and names this folder: an environment that is half made, was moved along with its
# checkout or has lost its Python is made again.
again_unless_whole = $(shell [ "$$(cat $(1)/.ready 2>/dev/null)" = "$(CURDIR)" ] && $(1)/bin/python -c '' 2>/dev/null || echo again)
stamp = printf '%s' "$(CURDIR)" > $@

.venv/.ready: setup.cfg constraints.txt $(call again_unless_whole,.venv)
	@tools/make_venv .venv -c constraints.txt -e '.[io,fast,dev]'
	@$(stamp)

# The newest TensorFlow and Keras, without tensorflow-io.
.venv-latest/.ready: setup.cfg $(call again_unless_whole,.venv-latest)
	@tools/make_venv .venv-latest -e . pytest pytest-xdist hypothesis
	@$(stamp)

# JAX and no TensorFlow: the way to GPU and TPU.
.venv-jax/.ready: setup.cfg $(call again_unless_whole,.venv-jax)
	@tools/make_venv .venv-jax jax keras numpy scipy soundfile pillow tifffile tqdm matplotlib 'pooch[progress]' pytest pytest-xdist hypothesis
	@.venv-jax/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@$(stamp)

demo: .venv/.ready
	.venv/bin/dilatednets demo --output demo

test: .venv/.ready
	.venv/bin/python $(PYTEST)

check: lint doctest slow latest jax

lint: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/python -m mypy

# The examples show what TensorFlow prints; torch_*.py need PyTorch (extra `benchmark`).
doctest: .venv/.ready
	.venv/bin/python $(PYTEST) --doctest-modules dilatednets --ignore-glob='*/torch_*.py'

slow: .venv/.ready
	.venv/bin/python $(PYTEST) -m slow

torch: .venv/.ready
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -e '.[benchmark,onnx]'
	.venv/bin/python $(PYTEST) -m "slow or not slow" tests/benchmarks/context_segmenter tests/benchmarks/wavenet/test_torch_incremental.py tests/benchmarks/test_blocks.py \
	    tests/benchmarks/tcn tests/serving/test_portable.py

ray: .venv/.ready
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[ray]'
	.venv/bin/python -m pytest -q -m "slow or not slow" tests/archives

# What depends on neither TensorFlow's version nor the backend is tested once.
ONCE := $(addprefix --ignore=tests/,archives benchmarks data play plots presets/test_handles.py presets/test_hub.py test_files.py test_fuzz.py test_packaging.py \
    test_readme.py test_import_rule.py \
    $(addprefix zoo/,test_mel_front_end.py wavenet/test_takes.py wavenet/test_request.py tcn/test_spoken_examples.py tcn/test_checked_answers.py \
    tcn/test_music.py tcn_chunker/test_word_features.py audio_effect/test_nam_file.py mel_vocoder/test_griffin_lim.py))

# So is most of what is refused, figures of cards, the command, verbs, pages and archives; the layers refuse by themselves on each backend. Of runs by
# recipe, the lanes try the TCN's, and JAX those of data-parallel processes.
RUNS := $(addprefix --ignore=tests/zoo/,$(addsuffix /test_training.py,wavenet context_segmenter tcn_chunker audio_effect mel_vocoder) \
    wavenet/test_windows.py wavenet/test_own_recordings.py)
LANE := $(PYTEST) $(ONCE) $(RUNS) --ignore=tests/cli --ignore-glob='*/test_page.py' --ignore-glob='*/test_archive.py' \
    --ignore-glob='*/test_verb*.py' -k "layers or not (faults or figures)"
# What a newer TensorFlow or Keras may break: the layers, the models as such, their files and their graphs.
NEWEST := tests/layers tests/presets tests/serving tests/training tests/zoo/test_*.py tests/zoo/*/test_model.py \
    tests/test_backend.py tests/test_toy_family.py

latest: .venv-latest/.ready
	.venv-latest/bin/python $(LANE) $(NEWEST)
	.venv-latest/bin/python $(PYTEST) -m slow tests/serving/test_contract.py tests/serving/test_wavenet_contract.py -k "segmenter or crf or effect or test_wavenet"

# These tests compile much and compute little; those of `make slow` compile as users do. TensorFlow's run loops of samples,
# which take ten times as long if nothing is optimised; JAX's do not.
LIGHTLY = --xla_llvm_disable_expensive_passes=true --xla_backend_optimization_level
test latest: export XLA_FLAGS ?= $(LIGHTLY)=1
jax: export XLA_FLAGS ?= $(LIGHTLY)=0

jax: export KERAS_BACKEND := jax
jax: .venv-jax/.ready
	.venv-jax/bin/python $(LANE)
	.venv-jax/bin/python $(PYTEST) -m slow tests/benchmarks/test_lowering.py tests/training/test_data_parallel.py

# torch_*.py need PyTorch.
docs: .venv/.ready
	@mkdir -p build
	.venv/bin/pdoc -d google -o build/docs dilatednets '!dilatednets.benchmarks..*torch_.*' 2> build/docs.log || { cat build/docs.log; exit 1; }
	@echo build/docs/index.html

readmes: .venv/.ready
	.venv/bin/python tools/update_readmes

clean:
	rm -rf .venv .venv-latest .venv-jax build dist demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find dilatednets tests -name __pycache__ -type d -prune -exec rm -rf {} +
