"""What may come in: bodies, queries and path ids, checked before anything is done with them.

Each is a struct whose types say what it may hold: body.py and query.py read by them.
"""
