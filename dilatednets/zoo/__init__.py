"""The models, a folder a family. To import it registers every class with Keras, as `keras.models.load_model` needs."""

import importlib

import dilatednets.backend  # noqa: F401  says so if Keras has none that works
from dilatednets.registry import FAMILIES

for _family in FAMILIES.values():
    importlib.import_module(_family.package)
