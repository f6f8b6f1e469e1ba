"""bitwright: low-bit arithmetic hardware for AI, generated, verified and costed."""
