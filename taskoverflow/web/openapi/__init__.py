"""What the API says of itself: each handler describes its operation, and the document is made of
the descriptions and of the schemas by which requests are read and answers written."""
