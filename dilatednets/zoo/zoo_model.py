"""What all models of the zoo have in common."""

from typing import Any

import keras

from dilatednets.zoo import presets


class ZooModel(keras.Model):
    """A model that can be saved as a preset, and exported for TensorFlow Serving."""

    def save_to_preset(self, folder: Any, card: dict[str, Any] | None = None, recipe: str | None = None) -> None:
        """Writes what `from_preset` reads; see `dilatednets.zoo.presets.save`."""
        presets.save(self, folder, card or {}, recipe)

    def export(self, filepath: Any, format: str = "tf_saved_model", **options: Any) -> None:
        """Writes a SavedModel for TensorFlow Serving; see `dilatednets.serving.export.export`.

        Args:
            filepath: Its folder.
            format: Another one is left to `keras.Model.export`.
            **options: Of that.
        """
        if format != "tf_saved_model":
            super().export(filepath, format, **options)
            return
        from dilatednets.serving.export import export

        export(self, filepath)
