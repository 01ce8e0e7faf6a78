"""The action server: the dialogue and the client of the auth backend. It has no database and sends nothing by itself.

Actions answer with rendered texts, with buttons, and with directives that the gateway carries out.
"""
