"""What units that divide by a root, or sum squares for it, are tried on."""
