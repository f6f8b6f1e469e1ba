"""The few shared pieces of arithmetic that all units are made of."""
