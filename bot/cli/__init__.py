"""The command `assistant`: starts the stack, talks to it from the terminal, trains the model."""
