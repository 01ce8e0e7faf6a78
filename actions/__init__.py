"""The action server: what the assistant decides and does. It has no database and sends nothing by itself.

Actions answer with rendered texts, with buttons, and with directives that the gateway carries out.
"""
