"""What units that multiply blocks under scales are tried on."""
