"""The error of an agent card that cannot be used."""


class CardError(ValueError):
    """The card cannot be used; says why."""
