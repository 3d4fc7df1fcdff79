# make demo: hear a WaveNet. make test: the fast tests. make check: everything else that must hold.
# Each makes .venv by itself on first use, from a Python 3.11 or 3.12 found on this machine.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check lint doctest slow latest jax clean

export TF_CPP_MIN_LOG_LEVEL ?= 2

help:
	@grep -E '^# make' Makefile | sed 's/^# //'

.venv/.ready: setup.cfg constraints.txt
	@tools/make_venv .venv -c constraints.txt -e '.[io,dev]'
	@touch $@

# The newest TensorFlow and Keras, without tensorflow-io.
.venv-latest/.ready: setup.cfg
	@tools/make_venv .venv-latest -e . pytest hypothesis
	@touch $@

# JAX and no TensorFlow: the way to GPU and TPU.
.venv-jax/.ready: setup.cfg
	@tools/make_venv .venv-jax jax keras numpy scipy pillow pytest hypothesis
	@.venv-jax/bin/pip install --quiet --no-deps -e .
	@touch $@

demo: .venv/.ready
	.venv/bin/dilatednets demo --output demo

test: .venv/.ready
	.venv/bin/python -m pytest -q

check: lint doctest slow latest jax

lint: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

doctest: .venv/.ready
	.venv/bin/python -m pytest -q --doctest-modules dilatednets

slow: .venv/.ready
	.venv/bin/python -m pytest -q -m slow

latest: .venv-latest/.ready
	.venv-latest/bin/python -m pytest -q

jax: .venv-jax/.ready
	KERAS_BACKEND=jax .venv-jax/bin/python -m pytest -q

clean:
	rm -rf .venv .venv-latest .venv-jax build dist demo *.egg-info
