"""Answers requests by a SavedModel as TensorFlow Serving does, to check and to measure what a server will do.

That is in a process of its own, with plain TensorFlow and without Keras and this package, through the session loader, and
with XLA compilation off unless the server is started with it.
"""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

HIDDEN = ("keras", "tf_keras", "dilatednets")
"""Modules that the server must not need."""
SERVED = "served\n"


class Server:
    """A process that answers until it is closed, one SavedModel at a time; `with Server() as server` closes it.

    Args:
        xla: Whether it compiles, as with the server's flag `--xla_cpu_compilation_enabled`.
    """

    def __init__(self, xla: bool = False) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115, it lives as long as the process
        command = [sys.executable, "-I", __file__, *(["--xla"] if xla else [])]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._said}
        self._process = subprocess.Popen(command, text=True, **pipes)  # type: ignore[call-overload]

    def ask(
        self, saved_model: str | os.PathLike[str], requests: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> list[dict[str, np.ndarray]]:
        """Answers of a SavedModel.

        Args:
            saved_model: The folder of the SavedModel.
            requests: The signature and the arrays by name of the input, for each request. The signature "stream" stands
                for `stream_start` and `stream_next` until there is no more; what the latter adds to the state is joined.

        Returns:
            For each request the arrays by name of the output, or the server's words as "error"; and "seconds" that it
            took.

        Raises:
            RuntimeError: If the server cannot serve that; it has ended then.
        """
        stored = {
            f"{number}/{signature}/{name}": _plain(np.asarray(value))
            for number, (signature, inputs) in enumerate(requests)
            for name, value in inputs.items()
        }
        with tempfile.TemporaryDirectory() as folder:
            asked, answered = (os.path.join(folder, name) for name in ("requests.npz", "answers.npz"))
            np.savez(asked, **stored)
            try:
                print(json.dumps([os.fspath(saved_model), asked, answered]), file=self._process.stdin, flush=True)
                served = self._process.stdout.readline() == SERVED
            except BrokenPipeError:
                served = False
            if not served:
                self.close()
                self._said.seek(0)
                said = self._said.read().decode(errors="replace")
                raise RuntimeError(f"{saved_model}: the server failed: {said[-2000:]}")
            answers: list[dict[str, np.ndarray]] = [{} for _ in requests]
            with np.load(answered) as arrays:
                for key, array in arrays.items():
                    number, name = key.split("/")
                    answers[int(number)][name] = array
        return answers

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def ask(
    saved_model: str | os.PathLike[str], requests: Sequence[tuple[str, Mapping[str, Any]]], xla: bool = False
) -> list[dict[str, np.ndarray]]:
    """Answers of a SavedModel by a server of its own; `Server` says of what and with what errors."""
    with Server(xla) as server:
        return server.ask(saved_model, requests)


def _plain(array: np.ndarray) -> np.ndarray:
    """Texts and bytes in an array that is no array of objects, which would have to be pickled."""
    if array.dtype != object:
        return array
    encoded = [one.encode() if isinstance(one, str) else one for one in array.flat]
    return np.array(encoded, "S").reshape(array.shape)


def _serve(*flags: str) -> None:
    """Answers what standard input asks for, a line each: the SavedModel, the file of requests and that of answers."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    for name in HIDDEN:
        sys.modules[name] = None  # type: ignore[assignment]  # importing it fails
    import tensorflow as tf

    if "--xla" not in flags:
        library = ctypes.CDLL(os.path.join(os.path.dirname(tf.__file__), "libtensorflow_cc.so.2"))
        library._ZN10tensorflow21DisableXlaCompilationEv()  # what the server calls when it starts
    for line in sys.stdin:
        _answer(tf, *json.loads(line))
        print(SERVED, end="", flush=True)


def _answer(tf: Any, saved_model: str, asked: str, answered: str) -> None:
    requests: dict[tuple[int, str], dict[str, np.ndarray]] = {}
    with np.load(asked) as stored:
        for key, array in stored.items():
            number, signature, name = key.split("/")
            requests.setdefault((int(number), signature), {})[name] = array
    answers: dict[str, np.ndarray] = {}
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        signatures = tf.compat.v1.saved_model.load(session, ["serve"], saved_model).signature_def

        def run(signature: str, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
            definition = signatures[signature]
            feed = {info.name: inputs[name] for name, info in definition.inputs.items()}
            answer = session.run({name: info.name for name, info in definition.outputs.items()}, feed)
            return {name: np.asarray(value) for name, value in answer.items()}

        def stream(inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
            state = run("stream_start", inputs)
            pieces: list[dict[str, np.ndarray]] = []
            while True:
                try:
                    state = run("stream_next", state)
                except tf.errors.OpError:
                    if not pieces:  # else all has been said
                        raise
                    break
                pieces.append({name: state[name] for name in state.keys() - signatures["stream_next"].inputs.keys()})
            joined = {name: np.concatenate([piece[name] for piece in pieces], axis=1) for name in pieces[0]}
            return {**joined, "chunks": np.array([next(iter(piece.values())).shape[1] for piece in pieces])}

        for (number, signature), inputs in sorted(requests.items()):
            start = time.perf_counter()
            try:
                answer = stream(inputs) if signature == "stream" else run(signature, inputs)
            except tf.errors.OpError as error:
                answer = {"error": np.array(error.message)}
            answer["seconds"] = np.array(time.perf_counter() - start)
            for name, value in answer.items():
                texts = value.dtype == object
                answers[f"{number}/{name}"] = np.char.decode(value.astype("S"), "utf-8") if texts else value
    np.savez(answered, **answers)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
