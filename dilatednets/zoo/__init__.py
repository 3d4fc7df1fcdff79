"""The models, a folder a family. To import it registers every class with Keras, as `keras.models.load_model` needs."""

import importlib

from dilatednets.registry import FAMILIES

for _family in FAMILIES.values():
    importlib.import_module(_family.package)
