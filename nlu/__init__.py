"""What runs inside the Rasa server: the importer, the components, Rasa's end of the channel."""
