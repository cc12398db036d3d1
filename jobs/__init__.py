"""What the workers run: each job kind is a module here."""
