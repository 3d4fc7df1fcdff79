"""The command `export`: a model for TensorFlow Serving."""

from argparse import Namespace


def export(options: Namespace) -> None:
    """`dilatednets export MODEL DIR [--version N] [--name NAME]`."""
    from dilatednets.serving.export import export_version
    from dilatednets.zoo import catalogue, presets

    name = options.name or presets.card(options.model).get("name") or presets.find(options.model).name
    model = catalogue.from_preset(options.model)
    folder, warm = export_version(model, name, options.folder, options.version)
    print(f"{folder}: signatures of {type(model).__name__}{', with warm-up requests' if warm else ''}")
    if not warm:
        print("For warm-up requests: pip install 'dilatednets[serving]', and export again")
    print(
        f"Try: docker run -p 8501:8501 -v $(realpath {options.folder}):/models tensorflow/serving "
        "--model_config_file=/models/models.config"
    )
