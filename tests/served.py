"""Models as they are served: exported once, and their answers."""

import functools

import keras

from dilatednets.serving.saved_model_runner import Server

running = functools.cache(Server)
"""One server of each kind for all tests of this process, since each takes seconds to start; it ends with the process."""


def ask(saved_model, requests, xla=False):
    try:
        return running(xla).ask(saved_model, requests)
    except RuntimeError:
        running.cache_clear()
        raise


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def exported(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "1"
    model.export(folder)
    return model, folder


def right_answer(answer):
    assert "error" not in answer, str(answer["error"])
    return answer
