"""All that touches the database. It knows neither HTTP nor queue."""
