"""What the assistant knows: languages, topics, and the package that reads them."""
