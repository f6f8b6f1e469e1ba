"""Units for numbers of several formats: by mode at run time, packed, or split by size."""
