"""The published API as a document: examples, problems, what may change and how."""
