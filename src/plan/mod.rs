//! What should be written, decided from data alone. It must never do I/O, read a clock or draw randomness.
