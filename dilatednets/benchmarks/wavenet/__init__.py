"""What a WaveNet is compared with."""
