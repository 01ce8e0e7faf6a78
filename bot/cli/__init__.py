"""The command `assistant`: starts the stack, talks to it from the terminal, and trains the model."""
