"""Measurements against stock Rasa or a public figure. They are not tests: they take minutes and assert nothing."""
