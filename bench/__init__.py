"""Measurements, each against stock Rasa or a public figure. No tests: they take minutes and judge nothing."""
