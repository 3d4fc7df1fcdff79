"""Archives: many records through a trained model, on Ray Data. What a record is and what comes out, its family says."""

from dilatednets.archives.on_ray import map as map
