"""How much one client may ask for, and how long it may take over it."""
