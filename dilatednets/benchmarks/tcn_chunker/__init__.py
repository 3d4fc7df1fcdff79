"""What a TCNChunker is compared with."""
