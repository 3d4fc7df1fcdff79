"""Models as they are served: exported once, and their answers."""

import keras


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def exported(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "1"
    model.export(folder)
    return model, folder


def right_answer(answer):
    assert "error" not in answer, str(answer["error"])
    return answer
