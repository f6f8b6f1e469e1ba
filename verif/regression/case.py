"""One configuration of a unit."""

__all__ = ["Case", "case_name"]

Case = tuple[str, dict[str, str]]
"""A unit by its catalogue name, with parameters as on the command line."""


def case_name(case: Case) -> str:
    """A short name, for test reports."""
    unit, texts = case
    return "-".join([unit, *(f"{k}={v}" for k, v in texts.items())])
