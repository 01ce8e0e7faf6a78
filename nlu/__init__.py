"""The code inside the Rasa server: the importer, the components, and Rasa's end of the channel."""
