"""Keras without a backend that models compute on."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "door", ["import dilatednets.layers", "from dilatednets.zoo import wavenet", "import dilatednets.backend"]
)
@pytest.mark.parametrize("backend", ["torch", "nonsense"])
def test_one_line_names_the_variable_and_the_backends_there_are_faults(backend, door):
    ran = subprocess.run(
        [sys.executable, "-c", door], env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True, text=True
    )
    line = ran.stderr.splitlines()[-1]
    assert line.startswith("dilatednets.errors.InputError: KERAS_BACKEND: ")
    assert backend in line and "tensorflow" in line and "jax" in line
