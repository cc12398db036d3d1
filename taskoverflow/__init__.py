"""TaskOverflow: todos in, calendars out."""
