"""What a ContextSegmenter is compared with."""
