"""Who gets in, from where, and what a browser is told to refuse."""
