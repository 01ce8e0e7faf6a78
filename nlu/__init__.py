"""What runs inside the Rasa server: the importer, the language components and Rasa's end of the gateway's channel."""
